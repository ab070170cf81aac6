"""The sources of dbt_project.yml: which are on, and what `source_catalog` says of each."""

from typing import Any

import yaml

from warehouse.errors import UsageError
from warehouse.settings import PROJECT_ROOT

__all__ = ["read_catalog", "sources_on"]


def read_catalog() -> dict[str, dict[str, Any]]:
    """{source: its entry}. Raises UsageError where the project has none."""
    catalog: dict[str, dict[str, Any]] = _vars().get("source_catalog") or {}
    if not catalog:
        raise UsageError("dbt_project.yml has no source_catalog under vars: add your sources to it")
    return catalog


def sources_on() -> list[str]:
    """The var `sources`, as the project has it."""
    return list(_vars().get("sources") or [])


def _vars() -> dict[str, Any]:
    project = yaml.safe_load((PROJECT_ROOT / "dbt_project.yml").read_text(encoding="utf-8"))
    found: dict[str, Any] = project.get("vars") or {}
    return found
