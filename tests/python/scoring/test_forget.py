"""Erasing a customer: out of every table and file, and kept out, whatever happens on the way."""

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from scoring.cli import main
from scoring.forget import ErasureRequest, erasure_list, forget
from scoring.forget.erasure_list import HEADER, hash_of
from scoring.publish import publish, restore
from scoring.publish.version_file import read
from tests.support import factory
from tests.support.manifests import feature_table, model, write_manifest
from tests.support.project import Workspace
from tests.support.shops import TABLES_ONLY, Shop
from warehouse.errors import InputError
from warehouse.settings import PROJECT_ROOT, load_settings

KILLED = """
import os, signal, sys
from scoring.forget import replace
from scoring.cli import main
calls, original = 0, os.replace
def replace_or_die(source, target):
    global calls
    calls += 1
    if calls == int(sys.argv[1]) and sys.argv[2] == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    original(source, target)
    if calls == int(sys.argv[1]):
        os.kill(os.getpid(), signal.SIGKILL)
os.replace = replace_or_die
sys.exit(main(["forget", *sys.argv[3:], "--json-logs"]))
"""


def texts(path: Path, *words: str) -> list[tuple[str, str]]:
    """Every table or view of a database, and its column, that holds one of the words."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{path}' as warehouse (read_only)")
        connection.execute("use warehouse")
        columns = connection.execute(
            "select schema_name, table_name, column_name from duckdb_columns()"
            " where database_name = 'warehouse' and not internal and data_type = 'VARCHAR'"
        ).fetchall()
        return [
            (f"{schema}.{table}", column)
            for schema, table, column in columns
            for (found,) in connection.execute(
                f'select count(*) from "{schema}"."{table}" where '
                + " or ".join(f"contains(\"{column}\", '{word}')" for word in words)
            ).fetchall()
            if found
        ]


def holding(folder: Path, *words: str) -> set[str]:
    """The names of the files in whose bytes one of the words is."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {
        path.name for path in files if any(word.encode() in path.read_bytes() for word in words)
    }


@dataclass(frozen=True)
class Erased:
    """A shop, one of whose customers was erased, and what was said of it."""

    workspace: Workspace
    words: tuple[str, ...]
    before: list[tuple[str, str]]
    receipt: dict[str, Any]
    session: str


