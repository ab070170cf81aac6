"""Superset on one machine: it reads the serving copy and sends no request to other servers.

Superset imports this file; every name in capital letters is a setting of Superset.
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
    """A path from the environment; a relative path is below the project's folder."""
    return Path(os.path.normpath(ROOT / Path(os.environ.get(variable) or default).expanduser()))


SERVING = _place("NUMEROSITY_SERVING", "data/serving.duckdb")
HOME = _place("NUMEROSITY_BI", "data/bi")


def _secret_key() -> str:
    """The key that signs sessions; it is created once, and only its owner can read it."""
    place = HOME / "secret_key"
    if not place.exists():
        HOME.mkdir(parents=True, exist_ok=True, mode=0o700)
        with open(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
    return place.read_text()


def _served_version() -> Path:
    """The file to open: the served version, by its path among the kept versions.

    Within a process, DuckDB shares open files by path. With the path `serving.duckdb`, overlapping
    queries would keep an old publication open. The path of a version never changes its content.
    """
    for version in SERVING.with_suffix("").glob("[!.]*.duckdb"):
        with suppress(FileNotFoundError):  # publish may remove an old version meanwhile
            if version.samefile(SERVING):
                return version
    return SERVING


def DB_CONNECTION_MUTATOR(url: URL, engine: dict[str, Any], *_: Any) -> tuple[URL, dict[str, Any]]:
    """Make every query open the version served at that moment, read-only, and close it.

    SQL written in Superset, and databases added there, can read only that file.
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

# Results are not cached (Superset's default): a query of the newest version takes milliseconds.

# No request leaves the machine: no telemetry, maps, images or fonts from other servers.
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
    "session_cookie_secure": False,  # the address on loopback uses http
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
