"""Set Superset up, import database, datasets, charts and dashboards, and serve them on loopback.

    .venv-bi/bin/python bi/superset/start.py [--port 8088] [--no-serve]

Run again, it changes what is in `assets/` and leaves what people made in Superset alone.
"""

import argparse
import os
import secrets
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
USER = "admin"


def main() -> None:
    """Everything, in this order."""
    options = argparse.ArgumentParser(description=__doc__, add_help=True)
    options.add_argument("--port", type=int, default=int(os.environ.get("NUMEROSITY_BI_PORT") or 8088))
    options.add_argument("--no-serve", action="store_true", help="set up and import only")
    chosen = options.parse_args()

    os.environ["SUPERSET_CONFIG_PATH"] = str(HERE / "superset_config.py")
    os.environ["FLASK_APP"] = "superset.app:create_app()"
    os.umask(0o077)  # what Superset keeps is its owner's

    import superset_config

    if not superset_config.SERVING.is_file():
        sys.exit(f"{superset_config.SERVING} is not there: run make publish first (or make demo)")
    password = set_up(superset_config.HOME, superset_config.SERVING)
    print(f"Superset: http://127.0.0.1:{chosen.port}/dashboard/list/", file=sys.stderr)
    print(f"user {USER}, password {password}", file=sys.stderr)
    if not chosen.no_serve:
        serve(chosen.port)


def set_up(home: Path, serving: Path) -> str:
    """Bring Superset's own tables up to date and import the assets; returns the password."""
    from superset.app import create_app

    app = create_app()
    place, done = home / "admin_password", home / "set_up"
    if not done.exists() or done.read_text() != app.config["VERSION_STRING"]:
        run(app, "db", "upgrade")
        run(app, "init")
    if not place.exists():
        place.write_text(secrets.token_urlsafe(12))
        run(app, "fab", "create-admin", "--username", USER, "--firstname", "Numerosity",
            "--lastname", "Admin", "--email", "admin@localhost", "--password", place.read_text())
    done.write_text(app.config["VERSION_STRING"])
    import_assets(app, serving)
    return place.read_text()


def run(app: Any, *command: str) -> None:
    """One command of Superset's command line, in this process: each start of its own costs 10 s."""
    from flask.cli import ScriptInfo
    from superset.cli.main import superset

    superset.main(command, standalone_mode=False, obj=ScriptInfo(create_app=lambda: app))


def import_assets(app: Any, serving: Path) -> None:
    """Give Superset every file of `assets/`, in place of what it had under the same uuid."""
    from assets import contents
    from superset import security_manager
    from superset.commands.importers.v1.assets import ImportAssetsCommand
    from superset.utils.core import override_user

    with app.app_context(), override_user(security_manager.find_user(USER)):
        ImportAssetsCommand(contents(serving)).run()


def serve(port: int) -> None:
    """Become the server: one process (Superset keeps its own tables in SQLite), eight threads."""
    os.execv(sys.executable, [
        sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--worker-class", "gthread",
        "--workers", "1", "--threads", "8", "--timeout", "60", "--log-level", "warning", "superset.app:create_app()",
    ])


if __name__ == "__main__":
    main()
