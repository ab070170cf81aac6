"""Text files are read back as Python's csv module wrote them, in every dialect, or refused."""

import csv
import gzip
import io
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from warehouse.errors import InputError, UsageError
from warehouse.landing import text_stream
from warehouse.landing.dialect import Dialect, find_dialect
from warehouse.landing.records import Scanner
from warehouse.landing.text_files import TextFacts, land_text

NAMES = ["kol_a", "kol_b", "kol_c", "kol_d"]
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "windows-1252", "latin-1"]
SIGNS = st.sampled_from("ab01 ,;\t|\"'\\\n\r#.äß€Ω")
TEXTS = st.text(SIGNS, max_size=6)


def land(data: bytes, name: str = "x.csv", **stated: Any) -> tuple[TextFacts, list[dict[str, Any]]]:
    """The facts of a file and its rows in the order of the records."""
    with TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(data)
        facts = land_text(path, name, Path(folder, "landed"), find_dialect(path, stated))
        rows = [row for part in facts.parts for row in pq.read_table(part.path).to_pylist()]
    return facts, sorted(rows, key=lambda row: int(row["_record"]))


def values(rows: list[dict[str, Any]]) -> list[list[str]]:
    """The fields of the delivered file alone."""
    return [[value for name, value in row.items() if not name.startswith("_")] for row in rows]


@st.composite
def written(draw: st.DrawFn) -> tuple[bytes, list[list[str]], dict[str, Any]]:
    """A file by Python's csv, its rows, and what is to be stated of it."""
    width = draw(st.integers(1, 4))
    rows = draw(st.lists(st.lists(TEXTS, min_size=width, max_size=width), max_size=8))
    delimiter = draw(st.sampled_from(",;\t|")) if width > 1 else ","
    line_end = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    encoding = draw(st.sampled_from(ENCODINGS))
    stated: dict[str, Any] = {"quote": '"'}
    escaped = draw(st.booleans())
    how: dict[str, Any] = {"quoting": draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))}
    if escaped:
        how |= {"doublequote": False, "escapechar": "\\"}
        stated["escape"] = "\\"
    if any("\r" in value or "\n" in value for row in rows for value in row):
        how["quoting"] = csv.QUOTE_ALL  # csv leaves a line end of another kind as it is
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator=line_end, **how)
    writer.writerows([NAMES[:width], *rows])
    try:
        data = text.getvalue().encode(encoding)
    except UnicodeEncodeError:
        assume(False)
    if encoding in ("windows-1252", "latin-1") and not data.isascii():
        try:
            data.decode()
        except UnicodeDecodeError:
            pass
        else:
            stated["encoding"] = encoding  # the same bytes are other characters of UTF-8
    return data, rows, stated


@settings(max_examples=600)
@given(written(), st.sampled_from(["", "gzip", "zstd"]), st.integers(1, 64))
def test_what_csv_wrote_is_read_back(
    file: tuple[bytes, list[list[str]], dict[str, Any]], packed: str, block: int
) -> None:
    """Values, order and counts; whatever the size of the blocks in which it is read."""
    data, rows, stated = file
    if packed == "gzip":
        data = gzip.compress(data)
    elif packed:
        data = pa.compress(data, "zstd", asbytes=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_stream, "BLOCK", 2 * block)
        facts, found = land(data, **stated)
    assert values(found) == rows
    assert (facts.counted, facts.ragged) == (len(rows), 0)
    assert [row["_record"] for row in found] == list(range(1, len(rows) + 1))


@settings(max_examples=1000)
@given(st.text(st.sampled_from('ab",\n\r \\'), max_size=20), st.booleans())
@example('"', False)
def test_the_scan_finds_the_records_that_csv_finds(text: str, is_escaped: bool) -> None:
    """In any text at all, closed or not."""
    escape = "\\" if is_escaped else None
    found = Scanner(Dialect(escape=escape)).scan(text.encode(), is_last=True)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), escapechar=escape))
    except csv.Error:
        assume(False)
    if not is_escaped:  # csv and pyarrow differ on an escaped line end outside quotes
        assert len(found.ends) + found.is_open == len(rows)


@pytest.mark.parametrize("place", [0, 5_000, 40_000])
def test_a_first_quote_may_come_late(place: int) -> None:
    """After any number of rows, with a line break in it."""
    lines = [f"{number},plain,1" for number in range(50_000)]
    lines[place] = f'{place},"a ""quoted"",\nvalue",1'
    _, rows = land("\n".join(["id,text,n", *lines]).encode())
    assert len(rows) == len(lines)
    assert rows[place]["text"] == 'a "quoted",\nvalue'


