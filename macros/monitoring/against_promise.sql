{% macro against_promise(relation, how, to_do) -%}
    select
        rated.*,
        case
            when check_name not like '%brier'
                then promised - z * sqrt(promised_error * promised_error + own_error * own_error)
        end as expected_low,
        case
            when check_name like '%brier'
                then promised + z * sqrt(promised_error * promised_error + own_error * own_error)
        end as expected_high,
        case when check_name like '%brier' then value - promised else promised - value end as effect,
        case
            when value is null then {{ entities_in_words('row_count', 'subject') }} || '. ' || needs
            when promised is null or promised_error is null
                then {{ entities_in_words('row_count', 'subject') }} || '. The evaluation of the model has no such figure with its interval.'
            else
                {{ as_text('value', 3) }} || ' is {{ how }} (' || {{ as_text('row_count') }} || ' rows of '
                || {{ date_as_text('observed_date') }} || '), ' || {{ as_text('promised', 3) }} || ' was promised.'
        end as finding,
        '{{ to_do }}' as to_do
    from {{ relation }} as rated
{%- endmacro %}
