"""Superset on this machine: `set-up` creates or updates it, `serve` runs it on 127.0.0.1.

    .venv-bi/bin/python bi/superset/start.py set-up
    .venv-bi/bin/python bi/superset/start.py serve [--port 8088]

A further `set-up` replaces the assets of `assets/` in Superset. Other dashboards and charts, which
people created there, are kept.
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
    """Run the command line."""
    options = argparse.ArgumentParser(prog="start.py", description=str(__doc__).splitlines()[0])
    options.add_argument("what", choices=["set-up", "serve"])
    port = os.environ.get("NUMEROSITY_BI_PORT") or "8088"
    options.add_argument(
        "--port", type=int, default=port, help="(default: NUMEROSITY_BI_PORT, else 8088)"
    )
    chosen = options.parse_args()

    os.umask(0o077)  # only the owner can read the files of Superset
    os.environ["SUPERSET_CONFIG_PATH"] = str(HERE / "superset_config.py")
    from superset_config import HOME, SERVING

    if not SERVING.is_file():
        sys.exit(f"{SERVING} does not exist: run make demo or make publish first")
    if chosen.what == "set-up":
        set_up(HOME, SERVING)
    else:
        serve(HOME, chosen.port)


def set_up(home: Path, serving: Path) -> None:
    """Update Superset's own tables, create its user, and import the assets.

    Exits with a message when the published tables do not fit the assets.
    """
    import duckdb
    from assets import contents
    from superset.app import create_app

    try:
        imported = contents(serving)
    except (duckdb.Error, ValueError) as error:
        reason = str(error).splitlines()[0]
        sys.exit(f"{serving} does not fit the dashboards ({reason}): run dbt build, then publish")
    app = create_app()
    password, done = home / "admin_password", home / "version"
    if not done.exists() or done.read_text() != app.config["VERSION_STRING"]:
        run(app, "db", "upgrade")
        run(app, "init")
        if not password.exists():
            password.write_text(secrets.token_urlsafe(12))
            name = ("--username", USER, "--firstname", "Numerosity", "--lastname", "Admin")
            secret = ("--email", "admin@localhost", "--password", password.read_text())
            run(app, "fab", "create-admin", *name, *secret)
        done.write_text(app.config["VERSION_STRING"])
    with app.app_context():  # these modules of Superset can only be imported in the context
        from superset import security_manager
        from superset.commands.importers.v1.assets import ImportAssetsCommand
        from superset.utils.core import override_user

        with override_user(security_manager.find_user(USER)):
            ImportAssetsCommand(imported).run()


def run(app: Any, *command: str) -> None:
    """Run a command of Superset's command line in this process, because a new one takes 10 s."""
    from flask.cli import ScriptInfo
    from superset.cli.main import superset

    superset.main(command, standalone_mode=False, obj=ScriptInfo(create_app=lambda: app))


def serve(home: Path, port: int) -> None:
    """Print the address, and replace this process by the server.

    The server has only one process, because Superset's own tables are in SQLite.
    """
    if not (home / "version").exists():
        sys.exit(f"Superset is not set up in {home}: run make bi")
    print(f"Superset: http://127.0.0.1:{port}/dashboard/list/ (Ctrl-C stops it)", file=sys.stderr)
    print(f"user {USER}, password in {home / 'admin_password'}", file=sys.stderr)
    options = ["--bind", f"127.0.0.1:{port}", "--worker-class", "gthread", "--threads", "8"]
    options += ["--timeout", "60", "--log-level", "warning", "superset.app:create_app()"]
    os.execv(sys.executable, [sys.executable, "-m", "gunicorn", *options])


if __name__ == "__main__":
    main()
