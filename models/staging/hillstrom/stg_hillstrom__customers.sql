-- Rows without an id that look the same are different customers: they get a number each, whichever is which.
with source as (
    select
        customers.*,
        1 as raw_copies,
        row_number() over (partition by raw_hash order by raw_hash) as copy_number
    from {{ ref('raw_hillstrom__customers') }} as customers
),

-- The file has no dates. The e-mails are set on 2008-01-01, and what a customer had done by then on the days before:
-- a customer of under a year registered 365 days before, the others a year earlier.
typed as (
    select
        {{ synthetic_key('hs-', [
            'recency', 'history_segment', 'history', 'mens', 'womens', 'zip_code', 'newbie', 'channel', 'segment', 'visit',
            'conversion', 'spend',
        ]) }} || '-' || cast(copy_number as string) as customer_id,
        cast(null as string) as full_name,
        cast(null as string) as email,
        cast(null as string) as gender,
        cast(null as date) as birth_date,
        {{ clean_category('zip_code', {
            'Rural': ['rural'], 'Suburban': ['suburban', 'surburban'], 'Urban': ['urban'],
        }) }} as region,
        cast(null as decimal(18, 2)) as annual_salary,
        cast(null as boolean) as has_marketing_consent,
        case when {{ clean_boolean('newbie') }} then cast('2007-01-01' as timestamp) else cast('2006-01-01' as timestamp) end
            as registered_at,
        {{ clean_integer('recency') }} as recency_months,
        {{ clean_text('history_segment') }} as history_segment,
        {{ try_cast('history', 'decimal(18, 2)') }} as history_amount,
        {{ clean_boolean('mens') }} as has_bought_mens,
        {{ clean_boolean('womens') }} as has_bought_womens,
        {{ clean_text('zip_code') }} as zip_code,
        {{ clean_boolean('newbie') }} as is_newbie,
        {{ clean_code('channel') }} as channel,
        {{ clean_code('segment') }} as segment,
        {{ clean_boolean('visit') }} as has_visited,
        {{ clean_boolean('conversion') }} as has_converted,
        {{ try_cast('spend', 'decimal(18, 2)') }} as spend_amount,
        raw_hash,
        raw_copies
    from source
),

final as (
    select
        typed.*,
        registered_at as valid_from,
        registered_at as known_at,
        case when segment <> 'no e-mail' then replace(segment, ' ', '-') end as campaign_id,
        {{ quarantine_reason({
            'invalid_label': 'has_visited is null or has_converted is null or spend_amount is null',
            'contradictory_label': 'has_converted <> (spend_amount > 0) or (has_converted and not has_visited)',
            'unreadable_value': 'recency_months is null or history_amount is null or is_newbie is null
                or has_bought_mens is null or has_bought_womens is null',
            'unknown_campaign': "segment is null or segment not in ('mens e-mail', 'womens e-mail', 'no e-mail')",
            'implausible_recency': 'recency_months not between 1 and 12',
            'negative_price': 'history_amount < 0 or spend_amount < 0',
        }) }} as quarantine_reason
    from typed
)

select * from final
