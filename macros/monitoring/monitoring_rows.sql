{#
    A check has one false alarm rate. It is divided by the number of subjects with a value, so that hundreds of features together
    raise no more false alarms than one.
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
            coalesce(own.false_alarm_rate, usual.false_alarm_rate)
            / nullif(count(measured.value) over (partition by measured.check_name), 0) as chance
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
    Outside the range alone may be too small to matter. A large effect alone may be chance. Without a value or without a range there
    is nothing to compare: too few events, which fail no build.
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
        case status
            when 'not_applicable' then 'Not applicable: ' || coalesce(finding, 'too few rows for a value and an expected range.')
            when 'ok' then finding
            else finding || ' ' || to_do
        end as message
    from (
        select
            checked.*,
            case
                when value is null or (expected_low is null and expected_high is null) then 'not_applicable'
                when not coalesce(value < expected_low, false) and not coalesce(value > expected_high, false) then 'ok'
                when effect >= fail_from then 'fail'
                when effect >= warn_from then 'warn'
                else 'ok'
            end as status
        from {{ relation }} as checked
    ) as judged
{%- endmacro %}

{# Before the status not_applicable existed, a check without a value was ok and had no message. #}
{% macro reasons_of_earlier_checks() -%}
    {%- if is_incremental() and target.type == 'duckdb' %}
    update {{ this }}
    set status = 'not_applicable', message = coalesce(message, 'Not applicable: too few rows for a value.')
    where value is null and status = 'ok'
    {%- endif %}
{%- endmacro %}

{% macro as_text(number, decimals=0) -%}
    cast(cast({{ number }} as decimal(18, {{ decimals }})) as {{ dbt.type_string() }})
{%- endmacro %}

{% macro date_as_text(day) -%}
    cast(cast({{ day }} as date) as {{ dbt.type_string() }})
{%- endmacro %}
