-- Built after the features of all dates, because it says from which rows they were built.
-- depends_on: {{ ref('customer_features') }}
-- depends_on: {{ ref('session_features') }}
with final as (
    {{ rows_behind_dates(ref('int_rows_by_arrival'), ref('watermarks')) }}
)

select * from final
