"""Bad raw files end in counted rejects or in one clear line, and never in a wrong number."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.project import Done, Workspace, real_data
from tests.support.shops import BrokenShop

ADS = "social_network_ads"
HEADER = "User ID,Gender,Age,EstimatedSalary,Purchased"
CLEAN = f"staging.stg_{ADS}__customers where quarantine_reason is null"
ORDERS = f"select count(*) from staging.stg_{ADS}__orders"

# User id, what is wrong with the row, and the reason it is quarantined with; none for good rows.
ODD_ROWS = {
    "1,Male,19,19000,0": None,
    "2, female ,35, 20000 ,yes": None,
    "3,F,47.0,25000.50,TRUE": None,
    "4,Male,,20000,0": "unreadable_value",
    "5,Male,30,-43000,0": "negative_salary",
    "6,Male,30,1e12,1": "implausible_salary",
    "7,Male,30,NaN,1": "unreadable_value",
    "8,Male,30,99999999999999999999999999,1": "unreadable_value",
    "9,Male,3.5,1000,1": "unreadable_value",
    "10,Male,999999999,1000,1": "implausible_birth_date",
    "11,Male,-999999999,1000,1": "implausible_birth_date",
    "12,Male,inf,1000,1": "unreadable_value",
    "13,,30,1000,1": "unreadable_value",
    "14,Male,30,1000,5": "invalid_label",
    "15,Male,30,1000,": "invalid_label",
    "16,Male,30,1000,Not Purchased": "invalid_label",
    ",Male,30,1000,1": "missing_id",
    "17,Male,30,1000,1": "conflicting_id",
    "17,Male,31,1000,1": "conflicting_id",
}


@dataclass(frozen=True)
class Ads:
    """A workspace that reads one file of ads after the other."""

    workspace: Workspace

    def build(self, folder: Path) -> Done:
        """Build the staging of the file in a raw folder."""
        wanted = ("--select", f"staging.{ADS}", "+quarantined_rows")
        return self.workspace.dbt("run", *wanted, raw=folder, sources=[ADS])

    def reconciliation(self) -> tuple[int, int, int, int]:
        """Raw, clean, quarantined and duplicate rows."""
        counted = "count(*), cast(coalesce(sum(raw_copies - 1), 0) as integer)"
        ((raw,),) = self.workspace.rows(f"select count(*) from staging.raw_{ADS}__customers")
        ((clean, copies),) = self.workspace.rows(f"select {counted} from {CLEAN}")
        ((bad, bad_copies),) = self.workspace.rows(
            f"select {counted} from staging.quarantined_rows"
        )
        return raw, clean, bad, copies + bad_copies

    def quarantine(self) -> list[tuple[str, str]]:
        """Reason and raw text of the quarantined rows."""
        return [
            (reason, text)
            for reason, text in self.workspace.rows(
                "select quarantine_reason, raw_text from staging.quarantined_rows order by all"
            )
        ]


@pytest.fixture(scope="module")
def ads(tmp_path_factory: pytest.TempPathFactory) -> Ads:
    """One warehouse for all the files of ads."""
    folder = tmp_path_factory.mktemp("ads")
    return Ads(Workspace(folder, folder / "raw"))


def raw_folder(tmp_path: Path, text: str | bytes) -> Path:
    """A raw folder with such a file of ads."""
    file = tmp_path / ADS / "Social_Network_Ads.csv"
    file.parent.mkdir(parents=True)
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return tmp_path


def dirty(tmp_path: Path, name: str) -> Path:
    """A raw folder with one of the files found in the wild; skips where they are absent."""
    file = real_data() / "dirty" / f"{ADS}_{name}.csv"
    if not file.exists():
        pytest.skip(f"no file {file}: set NUMEROSITY_REAL_DATA to the folder of real data")
    (tmp_path / ADS).mkdir()
    shutil.copy(file, tmp_path / ADS / "Social_Network_Ads.csv")
    return tmp_path


def test_a_label_that_is_none_is_quarantined(ads: Ads, tmp_path: Path) -> None:
    """The label 05 is neither yes nor no; the other 399 rows are used."""
    ads.build(dirty(tmp_path, "label_5")).succeeded()
    assert ads.reconciliation() == (400, 399, 1, 0)
    ((reason, text),) = ads.quarantine()
    assert reason == "invalid_label"
    assert text == "user_id=15727311; gender=Female; age=35; estimated_salary=65000; purchased=05"
    assert ads.workspace.rows(ORDERS) == [(143,)]


def test_spaces_in_a_header_do_no_harm(ads: Ads, tmp_path: Path) -> None:
    """`User ID ` is the user id; all rows are read, with the right label."""
    ads.build(dirty(tmp_path, "header_spaces")).succeeded()
    assert ads.reconciliation() == (400, 400, 0, 0)
    assert ads.workspace.rows(ORDERS) == [(143,)]
    ((salary, gender, birth),) = ads.workspace.rows(
        f"select annual_salary, gender, cast(birth_date as varchar) from {CLEAN} "
        "and customer_id = '15624510'"
    )
    assert (float(salary), gender, birth) == (19000, "male", "2001-01-01")


def test_odd_values_are_quarantined_with_their_reason(ads: Ads, tmp_path: Path) -> None:
    """Row by row; an absurd number stops nothing, and no row is lost."""
    copies = ["1,Male,19,19000,0"] * 2
    text = "\r\n".join([HEADER, *ODD_ROWS, *copies]) + "\r\n"
    ads.build(raw_folder(tmp_path, text)).succeeded()
    bad = {row: reason for row, reason in ODD_ROWS.items() if reason}
    good = len(ODD_ROWS) - len(bad)
    assert ads.reconciliation() == (len(ODD_ROWS) + 2, good, len(bad), 2)
    found = {
        ",".join(part.partition("=")[2] for part in text.split("; ")): reason
        for reason, text in ads.quarantine()
    }
    assert found == bad
    assert ads.workspace.rows(
        "select customer_id, gender, cast(birth_date as varchar), cast(annual_salary as varchar) "
        f"from {CLEAN} order by all"
    ) == [
        ("1", "male", "2001-01-01", "19000.00"),
        ("2", "female", "1985-01-01", "20000.00"),
        ("3", "female", "1973-01-01", "25000.50"),
    ]
    assert ads.workspace.rows(ORDERS) == [(2,)]


def test_a_file_with_a_header_only_is_an_empty_table(ads: Ads, tmp_path: Path) -> None:
    """No rows is no error: it is counted as no rows."""
    ads.build(raw_folder(tmp_path, HEADER + "\n")).succeeded()
    assert ads.reconciliation() == (0, 0, 0, 0)


@pytest.mark.parametrize("row", ["99,Male,30", "99,Male,30,1000,1,more"])
def test_a_ragged_line_is_named(ads: Ads, tmp_path: Path, row: str) -> None:
    """A line with too few or too many fields is not guessed at."""
    lines = [f"{number},Male,30,1000,1" for number in range(20)]
    folder = raw_folder(tmp_path, "\n".join([HEADER, *lines, row, *lines]))
    done = ads.workspace.dbt("run", "--select", f"raw_{ADS}__customers", raw=folder, sources=[ADS])
    assert done.code != 0
    line = done.line_with("Social_Network_Ads.csv", "cannot be read as a table")
    assert "look for a line with more or fewer fields" in line


def test_a_missing_raw_folder_is_named(ads: Ads, tmp_path: Path) -> None:
    """One line: which folder, which variable, what to do."""
    done = ads.build(tmp_path / "nowhere")
    assert done.code != 0
    line = done.line_with(f"raw folder {tmp_path / 'nowhere'} is missing or empty")
    assert "set NUMEROSITY_RAW" in line
    assert "python -m ml synthesize" in line


def test_an_unknown_source_is_named(ads: Ads, tmp_path: Path) -> None:
    """One line: which source, which are known."""
    folder = raw_folder(tmp_path, HEADER + "\n")
    done = ads.workspace.dbt("run", raw=folder, sources=[ADS, "webshop"])
    assert done.code != 0
    line = done.line_with("unknown source 'webshop'")
    assert "sample" in line and ADS in line


def test_sources_that_are_no_list_are_named(ads: Ads, tmp_path: Path) -> None:
    """`sources: sample` is answered by how to write it."""
    done = ads.workspace.dbt("run", raw=raw_folder(tmp_path, HEADER + "\n"), sources=ADS)
    assert done.code != 0
    done.line_with("var sources must be a list", f"'{{sources: [{ADS}]}}'")


def test_a_source_without_a_folder_is_empty(broken_shop: BrokenShop) -> None:
    """It is on and has no files: the build passes, says so, and has no rows."""
    broken_shop.good.line_with("no raw file", "online_shoppers", "read as an empty table")
    empty = "select count(*) from staging.stg_online_shoppers__web_sessions"
    assert broken_shop.workspace.rows(empty) == [(0,)]


@pytest.mark.parametrize(
    "parts",
    [
        ("sample/customers.parquet",),
        ("sample/web_sessions.parquet",),
        ("sample/orders.csv", "is empty (0 bytes)", "export it again"),
        ("sample/social_engagements.parquet", "is empty (0 bytes)"),
        ("sample/order_items.csv", "has no column 'product_id'", "rename it"),
        (f"{ADS}/Social_Network_Ads.csv", "has no column 'User ID'", "it has: UserID, Gender"),
    ],
)
def test_a_broken_file_is_named(broken_shop: BrokenShop, parts: tuple[str, ...]) -> None:
    """Garbage, half a file, nothing at all, a column missing: one line says which file and what."""
    assert broken_shop.bad.code != 0
    broken_shop.bad.line_with(*parts)


def test_a_failed_build_leaves_the_tables_as_they_were(broken_shop: BrokenShop) -> None:
    """Marts and features still hold what the last good build put there."""
    assert len(broken_shop.before) > 6
    assert broken_shop.workspace.contents("marts", "features") == broken_shop.before
