"""The feature tables of the project and their tasks, from dbt's manifest.

A dbt model is a feature table if its `config.meta` has the key `numerosity`. The order of the
feature columns in the YAML is the order of a trained model's input.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from warehouse.errors import InputError, UsageError
from warehouse.manifest import Column, Node, read_models

__all__ = ["Feature", "FeatureTable", "Task", "find_task", "load_feature_tables"]

FLOATS = {"float", "float4", "real"}


@dataclass(frozen=True)
class Feature:
    """One feature column."""

    name: str
    label: str
    """The name in readable form."""
    group: str
    is_personal: bool
    is_sensitive: bool
    window_days: int | None
    """Days before the as-of date that the feature covers; None for no fixed window."""


@dataclass(frozen=True)
class Task:
    """One thing to predict: a label column of a feature table."""

    name: str
    title: str
    label: str
    horizon_days: int
    """Days after the as-of date that the label covers; 0 if it is known at once."""
    exclude_groups: tuple[str, ...]
    """Groups of features that the task does not use."""
    trained_by_default: bool = True
    """False: the task is trained only if it is given by name."""
    without: tuple[str, ...] = ()
    """Groups of features that this variant leaves out; they are also in `exclude_groups`."""
    cost_false_positive: float = 1.0
    """The cost of acting on an entity that then does not buy."""
    value_true_positive: float = 1.0
    """The value of acting on an entity that then buys, minus the cost."""
    states_costs: bool = False
    """Whether the YAML states costs or values; otherwise both are 1."""

    @property
    def full_name(self) -> str:
        """The name, with the groups that the variant leaves out."""
        return self.name + "".join(f" without {group}" for group in self.without)

    @property
    def threshold(self) -> float:
        """The probability above which acting pays: cost / (cost + value) (Elkan 2001)."""
        return self.cost_false_positive / (self.cost_false_positive + self.value_true_positive)


@dataclass(frozen=True)
class FeatureTable:
    """A feature table: one row per entity and as-of date."""

    relation: str
    """`schema.name` in the warehouse."""
    entity: str
    entity_key: str
    as_of_column: str
    features: tuple[Feature, ...]
    """In the order of the YAML."""
    tasks: tuple[Task, ...]

    def features_for(self, task: Task) -> tuple[Feature, ...]:
        """The features that `task` uses, in the order of the model's input."""
        return tuple(f for f in self.features if f.group not in task.exclude_groups)


def load_feature_tables(path: Path) -> tuple[FeatureTable, ...]:
    """All feature tables of dbt's manifest at `path`, sorted by relation.

    Raises InputError when the manifest cannot be read or an entry is invalid; the message names the
    model and the column or key.
    """
    tables = [_table(model) for model in read_models(path) if "numerosity" in model.meta]
    owners: dict[str, str] = {}
    for table in tables:
        for task in table.tasks:
            if task.name in owners:
                both = f"{owners[task.name]} and {table.relation}"
                raise InputError(f"task {task.name} is declared by {both}: rename one of them")
            owners[task.name] = table.relation
    return tuple(sorted(tables, key=lambda table: table.relation))


def find_task(
    tables: tuple[FeatureTable, ...], name: str, without: Sequence[str] = ()
) -> tuple[FeatureTable, Task]:
    """The feature table and task for `name`; the task leaves out the groups in `without`.

    Raises UsageError, which lists the tasks or groups, for an unknown task or group.
    """
    pairs = {task.name: (table, task) for table in tables for task in table.tasks}
    if name not in pairs:
        known = ", ".join(sorted(pairs)) or "none, because no dbt model declares one in config.meta"
        raise UsageError(f"unknown task {name}: the tasks are {known}")
    table, task = pairs[name]
    return table, _variant(table, task, tuple(dict.fromkeys(without)))


def _table(model: Node) -> FeatureTable:
    relation = model.relation
    entry = _mapping(model.meta["numerosity"], f"{relation}: config.meta.numerosity")
    features = tuple(
        _feature(relation, name, column)
        for name, column in model.columns.items()
        if column.meta.get("role") == "feature"
    )
    if not features:
        raise InputError(
            f"{relation} has no feature: set meta role: feature on a column in its YAML"
        )
    tasks = _mapping(entry.get("tasks"), f"{relation}: config.meta.numerosity.tasks")
    table = FeatureTable(
        relation=relation,
        entity=_text(entry, "entity", relation),
        entity_key=_text(entry, "entity_key", relation),
        as_of_column=_text(entry, "as_of_column", relation),
        features=features,
        tasks=tuple(_task(relation, name, body) for name, body in tasks.items()),
    )
    for task in table.tasks:
        _check(table, task, model.columns)
    return table


