"""Settings: paths and limits, with defaults that environment variables replace."""

import os
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from warehouse.errors import UsageError

__all__ = ["PROJECT_ROOT", "Settings", "load_settings"]

PROJECT_ROOT = Path(__file__).resolve().parent.parent
"""The folder that holds dbt_project.yml."""


class Settings(BaseSettings):
    """Paths and limits, from `NUMEROSITY_<NAME>` or the default.

    A relative path is below the project root; every path becomes absolute.
    """

    model_config = SettingsConfigDict(
        env_prefix="NUMEROSITY_", env_ignore_empty=True, validate_default=True, frozen=True
    )

    warehouse: Path = Path("data/warehouse.duckdb")
    serving: Path = Path("data/serving.duckdb")
    spark_warehouse: Path = Path("data/spark")
    """The folder with the tables and the catalog of dbt's target `spark`."""
    raw: Path = Path("data/raw")
    landing: Path | None = None
    """Where raw files land as Parquet; without it, beside the warehouse."""
    artifacts: Path = Path("artifacts")
    real_data: Path = Path("../shared/data")
    manifest: Path = Path("target/manifest.json")
    erasures: Path | None = None
    """The erasure list; default: erased_customers.csv in the folder of the raw files."""
    activation_token: SecretStr | None = None
    """The bearer token that `activate` sends to a URL."""
    api_keys: Path = Path("data/api_keys")
    """The file with the hashes of the HTTP service's API keys."""
    time_zone: str = "UTC"
    """The time zone of a night's date, such as Europe/Berlin."""
    lock_timeout: float = Field(default=60, ge=0, allow_inf_nan=False)
    """Seconds to wait for a file that another process holds."""
    features_from: Literal["warehouse", "spark"] = "warehouse"
    """The source of training rows: the warehouse, or the tables in `spark_warehouse`."""
    training_rows: int = Field(default=1_000_000, ge=10_000)
    """The most labelled rows that a task is trained on; a larger table is sampled."""
    threads: int = Field(default_factory=lambda: os.cpu_count() or 1, ge=1)
    """Batches scored at the same time."""
    memory_limit: str = Field(default="512MB", pattern=r"^[1-9]\d*(\.\d+)? ?[KMGT]i?B$")
    """Memory that DuckDB may use while scoring; beyond it, DuckDB uses the disk."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @field_validator("*")
    @classmethod
    def _below_the_project_root(cls, value: Any) -> Any:
        if not isinstance(value, Path):
            return value
        return Path(os.path.normpath(PROJECT_ROOT / value.expanduser()))

    @field_validator("time_zone")
    @classmethod
    def _is_known(cls, value: str) -> str:
        try:
            _zone(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(
                "no such time zone: give a name like Europe/Berlin (on a machine without time"
                " zones, install the package tzdata)"
            ) from None
        return value

    @property
    def zone(self) -> tzinfo:
        """The time zone of a night's date."""
        return _zone(self.time_zone)

    @property
    def erasure_list(self) -> Path:
        """The file with the hashes of erased customers."""
        return self.erasures or self.raw / "erased_customers.csv"

    @property
    def landing_folder(self) -> Path:
        """Where raw files land."""
        return self.landing or self.warehouse.parent / "landing"

    @property
    def receipts(self) -> Path:
        """The folder of erasure receipts."""
        return self.warehouse.parent / "receipts"

    @property
    def activation(self) -> Path:
        """The folder of delivered audiences."""
        return self.warehouse.parent / "activation"


def _zone(name: str) -> tzinfo:
    return UTC if name == "UTC" else ZoneInfo(name)  # UTC needs no database of time zones


def load_settings(**values: Any) -> Settings:
    """The settings of this process; a value in `values` that is not None replaces the environment.

    Raises UsageError, which names the environment variable, when a value is invalid.
    """
    try:
        return Settings(**{name: value for name, value in values.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        variable = f"NUMEROSITY_{'_'.join(map(str, first['loc']))}".upper()
        raise UsageError(
            f"{variable} is {first['input']!r}: {first['msg'].removeprefix('Value error, ')}"
        ) from None