@pytest.fixture(scope="module")
def erased(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Erased:
    """The busiest customer is erased from a copy of the shop, its publications and raw files."""
    folder = tmp_path_factory.mktemp("erased")
    shutil.copytree(shop.workspace.raw, folder / "raw")
    shutil.copytree(shop.workspace.folder / "target", folder / "target")
    for name in (
        "warehouse.duckdb",
        "warehouse.duckdb.previous",
        "serving.duckdb",
        "serving/1.duckdb",
    ):
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copy(shop.workspace.warehouse, folder / name)
    workspace = Workspace(folder, folder / "raw")
    ((customer, email, session),) = workspace.rows(
        "select customer_id, any_value(email), max(session_id)"
        " from marts.sessions inner join marts.customers using (customer_id)"
        " where customer_id in (select customer_id from staging.stg_sample__orders"
        "   where quarantine_reason is not null)"
        " group by customer_id order by count(*) desc, customer_id limit 1"
    )
    with duckdb.connect() as connection:
        connection.execute(f"attach '{workspace.warehouse}' as warehouse (read_only)")
        connection.execute(f"copy warehouse.marts.customers to '{folder}/serving/1.parquet'")
    words = (customer, email)
    before = texts(workspace.warehouse, *words)
    receipt = workspace.python("scoring", "forget", customer, "--json-logs")
    return Erased(workspace, words, before, receipt, session)


def test_nothing_is_left_in_any_table(erased: Erased) -> None:
    """By SQL over every text column of every table of each database; views read the raw files."""
    assert len(erased.before) > 20
    for name in (
        "warehouse.duckdb",
        "warehouse.duckdb.previous",
        "serving.duckdb",
        "serving/1.duckdb",
    ):
        left = texts(erased.workspace.folder / name, *erased.words, erased.session)
        assert [table for table, _ in left if not table.startswith("staging.raw_")] == []


def test_nothing_is_left_in_the_bytes_of_any_file(erased: Erased, shop: Shop) -> None:
    """Deleted rows would still be in free blocks; raw files are the user's."""
    assert "warehouse.duckdb" in holding(shop.workspace.folder, *erased.words)
    raw = {path.name for path in erased.workspace.raw.rglob("*")}
    assert holding(erased.workspace.folder, *erased.words) - raw == set()
    assert not list(erased.workspace.folder.rglob("*.unfinished"))


def test_the_receipt_counts_rows_and_names_nobody(erased: Erased) -> None:
    """File and table: as many rows as there are fewer."""
    lines = {
        (Path(line["place"]).name, line["table"]): line["rows"] for line in erased.receipt["erased"]
    }
    assert lines["warehouse.duckdb", "marts.customers"] == 1
    assert lines["1.parquet", "rows"] == 1
    assert lines["serving.duckdb", "registry.held_out_predictions"] > 0
    assert sum(lines.values()) == erased.receipt["rows_erased"]
    assert not any(word in json.dumps(erased.receipt) for word in erased.words)
    recorded = erased.workspace.rows("select sum(rows_erased) from scoring.erasures")
    assert recorded == [(erased.receipt["rows_erased"],)]
    ((receipt),) = (erased.workspace.folder / "receipts").iterdir()
    assert json.loads(receipt.read_text())["status"] == "done"


def test_the_receipt_says_which_raw_files_hold_them(erased: Erased) -> None:
    named = {Path(file["file"]).name for file in erased.receipt["raw_files"]}
    assert {"customers.parquet", "orders.parquet", "order_items.parquet"} <= named
    assert not any(file["rewritten"] for file in erased.receipt["raw_files"])


def test_the_list_holds_no_id(erased: Erased) -> None:
    """A salted hash, that dbt computes alike."""
    text = (erased.workspace.raw / "erased_customers.csv").read_text()
    assert erased.words[0] not in text
    salt, hashed, _ = text.splitlines()[1].split(",")
    assert hashed == hash_of(salt, erased.words[0])


def test_the_next_build_does_not_bring_them_back(erased: Erased) -> None:
    """Nor in a new warehouse; what is left out is counted, and no raw row is lost."""
    workspace = erased.workspace
    workspace.warehouse.unlink()
    workspace.dbt(
        "build",
        *TABLES_ONLY,
        "--select",
        "+customer_features",
        "+session_features",
        "+monitor_reconciliation",
        "quarantine_summary",
    ).succeeded()
    assert texts(workspace.warehouse, *erased.words) == []
    workspace.dbt("test", "--select", "no_raw_row_is_lost").succeeded()
    counts = dict(
        workspace.rows("select table_name, erased_rows from monitoring.monitor_reconciliation")
    )
    assert counts.pop("products") == 0
    assert min(counts.values()) > 0
    by_file = {Path(file["file"]).stem: file["rows"] for file in erased.receipt["raw_files"]}
    assert counts == {table: by_file[table] for table in counts}


def test_raw_files_are_rewritten_on_request(erased: Erased) -> None:
    """Then nothing is left anywhere, and the other rows are as they were."""
    orders = erased.workspace.raw / "sample" / "orders.parquet"
    count = f"select count(*) from '{orders}'"
    ((before,),) = duckdb.sql(count).fetchall()
    receipt = erased.workspace.python("scoring", "forget", erased.words[0], "--rewrite-raw")
    ((after,),) = duckdb.sql(count).fetchall()
    rows = {Path(file["file"]).name: file["rows"] for file in receipt["raw_files"]}
    assert before - after == rows["orders.parquet"]
    again = erased.workspace.python("scoring", "forget", erased.words[0], "--rewrite-raw")
    assert (again["status"], again["raw_files"]) == ("already_done", [])
    assert holding(erased.workspace.raw, erased.words[0]) == set()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tiny warehouse with one published copy, and raw files of several kinds."""
    for name in [name for name in os.environ if name.startswith("NUMEROSITY_")]:
        monkeypatch.delenv(name)
    warehouse = factory.warehouse(tmp_path / "warehouse.duckdb")
    factory.execute(
        warehouse,
        "create schema marts",
        "create table marts.customers as select 'c' || i as customer_id,"
        " 'c' || i || '@example.com' as email, 'social_network_ads' as source_name"
        " from range(50) r(i)",
        "create table marts.orders as select 'o' || i as order_id, 'c' || i % 50 as customer_id"
        " from range(200) r(i)",
        "create table marts.order_items as select 'i' || i as order_item_id, 'o' || i as order_id"
        " from range(200) r(i)",
    )
    factory.predict(warehouse, "select 'c' || i, 0.5 from range(50) r(i)", task="any")
    shutil.copy(warehouse, tmp_path / "serving.duckdb")
    ads = tmp_path / "raw" / "social_network_ads"
    ads.mkdir(parents=True)
    (ads / "ads.csv").write_bytes(
        b'User ID,Gender,Age\r\nc7,Male,"19, or\r\nso"\r\n c8 ,"Fe""male",20\r\n\r\nc70,Male,1\r\n'
    )
    (tmp_path / "raw" / "cdnow").mkdir()
    (tmp_path / "raw" / "cdnow" / "cdnow.txt").write_text(
        " c7 19970101 1 9.9\n c70 19970101 7 c7\n"
    )
    monkeypatch.setenv("NUMEROSITY_WAREHOUSE", str(warehouse))
    monkeypatch.setenv("NUMEROSITY_SERVING", str(tmp_path / "serving.duckdb"))
    monkeypatch.setenv("NUMEROSITY_RAW", str(tmp_path / "raw"))
    manifest = write_manifest(tmp_path / "target" / "manifest.json")
    monkeypatch.setenv("NUMEROSITY_MANIFEST", str(manifest))
    monkeypatch.setenv("NUMEROSITY_LOCK_TIMEOUT", "0.2")
    return tmp_path


def erase(*ids: str, **options: bool) -> Any:
    return forget(load_settings(), ErasureRequest(ids, progress=False, **options))


def test_items_go_with_the_orders_that_name_the_customer(home: Path) -> None:
    """By the orders; a customer whose id begins alike stays whole."""
    receipt = erase("c7")
    rows = {(Path(line.place).name, line.table): line.rows for line in receipt.erased}
    for name in ("warehouse.duckdb", "serving.duckdb"):
        assert rows[name, "marts.order_items"] == rows[name, "marts.orders"] == 4
        assert rows[name, "features.customer_features"] == 2
        assert rows[name, "scoring.scores"] == 1
    found = factory.rows(home / "warehouse.duckdb", "select count(*) from marts.order_items")
    assert found == [(196,)]


def test_scores_go_by_the_task_of_their_run(home: Path) -> None:
    """A session that is called like the customer is somebody else's."""
    warehouse = home / "warehouse.duckdb"
    for task in ("about customers", "about sessions"):
        values = "values ('c7', 0.5), ('c8', 0.5)"
        factory.predict(warehouse, values, task=task, run_id=task)
    write_manifest(
        home / "target" / "manifest.json",
        feature_table("features.customer_features", "customer", "about customers"),
        feature_table("features.session_features", "session", "about sessions"),
    )
    erase("c7")
    left = "select task, count(*) from scoring.predictions where entity_id = 'c7' group by task"
    assert factory.rows(warehouse, left) == [("about sessions", 1)]


def test_raw_text_is_kept_byte_for_byte(home: Path) -> None:
    """Quotes, line ends and empty lines of the others are not touched."""
    receipt = erase("c7", rewrite_raw=True)
    assert {(Path(each["file"]).name, each["rows"]) for each in receipt.raw_files} == {
        ("ads.csv", 1),
        ("cdnow.txt", 1),
    }
    raw = home / "raw"
    assert (raw / "social_network_ads" / "ads.csv").read_bytes() == (
        b'User ID,Gender,Age\r\n c8 ,"Fe""male",20\r\n\r\nc70,Male,1\r\n'
    )
    assert (raw / "cdnow" / "cdnow.txt").read_text() == " c70 19970101 7 c7\n"
    erase("c8", rewrite_raw=True)
    assert b"c8" not in (raw / "social_network_ads" / "ads.csv").read_bytes()


def test_a_dry_run_changes_nothing(home: Path) -> None:
    before = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
    assert erase("c7", dry_run=True).status == "dry_run"
    assert {path: path.read_bytes() for path in home.rglob("*") if path.is_file()} == before


def test_a_second_time_there_is_nothing_to_do(home: Path) -> None:
    """And the receipt stays the one of the first time."""
    assert erase("c7", "c8").status == "done"
    (path,) = (home / "receipts").iterdir()
    before = path.read_bytes()
    assert erase("c8", "c7").status == "already_done"
    assert path.read_bytes() == before


def test_an_unknown_id_is_refused(home: Path) -> None:
    """A slip of the pen is no erasure."""
    with pytest.raises(InputError, match="unknown customer c999 and 1 more"):
        erase("c7", "c999", "c998")
    assert factory.rows(home / "warehouse.duckdb", "select count(*) from marts.orders") == [(200,)]
    assert not (home / "raw" / "erased_customers.csv").exists()


@pytest.mark.parametrize(
    ("step", "when"), [*((step, "before") for step in range(1, 7)), (6, "after")]
)
def test_a_killed_run_is_finished_by_the_next(home: Path, step: int, when: str) -> None:
    """Every file is whole at any time, and the receipt tells of both runs together."""
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(step), when, "c7", "--rewrite-raw"],
        cwd=PROJECT_ROOT,
        capture_output=True,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()[-500:]
    for name in ("warehouse.duckdb", "serving.duckdb"):
        found = factory.rows(home / name, "select count(*) from marts.orders")
        assert found in ([(200,)], [(196,)])
    assert main(["forget", "c7", "--rewrite-raw"]) == 0
    for name in ("warehouse.duckdb", "serving.duckdb"):
        assert factory.rows(home / name, "select count(*) from marts.orders") == [(196,)]
        assert texts(home / name, "c7@example.com") == []
    (path,) = (home / "receipts").iterdir()
    receipt = json.loads(path.read_text())
    assert receipt["status"] == "done"
    assert receipt["rows_erased"] == 2 * (1 + 2 + 4 + 4 + 1)
    ((rows,),) = factory.rows(
        home / "warehouse.duckdb", "select sum(rows_erased) from scoring.erasures"
    )
    assert rows == receipt["rows_erased"]
    assert not list(home.rglob("*.unfinished"))
    assert len((home / "raw" / "erased_customers.csv").read_text().splitlines()) == 2


