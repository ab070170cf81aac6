"""Where things are: defaults below the project root, replaceable by environment variables."""

import os
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from warehouse.errors import UsageError

__all__ = ["PROJECT_ROOT", "Settings", "load_settings"]

PROJECT_ROOT = Path(__file__).resolve().parent.parent
"""The folder that holds dbt_project.yml."""


class Settings(BaseSettings):
    """Paths and limits, from `NUMEROSITY_<NAME>` or the default. Paths come out absolute."""

    model_config = SettingsConfigDict(
        env_prefix="NUMEROSITY_", env_ignore_empty=True, validate_default=True, frozen=True
    )

    warehouse: Path = Path("data/warehouse.duckdb")
    serving: Path = Path("data/serving.duckdb")
    spark_warehouse: Path = Path("data/spark")
    """The folder of the tables and the catalog of dbt's target `spark`."""
    raw: Path = Path("data/raw")
    landing: Path | None = None
    """Where raw files land as Parquet; without it, beside the warehouse."""
    artifacts: Path = Path("artifacts")
    real_data: Path = Path("../shared/data")
    manifest: Path = Path("target/manifest.json")
    erasures: Path | None = None
    """The erasure list; without it, beside the raw files."""
    activation_token: SecretStr | None = None
    """What `activate` shows an address as a bearer token."""
    api_keys: Path = Path("data/api_keys")
    """Hashes of the API keys of the HTTP service."""
    lock_timeout: float = Field(default=60, ge=0, allow_inf_nan=False)
    """Seconds to wait for a warehouse that another process holds."""
    features_from: Literal["warehouse", "spark"] = "warehouse"
    """Where models learn from: the warehouse, or the tables in `spark_warehouse`."""
    training_rows: int = Field(default=1_000_000, ge=10_000)
    """Labelled rows read of a task; where there are more, so many are drawn."""
    threads: int = Field(default_factory=lambda: os.cpu_count() or 1, ge=1)
    """Batches scored at the same time."""
    memory_limit: str = Field(default="512MB", pattern=r"^[1-9]\d*(\.\d+)? ?[KMGT]i?B$")
    """What DuckDB may hold in memory while scoring; beyond it, it works on disk."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @field_validator("*")
    @classmethod
    def _below_the_project_root(cls, value: Any) -> Any:
        if not isinstance(value, Path):
            return value
        return Path(os.path.normpath(PROJECT_ROOT / value.expanduser()))

    @property
    def erasure_list(self) -> Path:
        """Who is never to come back."""
        return self.erasures or self.raw / "erased_customers.csv"

    @property
    def landing_folder(self) -> Path:
        """Where raw files land."""
        return self.landing or self.warehouse.parent / "landing"

    @property
    def receipts(self) -> Path:
        """The folder of receipts of erasures."""
        return self.warehouse.parent / "receipts"

    @property
    def activation(self) -> Path:
        """The folder of delivered audiences."""
        return self.warehouse.parent / "activation"


def load_settings(**values: Any) -> Settings:
    """The settings of this process; `values` that are not None win over the environment.

    Raises UsageError that names the variable when one cannot be read.
    """
    try:
        return Settings(**{name: value for name, value in values.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        variable = f"NUMEROSITY_{'_'.join(map(str, first['loc']))}".upper()
        raise UsageError(f"{variable} is {first['input']!r}: {first['msg']}") from None
