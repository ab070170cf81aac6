{#
    The rows of a relation of predictions, each of its three reasons also in words: "orders in 90 days: 5 (raises it)".

    predictions: relation or CTE with reason_1 … contribution_3. features: CTE of the feature table `feature_table`, which has the
    values; its key is joined with the columns `keys` {key of predictions: key of features}. Words come from `label` and `unit`
    in the meta of feature columns of every feature table: `share` is shown in per cent, `flag` as yes or no, any other unit
    follows the number. A reason may be a pair, `feature × feature`; of a feature of another table the label alone is shown.
#}
{% macro reasons_in_words(predictions, features, feature_table, keys) -%}
    {%- set catalog = feature_catalog() -%}
    {%- set parts = ['part_1_1', 'part_1_2', 'part_2_1', 'part_2_2', 'part_3_1', 'part_3_2'] -%}
    select
        valued.*,
        {%- for rank in [1, 2, 3] %}
        {{ feature_in_words('valued.part_' ~ rank ~ '_1', catalog, feature_table) }}
        || case
            when valued.part_{{ rank }}_2 <> '' then ' and ' || {{ feature_in_words('valued.part_' ~ rank ~ '_2', catalog, feature_table) }}
            else ''
        end
        || case
            when valued.contribution_{{ rank }} > 0 then ' (raises it)'
            when valued.contribution_{{ rank }} < 0 then ' (lowers it)'
            else ''
        end as reason_{{ rank }}_text{{ ',' if not loop.last }}
        {%- endfor %}
    from (
        select
            split.*,
            {%- for part in parts %}
            case split.{{ part }}
                {%- for name in catalog.get(feature_table, {}) %}
                when '{{ name }}' then {{ features }}.{{ name }}
                {%- endfor %}
                else null
            end as {{ part }}_value{{ ',' if not loop.last }}
            {%- endfor %}
        from (
            select
                {{ predictions }}.*,
                {%- for part in parts %}
                {{ dbt.split_part(predictions ~ '.reason_' ~ part[5], "' × '", part[7] | int) }} as {{ part }}{{ ',' if not loop.last }}
                {%- endfor %}
            from {{ predictions }}
        ) as split
        left join {{ features }}
            on
                {%- for ours, theirs in keys.items() %}
                {{ 'and ' if not loop.first }}split.{{ ours }} = {{ features }}.{{ theirs }}
                {%- endfor %}
    ) as valued
{%- endmacro %}

{# "orders in 90 days: 5"; the value stands in the column <part>_value. #}
{% macro feature_in_words(part, catalog, feature_table) -%}
    {%- set by_unit = {} -%}
    case {{ part }}
            {%- for columns in catalog.values() -%}{%- for name, words in columns.items() %}
            when '{{ name }}' then '{{ words.label | replace("'", "''") }}'
            {%- endfor -%}{%- endfor %}
            else replace({{ part }}, '_', ' ')
        end
        || case
            {%- for name, words in catalog.get(feature_table, {}).items() -%}
                {%- do by_unit.setdefault(words.unit, []).append(name) -%}
            {%- endfor -%}
            {%- for unit, names in by_unit.items() %}
            when {{ part }} in ('{{ names | join("', '") }}')
                then ': ' || coalesce({{ value_in_words(part ~ '_value', unit) }}, 'no value')
            {%- endfor %}
            else ''
        end
{%- endmacro %}

{# A number as people read it: whole, or with up to two decimals. #}
{% macro value_in_words(value, unit) -%}
    {%- if unit == 'flag' -%}
        case {{ value }} when 1 then 'yes' when 0 then 'no' end
    {%- elif unit == 'share' -%}
        cast(round(cast({{ value }} as double) * 100, 1) as varchar) || ' %'
    {%- else -%}
        case
            when abs({{ value }}) < 1e15 and {{ value }} = floor({{ value }}) then cast(cast({{ value }} as bigint) as varchar)
            else cast(round(cast({{ value }} as double), 2) as varchar)
        end{{ " || ' " ~ unit ~ "'" if unit }}
    {%- endif -%}
{%- endmacro %}

{# {feature table: {feature: {label, unit}}}, from the YAML of every feature table. #}
{% macro feature_catalog() -%}
    {%- set catalog = {} -%}
    {%- if execute -%}
        {%- for node in graph.nodes.values() if node.config.meta.get('numerosity') -%}
            {%- set columns = {} -%}
            {%- for column in node.columns.values() if column.config.meta.get('role') == 'feature' -%}
                {%- set label = column.config.meta.get('label') or column.name | replace('_', ' ') -%}
                {%- do columns.update({column.name: {'label': label, 'unit': column.config.meta.get('unit', '')}}) -%}
            {%- endfor -%}
            {%- do catalog.update({node.name: columns}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(catalog) }}
{%- endmacro %}
