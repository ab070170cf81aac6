{% macro reasons_in_words(predictions, features, feature_table, keys) -%}
    {%- set catalog = feature_catalog() -%}
    {%- set own = catalog.get(feature_table, {}) -%}
    select
        entity_id,
        task,
        {%- for rank in [1, 2, 3] %}
        max(case when reason_rank = {{ rank }} and part = 1 then words end)
        || coalesce(' and ' || max(case when reason_rank = {{ rank }} and part = 2 then words end), '')
        || max(case when reason_rank = {{ rank }} then direction end) as reason_{{ rank }}_text{{ ',' if not loop.last }}
        {%- endfor %}
    from (
        select
            entity_id,
            task,
            reason_rank,
            part,
            case when contribution > 0 then ' (raises it)' when contribution < 0 then ' (lowers it)' else '' end as direction,
            coalesce(label, replace(feature, '_', ' ')) || {{ value_in_words('feature', 'feature_value', own) }} as words
        from (
            select
                parts.*,
                labels.label,
                {{ value_of_feature('parts.feature', features, own) }} as feature_value
            from (
                select
                    reasons.*,
                    numbers.part,
                    case numbers.part
                        when 1 then {{ dbt.split_part('reasons.reason', "' × '", 1) }}
                        else {{ dbt.split_part('reasons.reason', "' × '", 2) }}
                    end as feature
                from (
                    {%- for rank in [1, 2, 3] %}
                    select
                        {{ predictions }}.*,
                        {{ rank }} as reason_rank,
                        {{ predictions }}.reason_{{ rank }} as reason,
                        {{ predictions }}.contribution_{{ rank }} as contribution
                    from {{ predictions }}
                    {%- if not loop.last %}
                    union all
                    {%- endif %}
                    {%- endfor %}
                ) as reasons
                cross join (select 1 as part union all select 2 as part) as numbers
            ) as parts
            left join {{ features }}
                on
                    {%- for ours, theirs in keys.items() %}
                    {{ 'and ' if not loop.first }}parts.{{ ours }} = {{ features }}.{{ theirs }}
                    {%- endfor %}
            left join (values {{ labels_of_features(catalog) }}) as labels (feature, label) on parts.feature = labels.feature
            where parts.feature <> ''
        ) as valued
    ) as worded
    group by
        entity_id,
        task
{%- endmacro %}

{% macro labels_of_features(catalog) -%}
    {%- set labels = {} -%}
    {%- for columns in catalog.values() -%}{%- for name, words in columns.items() -%}
        {%- do labels.setdefault(name, words.label) -%}
    {%- endfor -%}{%- endfor -%}
    {%- for name, label in labels.items() -%}
        ('{{ name }}', '{{ label | replace("'", "''") }}'){{ ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{% macro value_in_words(feature, value, own) -%}
    {%- set by_unit = {} -%}
    {%- for name, words in own.items() -%}{%- do by_unit.setdefault(words.unit, []).append(name) -%}{%- endfor -%}
    case
                {%- for unit, names in by_unit.items() %}
                when {{ feature }} in ('{{ names | join("', '") }}')
                    then ': ' || coalesce({{ number_with_unit(value, unit) }}, 'no value')
                {%- endfor %}
                else ''
            end
{%- endmacro %}

{% macro number_with_unit(value, unit) -%}
    {%- if unit == 'flag' -%}
        case {{ value }} when 1 then 'yes' when 0 then 'no' end
    {%- elif unit == 'share' -%}
        {{ double_as_text(rounded('cast(' ~ value ~ ' as double) * 100', 1)) }} || ' %'
    {%- else -%}
        case
            when abs({{ value }}) < 1e15 and {{ value }} = floor({{ value }}) then cast(cast({{ value }} as bigint) as string)
            else {{ double_as_text(rounded('cast(' ~ value ~ ' as double)', 2)) }}
        end{{ " || ' " ~ unit ~ "'" if unit }}
    {%- endif -%}
{%- endmacro %}

{% macro feature_catalog() -%}
    {%- set catalog = {} -%}
    {%- for node in models_with('numerosity') -%}
        {%- set columns = {} -%}
        {%- for column in columns_of(node, 'feature') -%}
            {%- set label = column.meta.get('label') or column.name | replace('_', ' ') -%}
            {%- do columns.update({column.name: {'label': label, 'unit': column.meta.get('unit', '')}}) -%}
        {%- endfor -%}
        {%- do catalog.update({node.name: columns}) -%}
    {%- endfor -%}
    {{ return(catalog) }}
{%- endmacro %}
