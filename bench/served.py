"""What granian serves while bench/pages.py looks: Atrium as it is, and a Flask that only says “ok”."""

from __future__ import annotations

import os
from pathlib import Path

from flask import Flask


def atrium() -> Flask:
    """One worker of Atrium on the bench's database."""
    from app import create_app
    from bench.storm import settings_for

    return create_app(settings_for(os.environ["BENCH_DATABASE_URL"], Path(os.environ["BENCH_FOLDER"])))


def empty() -> Flask:
    """A Flask without sessions, templates or database."""
    app = Flask("empty")

    @app.get("/")
    def ok() -> str:
        return "ok"

    return app