def test_what_quotes_a_row_is_erased_with_it(home: Path) -> None:
    """The example of a reason for quarantine, in tables and in published Parquet; its row stays."""
    warehouse, parquet = (
        home / "warehouse.duckdb",
        home / "serving" / "1.parquet" / "summary.parquet",
    )
    parquet.parent.mkdir(parents=True)
    factory.execute(
        warehouse,
        "create schema staging",
        "create table staging.stg_shop__orders as"
        " select 'c7' as customer_id, 1::ubigint as raw_hash union all select 'c8', 2::ubigint",
        "create table staging.quarantined_rows as"
        " select 1::ubigint as raw_hash, 'customer_id=c7; email=c7@example.com' as raw_text"
        " union all select 2::ubigint, 'customer_id=c8; email=c8@example.com'",
        "create schema monitoring",
        "create table monitoring.quarantine_summary as select raw_hash as quarantined_rows,"
        " raw_text as example_raw_text from staging.quarantined_rows",
        f"copy monitoring.quarantine_summary to '{parquet}' (format parquet)",
    )
    erase("c7")
    query = "select example_raw_text from {} order by quarantined_rows"
    kept = [("erased with its customer",), ("customer_id=c8; email=c8@example.com",)]
    assert factory.rows(warehouse, query.format("monitoring.quarantine_summary")) == kept
    assert duckdb.sql(query.format(f"'{parquet}'")).fetchall() == kept
    assert texts(warehouse, "c7@example.com") == []


