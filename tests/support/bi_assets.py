"""What the files of bi/superset name, and a publication for them to be asked of."""

import importlib.util
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from scoring.publish import publish
from tests.support.project import Workspace
from warehouse.settings import PROJECT_ROOT, Settings, load_settings

__all__ = ["SUPERSET", "assets", "charts_of", "named_columns", "publish_to"]

SUPERSET = PROJECT_ROOT / "bi" / "superset"
COLUMN_KEYS = ("all_columns", "groupby", "x_axis", "entity", "series")
METRIC_KEYS = ("metric", "metrics", "x", "y", "size", "timeseries_limit_metric")


def assets() -> ModuleType:
    """bi/superset/assets.py, which is in no package: Superset's environment runs it."""
    spec = importlib.util.spec_from_file_location("bi_superset_assets", SUPERSET / "assets.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def charts_of(dashboard: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The meta of a dashboard's charts, by their keys in the layout."""
    return {
        key: item["meta"]
        for key, item in dashboard["position"].items()
        if isinstance(item, dict) and item["type"] == "CHART"
    }


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if value else []


def named_columns(params: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What a chart asks its dataset for: ("column" or "metric", name), and ("sql", expression)."""
    for key in COLUMN_KEYS:
        yield from (("column", name) for name in _listed(params.get(key)))
    for key in METRIC_KEYS:
        for metric in _listed(params.get(key)):
            if isinstance(metric, str):
                yield "metric", metric
            else:
                yield "sql", metric["sqlExpression"]
    for order in _listed(params.get("order_by_cols")):
        yield "column", json.loads(order)[0]
    for condition in _listed(params.get("adhoc_filters")):
        if condition["expressionType"] == "SQL":
            yield "sql", condition["sqlExpression"]
        else:
            yield "column", condition["subject"]
    yield from (("column", each["column"]) for each in params.get("conditional_formatting", []))


def publish_to(serving: Path, shop: Workspace) -> Settings:
    """Publish a shop's warehouse there; the settings it was done with."""
    manifest = shop.folder / "target" / "manifest.json"
    settings = load_settings(warehouse=shop.warehouse, serving=serving, manifest=manifest)
    publish(settings, force=True, progress=False)
    return settings
