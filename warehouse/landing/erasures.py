"""Erased customers do not land: of a record about one its file and number are left, nothing else.

Who is erased says the erasure list (`python -m scoring forget`), in salted hashes. A record names a
customer in the column that `people` in source_catalog says; one that names nobody is theirs by what
it belongs to, as an order line by its order. So that a file delivered later is understood too, the
hashes of such keys are kept in `<landing>/<source>/erased_keys.csv`.
"""

import csv
import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import duckdb

from warehouse.connection import fetch, literal, quoted
from warehouse.ids import normal_id_sql
from warehouse.landing.deliveries import Delivery, save
from warehouse.landing.parts import Part

__all__ = ["KEYS", "apply_erasures", "id_of", "keys_of", "list_key", "ragged_words"]

KEYS = "erased_keys.csv"
RAGGED_WORDS = r"[^0-9A-Za-z_.@#-]+"
"""What separates the words of a record that could not be read as fields."""


def list_key(path: Path, people: Sequence[Any]) -> str:
    """What stands for the erasure list and these rules; empty without a list."""
    if not path.is_file():
        return ""
    text = path.read_bytes() + repr(list(people)).encode()
    return hashlib.sha256(text).hexdigest()[:16]


def id_of(columns: Iterable[str], people: Sequence[Any]) -> str | None:
    """The customer's id in a record, as SQL; None where no column names one."""
    headers = {column.strip().lower(): column for column in columns}
    for rule in people:
        if isinstance(rule, int) and list(headers) == ["line"]:
            return normal_id_sql(rf"string_split_regex(trim(line), '\s+')[{rule}]")
        if isinstance(rule, str) and rule.lower() in headers:
            return normal_id_sql(quoted(headers[rule.lower()]))
    return None


def keys_of(columns: Iterable[str], people: Sequence[Any]) -> dict[str, str]:
    """Columns by which a record may be somebody's, as SQL."""
    headers = {column.strip().lower(): column for column in columns}
    wanted = [key for rule in people if isinstance(rule, dict) for key in rule]
    return {
        key: normal_id_sql(quoted(headers[key.lower()])) for key in wanted if key.lower() in headers
    }


def ragged_words() -> str:
    """The words of a record that does not fit its header, as SQL; ids are in their normal form."""
    return (
        f"list_transform(string_split_regex(_ragged, '{RAGGED_WORDS}'),"
        f" lambda word: {normal_id_sql('word')})"
    )


def apply_erasures(
    folder: Path, deliveries: Sequence[Delivery], people: Sequence[Any], erasure_list: Path
) -> None:
    """Empty the records of erased customers in everything that has landed of a source."""
    current = list_key(erasure_list, people)
    landed = [each for each in deliveries if each.parts and not each.error]
    if not current or all(each.erasures.startswith(current) for each in landed):
        return
    with duckdb.connect() as connection:
        fetch(connection, "create table listed (salt varchar, customer_hash varchar)")
        with erasure_list.open(encoding="utf-8", newline="") as file:
            rows = [[row["salt"], row["customer_hash"]] for row in csv.DictReader(file)]
        if not rows:
            return
        connection.executemany("insert into listed values (?, ?)", rows)
        _Erasing(connection, folder, landed, people, current).run()


class _Erasing:
    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        folder: Path,
        landed: Sequence[Delivery],
        people: Sequence[Any],
        current: str,
    ) -> None:
        self.connection, self.folder, self.landed = connection, folder, landed
        self.people, self.current = people, current
        salts = fetch(connection, "select distinct salt from listed order by salt")
        self.salts = [salt.replace("'", "''") for (salt,) in salts]

    def run(self) -> None:
        """Note the keys of what names them, then empty what names them or has such a key."""
        fetch(
            self.connection,
            "create table erased_keys (key varchar, salt varchar, key_hash varchar)",
        )
        file = self.folder / KEYS
        if file.is_file():
            fetch(self.connection, f"insert into erased_keys from {_csv(file)}")
        parts = [(each, part) for each in self.landed for part in each.parts if _is_there(part)]
        for delivery, part in parts:
            if not delivery.erasures.startswith(self.current):
                self._note(part)
        self._write(file)
        ((keys,),) = fetch(self.connection, "select count(*) from erased_keys")
        state = f"{self.current}-{keys}"
        changed: dict[int, Delivery] = {}
        for delivery, part in parts:
            if delivery.erasures != state:
                delivery.erased += self._empty(part)
                changed[id(delivery)] = delivery
        for delivery in changed.values():
            delivery.erasures = state
            save(delivery)

    def _note(self, part: Part) -> None:
        named = id_of(part.columns, self.people)
        if named is None:
            return
        for key, value in keys_of(part.columns, self.people).items():
            for salt in self.salts:
                fetch(
                    self.connection,
                    f"insert into erased_keys select distinct '{key}', '{salt}',"
                    f" sha256('{salt}' || {value}) from {_parquet(part)}"
                    f" where {self._listed(named)} and {value} is not null"
                    " except from erased_keys",
                )

    def _listed(self, value: str) -> str:
        tests = (
            f"sha256('{salt}' || {value}) in"
            f" (select customer_hash from listed where salt = '{salt}')"
            for salt in self.salts
        )
        return f"({' or '.join(tests)})"

    def _is_theirs(self, part: Part) -> str:
        named = id_of(part.columns, self.people)
        tests = [self._listed(named)] if named else []
        for key, value in keys_of(part.columns, self.people).items():
            hashes = " or ".join(
                f"sha256('{salt}' || {value}) in (select key_hash from erased_keys"
                f" where key = '{key}' and salt = '{salt}')"
                for salt in self.salts
            )
            tests.append(f"({named} is null and ({hashes}))" if named else f"({hashes})")
        for salt in self.salts:
            tests.append(
                "(_ragged is not null and list_has_any("
                f"list_transform({ragged_words()}, lambda word: sha256('{salt}' || word)),"
                f" (select list(customer_hash) from listed where salt = '{salt}')))"
            )
        return " or ".join(tests)

    def _empty(self, part: Part) -> int:
        """Write a part anew without what its erased records held; how many there were."""
        theirs = f"coalesce({self._is_theirs(part)}, false) and not _erased"
        ((rows,),) = fetch(self.connection, f"select count(*) from {_parquet(part)} where {theirs}")
        if rows:
            kept = ", ".join(
                f"case when not _erased then {quoted(column)} end as {quoted(column)}"
                for column in [*part.columns, "_ragged"]
            )
            path = Path(part.path)
            temporary = path.with_name(f".{path.name}.unfinished")
            fetch(
                self.connection,
                f"copy (select {kept}, _file, _record, _erased from (select * replace"
                f" (_erased or coalesce({self._is_theirs(part)}, false) as _erased)"
                f" from {_parquet(part)})) to {literal(temporary)} (format parquet)",
            )
            temporary.replace(path)
        return int(rows)

    def _write(self, file: Path) -> None:
        ((keys,),) = fetch(self.connection, "select count(*) from erased_keys")
        if keys:
            temporary = file.with_name(f".{file.name}.unfinished")
            fetch(
                self.connection,
                f"copy (from erased_keys order by all) to {literal(temporary)} (header)",
            )
            temporary.replace(file)


def _is_there(part: Part) -> bool:
    return Path(part.path).is_file()


def _parquet(part: Part) -> str:
    return f"read_parquet({literal(Path(part.path))})"


def _csv(path: Path) -> str:
    columns = "{'key': 'varchar', 'salt': 'varchar', 'key_hash': 'varchar'}"
    return f"read_csv({literal(path)}, header = true, auto_detect = false, columns = {columns})"
