{% macro audience(name, candidates) -%}
    select
        settings.audience,
        candidates.customer_id,
        candidates.as_of_date,
        customers.full_name,
        customers.email,
        segments.demographic_segment_id as segment_id,
        segments.demographic_segment_name as segment_name,
        cast(round(cast(candidates.priority as double), 4) as double) as priority,
        candidates.reason,
        {{ share_of_hash("settings.audience || '|' || candidates.customer_id") }} < settings.holdout_share as is_holdout
    from {{ candidates }} as candidates
    inner join {{ ref('audiences') }} as settings on settings.audience = '{{ name }}'
    inner join {{ ref('customers') }} as customers
        on
            candidates.customer_id = customers.customer_id
            and customers.has_marketing_consent
    left join {{ ref('customer_micro_segments') }} as segments
        on
            candidates.customer_id = segments.customer_id
            and candidates.as_of_date = segments.as_of_date
    left join (
        -- Customers held out pause, too. Otherwise those that one campaign leaves out would be the first choice of the next.
        select
            customer_id,
            max(as_of_date) as as_of_date
        from {{ source('scoring', 'delivery_members') }}
        where
            audience <> '{{ name }}'
            or as_of_date <> (select max(as_of_date) from {{ candidates }})
        group by customer_id
    ) as delivered on candidates.customer_id = delivered.customer_id
    where
        delivered.as_of_date is null
        or {{ dbt.datediff('delivered.as_of_date', 'candidates.as_of_date', 'day') }} >= settings.pause_days
{%- endmacro %}

{% macro share_of_hash(text) -%}
    {{ return(adapter.dispatch('share_of_hash', 'numerosity')(text)) }}
{%- endmacro %}

{% macro duckdb__share_of_hash(text) -%}
    cast('0x' || substr(md5({{ text }}), 1, 8) as bigint) / 4294967296e0
{%- endmacro %}

{% macro spark__share_of_hash(text) -%}
    cast(conv(substr(md5({{ text }}), 1, 8), 16, 10) as bigint) / 4294967296e0
{%- endmacro %}
