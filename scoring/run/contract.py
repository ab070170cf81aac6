"""What a feature table must have so that a bundle can score it, checked alike on both engines."""

from collections.abc import Mapping
from datetime import date

from scoring.bundle import Bundle
from warehouse.errors import InputError, NothingToScoreError

__all__ = ["check_columns", "check_date", "duplicates"]


def check_columns(
    bundle: Bundle, found: Mapping[str, str], date_type: str, feature_type: str
) -> None:
    """Raise InputError unless `found`, types by column, has the bundle's columns and types."""
    model = f"model {bundle.model_version} of {bundle.task}"
    for name in (bundle.entity_key, bundle.as_of_column, *bundle.features):
        if name not in found:
            raise InputError(
                f"{bundle.relation} has no column {name}, which {model} needs:"
                " restore the column, or train again"
            )
    wanted = {bundle.as_of_column: date_type} | dict.fromkeys(bundle.features, feature_type)
    for name, kind in wanted.items():
        if found[name] != kind:
            raise InputError(
                f"{bundle.relation}.{name} is {found[name]}, {model} needs {kind}:"
                f" cast it to {kind.lower()} in its SQL"
            )


def check_date(
    bundle: Bundle,
    wanted: date | None,
    newest: date | None,
    rows: int,
    before: date | None,
    after: date | None,
) -> date:
    """`wanted`, or by default the `newest` date of the bundle's relation.

    `rows` is the number of rows on the wanted date; `before` and `after` are the dates nearest to
    it. Raises NothingToScoreError when there is no date at all, or no row on the wanted date.
    """
    if newest is None:
        raise NothingToScoreError(f"{bundle.relation} has no rows: run dbt build")
    if wanted is None:
        return date.fromisoformat(str(newest))
    if not rows:
        nearest = " and ".join(str(other) for other in (before, after) if other)
        raise NothingToScoreError(
            f"{bundle.relation} has no rows as of {wanted}: nearest are {nearest}"
        )
    return wanted


def duplicates(bundle: Bundle, day: date, entity: str, rows: int, too_many: int) -> InputError:
    """The error for an entity with several `rows` on one date; `too_many` rows in all."""
    return InputError(
        f"{bundle.relation} has {rows} rows as of {day} for {bundle.entity_key} {entity}"
        f" ({too_many} rows too many in all): keep one row per entity and date"
    )
