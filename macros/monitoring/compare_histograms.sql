{#
    The reference's own samples are compared, too. They show how much samples differ without a change, for example by season.

    - The stability index (`stability_index`) compares ten parts of the reference with equal numbers of rows.
    - The distance (`largest_distance`) compares all bins.
    - Both leave out rows without a value. These are counted on their own (`missing_now`, `missing_before`).
    - A row is outside (`outside_now`) when its value lies beyond the reference's highest or lowest value by a factor of more than
      1.5. So a feature that grows slowly with time, like tenure, is not outside.
#}
{% macro compare_histograms() -%}
    used as (
        select
            samples.subject,
            samples.sample,
            samples.is_reference,
            histograms.feature,
            histograms.bin,
            histograms.row_count
        from histograms
        inner join samples
            on
                histograms.subject = samples.subject
                and histograms.sample = samples.sample
    ),

    reference as (
        select
            subject,
            feature,
            bin,
            sum(case when is_reference then row_count else 0 end) as row_count
        from used
        group by
            subject,
            feature,
            bin
    ),

    cells as (
        select
            reference.subject,
            reference.feature,
            samples.sample,
            samples.is_newest,
            reference.bin,
            reference.bin <> {{ missing_bin() }} as has_value,
            coalesce(used.row_count, 0) as rows_now,
            reference.row_count - case when samples.is_reference then coalesce(used.row_count, 0) else 0 end as rows_before
        from reference
        inner join samples on reference.subject = samples.subject
        left join used
            on
                reference.subject = used.subject
                and reference.feature = used.feature
                and samples.sample = used.sample
                and reference.bin = used.bin
    ),

    running as (
        select
            cells.*,
            sum(rows_now) over (partition by subject, feature, sample, has_value order by bin) as running_now,
            sum(rows_before) over (partition by subject, feature, sample, has_value order by bin) as running_before,
            sum(rows_now) over (partition by subject, feature, sample, has_value) as total_now,
            sum(rows_before) over (partition by subject, feature, sample, has_value) as total_before,
            min(case when rows_before > 0 then bin end) over (partition by subject, feature, sample, has_value) as lowest_before,
            max(case when rows_before > 0 then bin end) over (partition by subject, feature, sample, has_value) as highest_before
        from cells
    ),

    parts as (
        select
            subject,
            feature,
            sample,
            is_newest,
            has_value,
            total_now,
            total_before,
            floor(
                least(9, 10 * (running_before - rows_before / 2e0) / greatest(total_before, 1))
            ) as part,
            sum(rows_now) as rows_now,
            sum(rows_before) as rows_before,
            sum(
                case when bin < lowest_before - {{ reach_bins() }} or bin > highest_before + {{ reach_bins() }} then rows_now else 0 end
            ) as rows_outside,
            max(abs(running_now / greatest(cast(total_now as double), 1) - running_before / greatest(cast(total_before as double), 1)))
                as distance,
            count(*) over (partition by subject, feature, sample, has_value) as part_count
        from running
        group by
            subject,
            feature,
            sample,
            is_newest,
            has_value,
            total_now,
            total_before,
            floor(
                least(9, 10 * (running_before - rows_before / 2e0) / greatest(total_before, 1))
            )
    ),

    compared as (
        select
            subject,
            feature,
            sample,
            is_newest,
            coalesce(max(case when has_value then total_now end), 0) as known_now,
            coalesce(max(case when has_value then total_before end), 0) as known_before,
            coalesce(max(case when not has_value then total_now end), 0) as missing_now,
            coalesce(max(case when not has_value then total_before end), 0) as missing_before,
            coalesce(sum(case when has_value then rows_outside end), 0) as outside_now,
            coalesce(max(case when has_value then part_count end), 1) as part_count,
            sum(
                case
                    when has_value and total_now > 0 and total_before > 0
                        then {{ psi_term('rows_now', 'total_now', 'rows_before', 'total_before', 'part_count') }}
                end
            ) as stability_index,
            max(case when has_value and total_now > 0 and total_before > 0 then distance end) as largest_distance
        from parts
        group by
            subject,
            feature,
            sample,
            is_newest
    )
{%- endmacro %}

{# A doubling has 16 bins, and 2^(9/16) is about 1.5. #}
{% macro reach_bins() -%}9{%- endmacro %}
