"""Superset for one machine: reads the serving copy, listens on loopback, asks nothing outside.

Superset imports this file; every capital name is a setting of Superset's.
"""

import logging
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy.engine import URL

ROOT = Path(__file__).resolve().parents[2]


def _place(variable: str, default: str) -> Path:
    """A path from the environment, below the project's folder unless it is absolute."""
    return Path(os.path.normpath(ROOT / Path(os.environ.get(variable) or default).expanduser()))


SERVING = _place("NUMEROSITY_SERVING", "data/serving.duckdb")
HOME = _place("NUMEROSITY_BI", "data/bi")


def _secret_key() -> str:
    """Signs sessions; made once, and readable by its owner only."""
    place = HOME / "secret_key"
    if not place.exists():
        HOME.mkdir(parents=True, exist_ok=True, mode=0o700)
        with open(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
    return place.read_text()


def _served_version() -> Path:
    """The file to open now: what is served, by the name it has among the versions kept.

    Within a process DuckDB shares what is open by its name, so under the name `serving.duckdb` two
    overlapping queries would hold on to an old publication. A version's own name never changes.
    """
    for version in SERVING.with_suffix("").glob("[!.]*.duckdb"):
        with suppress(FileNotFoundError):  # publish removes old ones
            if version.samefile(SERVING):
                return version
    return SERVING


def DB_CONNECTION_MUTATOR(url: URL, engine: dict[str, Any], *_: Any) -> tuple[URL, dict[str, Any]]:
    """Every query of DuckDB opens what is served at that moment, read-only, and closes it.

    Whoever may write SQL here, or add databases, reads that file and no other.
    """
    if url.drivername == "duckdb":
        url = url.set(database=str(_served_version()))
        engine["connect_args"] = {
            "read_only": True,
            "config": {"enable_external_access": "false", "lock_configuration": "true"},
        }
    return url, engine


SECRET_KEY = _secret_key()
SQLALCHEMY_DATABASE_URI = f"sqlite:///{HOME / 'superset.db'}?check_same_thread=false"
DATA_DIR = str(HOME)

# Results are not cached (Superset's default): a query takes milliseconds, and tells what is newest.

# No request leaves the machine: no telemetry, no maps, no pictures or fonts from elsewhere.
TALISMAN_CONFIG = {
    "content_security_policy": {
        "default-src": ["'self'"],
        "base-uri": ["'self'"],
        "img-src": ["'self'", "blob:", "data:"],
        "worker-src": ["'self'", "blob:"],
        "connect-src": ["'self'"],
        "object-src": "'none'",
        "style-src": ["'self'", "'unsafe-inline'"],
        "font-src": ["'self'", "data:"],
        "script-src": ["'self'", "'strict-dynamic'"],
    },
    "content_security_policy_nonce_in": ["script-src"],
    "force_https": False,
    "session_cookie_secure": False,  # loopback speaks http
}
ENABLE_CORS = False

FEATURE_FLAGS = {"ALERT_REPORTS": False, "THUMBNAILS": False}
LOG_LEVEL = logging.WARNING

APP_NAME = "Numerosity"
THEME_DARK = None
THEME_DEFAULT = {
    "token": {
        "brandAppName": APP_NAME,
        "brandLogoAlt": "Apache Superset",
        "brandLogoUrl": "/static/assets/images/superset-logo-horiz.png",
        "brandLogoHref": "/dashboard/list/",
        "brandLogoHeight": "24px",
        "brandLogoMargin": "18px 0",
        "colorPrimary": "#1f5f8b",
        "colorLink": "#1f5f8b",
        "colorSuccess": "#2c6e49",
        "colorWarning": "#c98a1b",
        "colorError": "#a4262c",
    },
    "algorithm": "default",
}
EXTRA_CATEGORICAL_COLOR_SCHEMES = [
    {
        "id": "numerosity",
        "label": "Numerosity",
        "description": "The colours of the report",
        "colors": [
            "#1f5f8b",
            "#c2562d",
            "#2c6e49",
            "#c98a1b",
            "#7a5c99",
            "#5d656d",
            "#6db3e2",
            "#a4262c",
        ],
        "isDefault": True,
    }
]