def _feature(relation: str, name: str, column: Column) -> Feature:
    if column.data_type is not None and column.data_type.lower() not in FLOATS:
        raise InputError(
            f"{relation}: feature {name} has data_type {column.data_type}, not float:"
            " cast it in the model and change its YAML"
        )
    meta = column.meta
    window = meta.get("window_days")
    return Feature(
        name=name,
        label=str(meta.get("label") or name.replace("_", " ")),
        group=str(meta.get("group") or ""),
        is_personal=bool(meta.get("is_personal", False)),
        is_sensitive=bool(meta.get("is_sensitive", False)),
        window_days=None if window is None else int(window),
    )


def _task(relation: str, name: str, body: Any) -> Task:
    where = f"{relation}: task {name}"
    entry = _mapping(body, where)
    horizon = entry.get("horizon_days", 0)
    if not isinstance(horizon, int) or horizon < 0:
        raise InputError(f"{where}: horizon_days is {horizon!r}: write a number of days")
    groups = entry.get("exclude_groups") or []
    if not isinstance(groups, list):
        raise InputError(f"{where}: exclude_groups is {groups!r}: write a list")
    by_default = entry.get("trained_by_default", True)
    if not isinstance(by_default, bool):
        raise InputError(f"{where}: trained_by_default is {by_default!r}: write true or false")
    return Task(
        name=name,
        title=str(entry.get("title") or name.replace("_", " ")),
        label=_text(entry, "label", where),
        horizon_days=horizon,
        exclude_groups=tuple(map(str, groups)),
        trained_by_default=by_default,
        cost_false_positive=_amount(entry, "cost_false_positive", where),
        value_true_positive=_amount(entry, "value_true_positive", where),
        states_costs="cost_false_positive" in entry or "value_true_positive" in entry,
    )


def _check(table: FeatureTable, task: Task, columns: Mapping[str, Column]) -> None:
    """Raise InputError unless the label and the excluded groups of the task exist.

    A misspelt group would let the features it was meant to exclude leak into the model.
    """
    where = f"{table.relation}: task {task.name}"
    if task.label not in columns:
        raise InputError(
            f"{where}: its label {task.label} is not among the columns of the YAML: add the column"
        )
    if columns[task.label].meta.get("role") == "feature":
        raise InputError(
            f"{where}: its label {task.label} is also a feature: remove one of the two roles"
        )
    unknown = set(task.exclude_groups) - {feature.group for feature in table.features}
    if unknown:
        raise InputError(
            f"{where}: no feature is in the excluded group {sorted(unknown)[0]}: correct its name"
        )
    if not table.features_for(task):
        raise InputError(f"{where}: exclude_groups leaves no feature: exclude fewer groups")


def _variant(table: FeatureTable, task: Task, without: tuple[str, ...]) -> Task:
    groups = dict.fromkeys(feature.group for feature in table.features_for(task))
    for group in without:
        if group not in groups:
            raise UsageError(
                f"task {task.name} has no group of features {group}: it has {', '.join(groups)}"
            )
    if without and len(without) == len(groups):
        raise UsageError(
            f"task {task.name} without {', '.join(without)} has no feature left: leave out fewer"
            " groups"
        )
    return replace(task, exclude_groups=task.exclude_groups + without, without=without)


def _mapping(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping) or not value:
        raise InputError(f"{where} is not a mapping in the YAML: write keys with values")
    return value


def _amount(entry: Mapping[str, Any], key: str, where: str) -> float:
    amount = entry.get(key, 1.0)
    if isinstance(amount, bool) or not isinstance(amount, int | float) or not 0 < amount < 1e12:
        raise InputError(f"{where}: {key} is {amount!r}: write an amount above 0")
    return float(amount)


def _text(entry: Mapping[str, Any], key: str, where: str) -> str:
    if not isinstance(entry.get(key), str):
        raise InputError(f"{where}: {key} is missing in config.meta of the YAML: add it")
    return str(entry[key])