def test_a_reader_keeps_its_copy_and_a_new_one_sees_the_new(home: Path) -> None:
    """A BI tool that holds the published file does not stop an erasure."""
    code = (
        "import duckdb, sys; c = duckdb.connect(sys.argv[1], read_only=True);"
        " print('held', flush=True); input();"
        " print(c.execute('select count(*) from marts.customers').fetchall())"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(home / "serving.duckdb")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as reader:
        assert reader.stdout is not None and reader.stdout.readline() == "held\n"
        assert erase("c7").status == "done"
        assert "[(50,)]" in reader.communicate("\n")[0]
    assert factory.rows(home / "serving.duckdb", "select count(*) from marts.customers") == [(49,)]


def test_two_lists_put_together_are_one(home: Path) -> None:
    """Whoever was erased in another workspace, under another salt, is not erased again."""
    path = home / "raw" / "erased_customers.csv"
    rows = [
        HEADER,
        ["salt-1", hash_of("salt-1", "c7"), "2026-01-01"],
        ["salt-2", hash_of("salt-2", "c9"), "2026-01-01"],
    ]
    path.write_text("".join(",".join(row) + "\n" for row in rows))
    erase("c9", "c7", "c8")
    assert len(path.read_text().splitlines()) == 4


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([], 2, "no customer given"),
        (["nobody"], 3, "unknown customer nobody"),
        (["c7", "--warehouse", "nowhere.duckdb"], 3, "run dbt build first"),
        (["c7", "--file", "nowhere"], 3, "cannot read"),
    ],
)
def test_one_clear_line_for_each_mistake(
    home: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, message: str
) -> None:
    assert main(["forget", *arguments]) == code
    assert message in json.loads(capsys.readouterr().out)["error"]


