{% macro glass_box_scores(table_name) -%}
    {%- set table = feature_table(table_name) -%}
    {{ glass_box_scores_of(ref(table_name), table.features, table.entity_key, table.as_of, tasks_of(table.entity)) }}
{%- endmacro %}

{% macro glass_box_scores_of(relation, features, entity_key, as_of_column, tasks) -%}
    with champions as (
        select
            models.task,
            models.model_version
        from {{ source('registry', 'models') }} as models
        where
            models.status = 'champion'
            and models.task in ({{ tasks }})
    ),

    terms as (
        select model_terms.*
        from {{ source('registry', 'model_terms') }} as model_terms
        inner join champions
            on
                model_terms.task = champions.task
                and model_terms.model_version = champions.model_version
    ),

    bins as (
        {%- for side in [1, 2] %}
        select distinct
            terms.task,
            terms.model_version,
            terms.term,
            {{ side }} as side,
            terms.feature_{{ side }} as feature,
            terms.bin_{{ side }} as bin,
            terms.low_{{ side }} as low,
            terms.high_{{ side }} as high,
            terms.is_missing_{{ side }} as is_missing
        from terms
        where terms.feature_{{ side }} is not null
        {%- if not loop.last %}
        union all
        {%- endif %}
        {%- endfor %}
    ),

    feature_values as (
        {%- for feature in features %}
        select
            {{ entity_key }},
            {{ as_of_column }},
            '{{ feature }}' as feature,
            cast({{ feature }} as {{ dbt.type_float() }}) as value,
            {{ is_missing(feature) }} as is_missing
        from {{ relation }}
        {%- if not loop.last %}
        union all
        {%- endif %}
        {%- endfor %}
    ),

    placed as (
        select
            feature_values.{{ entity_key }},
            feature_values.{{ as_of_column }},
            bins.task,
            bins.model_version,
            bins.term,
            bins.side,
            bins.bin
        from feature_values
        inner join bins
            on
                feature_values.feature = bins.feature
                and (
                    (bins.is_missing and feature_values.is_missing)
                    or (
                        not bins.is_missing
                        and not feature_values.is_missing
                        and (bins.low is null or feature_values.value > bins.low)
                        and (bins.high is null or feature_values.value <= bins.high)
                    )
                )
    ),

    placed_in_cells as (
        select
            placed.{{ entity_key }},
            placed.{{ as_of_column }},
            placed.task,
            placed.model_version,
            placed.term,
            max(case when placed.side = 1 then placed.bin end) as bin_1,
            coalesce(max(case when placed.side = 2 then placed.bin end), -1) as bin_2
        from placed
        group by
            placed.{{ entity_key }},
            placed.{{ as_of_column }},
            placed.task,
            placed.model_version,
            placed.term
    ),

    scores as (
        select
            placed_in_cells.{{ entity_key }},
            placed_in_cells.{{ as_of_column }},
            placed_in_cells.task,
            placed_in_cells.model_version,
            max(biases.contribution) + sum(terms.contribution) as score
        from placed_in_cells
        inner join terms
            on
                placed_in_cells.task = terms.task
                and placed_in_cells.model_version = terms.model_version
                and placed_in_cells.term = terms.term
                and placed_in_cells.bin_1 = terms.bin_1
                and placed_in_cells.bin_2 = coalesce(terms.bin_2, -1)
        inner join terms as biases
            on
                placed_in_cells.task = biases.task
                and placed_in_cells.model_version = biases.model_version
                and biases.term = 0
        group by
            placed_in_cells.{{ entity_key }},
            placed_in_cells.{{ as_of_column }},
            placed_in_cells.task,
            placed_in_cells.model_version
    )

    select
        scores.task,
        scores.model_version,
        scores.{{ entity_key }},
        scores.{{ as_of_column }},
        scores.score,
        1 / (1 + exp(-scores.score)) as probability
    from scores
{%- endmacro %}
