{#
    A check in three steps. It measures: a relation with check_name, subject_type, subject and what it needs. `with_thresholds` adds
    what seeds/monitoring_thresholds.csv says of the check or, first, of this very subject: warn_from and fail_from (null: never),
    and `chance`, the probability this subject may speak up with although nothing has changed: the check's false_alarm_rate, dealt
    out over all its subjects, so that hundreds of features make no more noise than one. `z` is the normal quantile of half of it.
#}
{% macro with_thresholds(relation) -%}
    select
        rated.*,
        {{ normal_quantile_upper('(chance / 2)') }} as z
    from (
        select
            measured.*,
            case when own.check_name is null then usual.warn_from else own.warn_from end as warn_from,
            case when own.check_name is null then usual.fail_from else own.fail_from end as fail_from,
            coalesce(own.false_alarm_rate, usual.false_alarm_rate) / count(*) over (partition by measured.check_name) as chance
        from {{ relation }} as measured
        left join {{ ref('monitoring_thresholds') }} as own
            on
                measured.check_name = own.check_name
                and measured.subject = own.subject
        left join {{ ref('monitoring_thresholds') }} as usual
            on
                measured.check_name = usual.check_name
                and usual.subject = '*'
    ) as rated
{%- endmacro %}

{#
    The last step: the row people read. A relation with the columns above, observed_date, value, the range where nothing is to be
    seen (expected_low, expected_high; null is open), `effect`, how far off it is in the unit of the thresholds, a finding and what
    to do. A check speaks up when the value has left its range and the effect is large enough to matter; either alone is no news.
#}
{% macro monitoring_rows(relation) -%}
    select
        check_name,
        subject_type,
        subject,
        {{ run_as_of_date() }} as as_of_date,
        cast(observed_date as date) as observed_date,
        cast(value as double) as value,
        cast(expected_low as double) as expected_low,
        cast(expected_high as double) as expected_high,
        cast(effect as double) as effect,
        warn_from,
        fail_from,
        status,
        finding || case when status = 'ok' then '' else ' ' || to_do end as message
    from (
        select
            checked.*,
            case
                when not coalesce(value < expected_low, false) and not coalesce(value > expected_high, false) then 'ok'
                when effect >= fail_from then 'fail'
                when effect >= warn_from then 'warn'
                else 'ok'
            end as status
        from {{ relation }} as checked
    ) as judged
{%- endmacro %}

{# A number of a finding, with so many decimals. #}
{% macro as_text(number, decimals=0) -%}
    cast(cast({{ number }} as decimal(18, {{ decimals }})) as {{ dbt.type_string() }})
{%- endmacro %}

{# A date of a finding. #}
{% macro date_as_text(day) -%}
    cast(cast({{ day }} as date) as {{ dbt.type_string() }})
{%- endmacro %}