def test_a_list_that_is_something_else_stops_everything(home: Path) -> None:
    (home / "raw" / "erased_customers.csv").write_text("customer_id\nc7\n")
    with pytest.raises(InputError, match="is not an erasure list"):
        erase("c7")


def test_a_warehouse_in_use_is_not_waited_for_forever(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(home / "warehouse.duckdb")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == "held\n"
        assert main(["forget", "c7"]) == 5
        holder.communicate("\n")
    capsys.readouterr()


def test_a_published_version_can_still_be_restored(home: Path) -> None:
    """Both names of the version that is served, the one before, and their Parquet files."""
    settings = load_settings()
    write_manifest(settings.manifest, model("marts.customers"))
    (home / "serving.duckdb").unlink()
    publish(settings, parquet=True, force=True)
    factory.execute(settings.warehouse, "delete from marts.customers where customer_id = 'c1'")
    publish(settings, force=True)
    assert erase("c7").status == "done"
    files = list((home / "serving").glob("*.duckdb"))
    assert (home / "serving.duckdb").samefile(max(files))
    held = [read(path, check=True)[1]["marts.customers"].rows for path in sorted(files)]
    assert held == [49, 48]
    assert restore(settings).status == "done"
    assert holding(home / "serving", "c7@example.com") == set()
    for folder in (home / "serving").glob("*.parquet"):
        ((said,),) = duckdb.sql(f"select row_count from '{folder}/publication.parquet'").fetchall()
        ((rows,),) = duckdb.sql(f"select count(*) from '{folder}/marts/*.parquet'").fetchall()
        assert said == rows


@pytest.fixture(scope="module")
def real_layouts(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Three real sources in small, with a customer of each on a list before the first build."""
    folder = tmp_path_factory.mktemp("layouts")
    raw = folder / "raw"
    files = {
        "social_network_ads/ads.csv": "User ID,Gender,Age,EstimatedSalary,Purchased\n"
        " 11 ,Male,30,1000,0\n11,Male,30,1000,0\n12,Female,30,1000,1\n110,Female,11,1000,1\n",
        "online_retail/retail.csv": "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,"
        "UnitPrice,CustomerID,Country\n1,A,a,1,2011-01-01 10:00:00,1,17850.0,France\n"
        "2,A,a,1,2011-01-01 10:00:00,1,17851.0,France\n3,A,a,1,2011-01-01 10:00:00,1,,France\n",
        "cdnow/cdnow.txt": " 00004 19970101  1   29.33\n 00004 19970118  2   29.73\n"
        " 00021 19970101  3   00004\n",
    }
    for name, text in files.items():
        (raw / name).parent.mkdir(parents=True)
        (raw / name).write_text(text)
    erasure_list.write(
        raw / "erased_customers.csv",
        erasure_list.plan(raw / "erased_customers.csv", ["11", "17850", "00004"]),
    )
    workspace = Workspace(folder, raw)
    workspace.dbt(
        "build",
        *TABLES_ONLY,
        "--select",
        "+monitor_reconciliation",
        "+customers",
        "no_raw_row_is_lost",
        sources=["social_network_ads", "online_retail", "cdnow"],
    ).succeeded()
    return workspace


def test_ids_are_found_as_each_source_writes_them(real_layouts: Workspace) -> None:
    """With spaces around, as 17850.0, as a word of a line; nobody else is."""
    customers = real_layouts.rows("select customer_id from marts.customers order by 1")
    assert customers == [("00021",), ("110",), ("12",), ("17851",)]
    counts = real_layouts.rows(
        "select source_name, raw_rows, erased_rows, raw_hash_sum = accounted_hash_sum"
        " from monitoring.monitor_reconciliation order by 1"
    )
    assert counts == [
        ("cdnow", 3, 2, True),
        ("online_retail", 3, 1, True),
        ("social_network_ads", 4, 2, True),
    ]


def test_python_finds_the_same_raw_rows_as_staging(real_layouts: Workspace) -> None:
    """What is rewritten on request is what staging leaves out."""
    receipt = real_layouts.python(
        "scoring", "forget", "11", "17850", "00004", "--rewrite-raw", "--json-logs"
    )
    rows = {Path(file["file"]).name: file["rows"] for file in receipt["raw_files"]}
    assert rows == {"ads.csv": 2, "retail.csv": 1, "cdnow.txt": 2}
    assert (real_layouts.raw / "cdnow" / "cdnow.txt").read_text() == (
        " 00021 19970101  3   00004\n"
    )