@pytest.mark.parametrize("mark", ["#", "--", "//", "sep", "  "])
def test_no_line_is_a_comment(mark: str) -> None:
    _, rows = land(f"id,n\n{mark}1,1\n2,1\n{mark}3,1\n".encode())
    assert [row["id"] for row in rows] == [f"{mark}1", "2", f"{mark}3"]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
@pytest.mark.parametrize("quote", ["", '"'])
def test_a_mark_may_begin_the_second_export(encoding: str, line_end: str, quote: str) -> None:
    """Two exports put one behind the other, each with its byte order mark."""
    header = f"{quote}id{quote},{quote}n{quote}"
    one = line_end.join([header, "1,1", ""]).encode(encoding)
    other = line_end.join([header, "2,2", ""]).encode(encoding)
    facts, rows = land(one + other)
    assert (facts.headers, values(rows)) == (2, [["1", "1"], ["2", "2"]])


@pytest.mark.parametrize("size", range(1, 12))
def test_a_mark_is_found_across_blocks(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever a block of the file ends."""
    monkeypatch.setattr(text_stream, "BLOCK", size)
    _, rows = land(2 * "id,n\n1,1\n".encode("utf-8-sig"))
    assert values(rows) == [["1", "1"], ["1", "1"]]


def test_blank_lines_are_counted_and_are_no_records() -> None:
    facts, rows = land(b"\nid,n\n\n1,1\r\n\r\n2,2\n\n")
    assert (facts.counted, facts.blank_lines, len(rows)) == (2, 3, 2)
    assert facts.newline == "mixed"


def test_an_empty_value_of_the_only_column_is_a_record() -> None:
    """pyarrow and pandas lose these by default."""
    facts, rows = land(b'id\na\n\n""\nb\n')
    assert [row["id"] for row in rows] == ["a", "", "", "b"]
    assert facts.counted == 4


@pytest.mark.parametrize("bad", ["3,3", "3,3,3,3", '"3" x,3,3', "3,a\0b,3"])
def test_a_record_that_does_not_fit_is_kept_as_text(bad: str) -> None:
    """Too few fields, too many, text behind a quote, a zero byte: nothing is guessed or lost."""
    facts, rows = land(f"a,b,c\n1,1,1\n2,2,2\n{bad}\n4,4,4\n5,5,5\n".encode())
    assert (facts.counted, facts.ragged) == (5, 1)
    assert rows[2]["_ragged"] == bad.replace("\0", "\u2400")
    assert values(rows)[2] == [None, None, None]
    assert [row["_ragged"] for row in rows if row["_record"] != 3] == [None] * 4


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('a,b,c\n1,1,1\n2,"open,2\n3,3,3\n', "line 3"),
        ('a,b,c\n1,1,1\n2,"open,2\n3,3,3\n4,4",4\n5,5,5\n', "line 3"),
        ('a,b,c\n1,1,1\n2,"open,2\n3,"x",3\n5,5,5\n', "line 3"),
    ],
)
def test_an_open_quote_is_named_by_its_line(text: str, line: str) -> None:
    """Also where a later quote closes it: readers agree there, and swallow records."""
    with pytest.raises(InputError, match=line):
        land(text.encode())


def test_a_value_that_holds_records_is_right_where_the_quote_is_stated() -> None:
    _, rows = land(b'a,b,c\n1,"x,y\n2,z",3\n', quote='"')
    assert values(rows) == [["1", "x,y\n2,z", "3"]]


def test_a_repeated_header_is_no_record() -> None:
    facts, rows = land(b"Id,Name\n1,a\nId,Name\n2,b\n ID ,name\n3,c\n")
    assert values(rows) == [["1", "a"], ["2", "b"], ["3", "c"]]
    assert (facts.counted, facts.headers, len(facts.parts)) == (3, 3, 1)


@pytest.mark.parametrize(
    ("second", "row", "names"),
    [
        ("id,name,paid,till", "2,b,5,T1", ["id", "name", "paid", "till"]),
        ("name,paid,id", "b,5,2", ["name", "paid", "id"]),
        ("till,name,paid", "T1,b,5", ["till", "name", "paid"]),
        ("id,name", "2,b", ["id", "name"]),
    ],
)
def test_a_changed_header_is_read_by_its_own_columns(
    second: str, row: str, names: list[str]
) -> None:
    """More columns, fewer, another order, another name in front."""
    facts, rows = land(f"id,name,paid\n1,a,4\n{second}\n{row}\n{row}\n".encode())
    assert [list(part.columns) for part in facts.parts] == [["id", "name", "paid"], names]
    assert values(rows)[1:] == [row.split(","), row.split(",")]
    assert (facts.counted, facts.ragged) == (3, 0)


def test_a_header_that_cannot_be_read_is_named_by_its_line() -> None:
    with pytest.raises(InputError, match="second header in line 3"):
        land(b"id,name,paid\n1,a,4\nid,name,paid,paid\n2,b,5,6\n")


def test_most_records_must_fit_the_header() -> None:
    with pytest.raises(InputError, match="3 of 3 records have more or fewer fields"):
        land(b"a,b\n1,2,3\n1,2,3\n1,2,3\n")


@pytest.mark.parametrize("data", [b"", b"\n\n", b"\xef\xbb\xbf"])
def test_a_file_without_a_header_is_named(data: bytes) -> None:
    with pytest.raises(InputError, match=r"x\.csv is empty"):
        land(data)


def test_decimal_commas_are_found_column_by_column() -> None:
    """Groups of thousands follow where nothing speaks against them; an id is left alone."""
    head = "id;paid;rate;stock;note\n"
    facts, _ = land((head + "1;3,50;0,1;1.234;a, b\n2;1.234,50;n/a;12;1,2,3\n").encode())
    assert facts.parts[0].decimal_comma == ["paid", "rate", "stock"]
    facts, _ = land((head + "1;3,50;0.1;1.234;x\n2;4,50;0.25;12;x\n").encode())
    assert facts.parts[0].decimal_comma == ["paid"]
    facts, _ = land(b'id,paid\n1,"1,234"\n2,"2,500"\n')
    assert facts.parts[0].decimal_comma == []
    facts, _ = land(b'id,paid\n1,"3,50"\n', decimal=",")
    assert facts.parts[0].decimal_comma == ["paid"]


def test_the_first_line_of_excel_is_no_header() -> None:
    _, rows = land(b"sep=;\r\na;b\r\n1;2\r\n")
    assert (list(rows[0])[:2], values(rows)) == (["a", "b"], [["1", "2"]])


def test_what_is_stated_wins() -> None:
    _, rows = land(b"x;1\ny;2\n", header=False, names=["a", "b"], delimiter=";")
    assert values(rows) == [["x", "1"], ["y", "2"]]
    _, rows = land(b"'a,b',1\n", header=False, names=["a", "b"], quote="'")
    assert values(rows) == [["a,b", "1"]]
    _, rows = land(b"Report of May\nid,n\n1,1\n", header_line=2)
    assert values(rows) == [["1", "1"]]
    for stated in ({"delimitr": ";"}, {"header": False}, {"encoding": "utf-99"}, {"quote": "''"}):
        with pytest.raises(UsageError, match="source_catalog"):
            land(b"a,b\n", **stated)


def test_lines_of_text_are_one_column() -> None:
    """As they are: quotes, commas and spaces too; a header where it is stated and there."""
    text = b' head x\n 1 "a,b\n\n2\n'
    facts, rows = land(text, "x.txt")
    assert [row["line"] for row in rows] == [" head x", ' 1 "a,b', "", "2"]
    assert facts.counted == 4
    _, rows = land(text, "x.txt", header="head")
    assert len(rows) == 3
    _, rows = land(text, "x.txt", header="none such")
    assert len(rows) == 4


@pytest.mark.parametrize("kind", ["gzip", "zstd"])
def test_half_an_archive_is_named(kind: str) -> None:
    text = "a,b\n" + "".join(f"{n},{n * n}\n" for n in range(99))
    packed = pa.compress(text.encode(), kind, asbytes=True)
    with pytest.raises(InputError, match=r"x\.csv\.gz cannot be read .*export it again"):
        land(packed[:-9], "x.csv.gz")


def test_names_of_columns_are_made_different() -> None:
    facts, _ = land(b"a,A, a,,b\n1,2,3,4,5\n")
    assert list(facts.parts[0].columns) == ["a", "A_1", "a_2", "column3", "b"]
