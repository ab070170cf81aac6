"""Every real source that is present builds, and every test of its tables passes."""

from pathlib import Path

import pytest

from tests.support.project import Workspace, real_data

SOURCES = ("online_retail", "hillstrom", "cdnow", "online_shoppers", "social_network_ads")
DIFFERENCES = {
    "social_network_ads": """
        select people.customer_id, people.age_years, features.age_years, segments.segment_rule
        from staging.stg_social_network_ads__customers as people
        left join features.customer_features as features using (customer_id)
        left join segments.customer_micro_segments as segments using (customer_id, as_of_date)
        left join seeds.segment_bands as bands
            on bands.dimension = 'age'
            and (bands.low is null or people.age_years >= bands.low)
            and (bands.high is null or people.age_years < bands.high)
            and not bands.is_unknown
        where people.quarantine_reason is null
            and (
                features.age_years is distinct from people.age_years
                or contains(segments.demographic_segment_id, bands.band_id || '-') is not true
            )""",
    "hillstrom": """
        select people.customer_id, people.recency_months, features.days_since_last_order
        from staging.stg_hillstrom__customers as people
        left join features.customer_features as features
            on people.customer_id = features.customer_id and features.as_of_date = '2008-01-02'
        where people.quarantine_reason is null
            and (
                features.order_count_365d is distinct from 1
                or date_sub('month', date '2008-01-02'
                    - features.days_since_last_order::integer, date '2008-01-02')
                    is distinct from people.recency_months
            )""",
}
"""By source, the customers whose features are not what the file says of them."""


@pytest.mark.parametrize("source", SOURCES)
def test_every_table_and_test_passes(source: str, tmp_path: Path) -> None:
    """From the raw file to monitoring, in a warehouse of its own."""
    if not (real_data() / source).is_dir():
        pytest.skip(f"no folder {real_data() / source}: set NUMEROSITY_REAL_DATA")
    workspace = Workspace(tmp_path, real_data())
    done = workspace.dbt("build", "--exclude-resource-type", "unit_test", sources=[source])
    assert done.succeeded().line_with("Done. PASS=", "ERROR=0")
    if source in DIFFERENCES:
        assert workspace.rows(DIFFERENCES[source]) == []
