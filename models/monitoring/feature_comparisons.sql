{%- set tables = [] %}
{%- for name in var('monitored_tables') %}{% do tables.append(feature_table(name)) %}{% endfor %}

with counted as (
    select *
    from {{ ref('feature_histograms') }}
    where as_of_date <= {{ run_as_of_date() }}
),

champions as (
    select *
    from {{ source('registry', 'models') }}
    where status = 'champion'
),

-- The reference is the training dates of the champions, or all dates while there is no champion.
learned as (
    {%- for table in tables %}
    select
        '{{ table.name }}' as feature_table,
        min(training_from) as training_from,
        max(training_to) as training_to,
        {{ 'true' if table.is_once else 'false' }} as is_once
    from champions
    where task in ({% for task in table.tasks %}'{{ task.name }}', {% endfor %}'')
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

snapshots as (
    select
        feature_table as subject,
        as_of_date,
        max(max(as_of_date)) over (partition by feature_table) as newest_date
    from counted
    group by
        feature_table,
        as_of_date
),

dated as (
    select
        snapshots.subject,
        cast(snapshots.as_of_date as {{ dbt.type_string() }}) as sample,
        snapshots.as_of_date < snapshots.newest_date
        and snapshots.as_of_date between coalesce(learned.training_from, snapshots.as_of_date)
        and coalesce(learned.training_to, snapshots.as_of_date) as is_reference,
        snapshots.as_of_date = snapshots.newest_date as is_newest
    from snapshots
    inner join learned on snapshots.subject = learned.feature_table
),

samples as (
    select *
    from dated
    where is_reference or is_newest
),

histograms as (
    select
        feature_table as subject,
        feature,
        cast(as_of_date as {{ dbt.type_string() }}) as sample,
        bin,
        row_count
    from counted
),

{{ compare_histograms() }},

-- The reference dates share their customers, so together they weigh no more than the largest of them.
sizes as (
    select
        compared.*,
        max(case when not is_newest then known_now end) over (partition by subject, feature) as largest_known,
        max(case when not is_newest then known_now + missing_now end) over (partition by subject, feature) as largest_rows
    from compared
),

final as (
    select
        sizes.subject as feature_table,
        sizes.feature,
        cast(sizes.sample as date) as as_of_date,
        sizes.is_newest,
        cast(sizes.known_now + sizes.missing_now as bigint) as row_count,
        cast(sizes.missing_now as bigint) as missing_rows,
        cast(sizes.outside_now as bigint) as outside_rows,
        cast(sizes.known_before + sizes.missing_before as bigint) as reference_rows,
        cast(sizes.missing_before as bigint) as reference_missing_rows,
        cast(
            case when learned.is_once then sizes.known_before + sizes.missing_before else coalesce(sizes.largest_rows, 0) end as bigint
        ) as reference_weight,
        cast(case when learned.is_once then sizes.known_before else coalesce(sizes.largest_known, 0) end as bigint)
            as reference_known_weight,
        cast(sizes.part_count as bigint) as part_count,
        sizes.stability_index,
        sizes.largest_distance
    from sizes
    inner join learned on sizes.subject = learned.feature_table
)

select * from final
