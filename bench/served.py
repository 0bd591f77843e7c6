"""What granian serves while bench/pages.py looks: Atrium as it is, and a Flask that only says “ok”."""

from __future__ import annotations

from flask import Flask


def atrium() -> Flask:
    """One worker of Atrium on the bench's database, made as `flask serve` makes it."""
    from commands.web import application

    return application()


def empty() -> Flask:
    """A Flask without sessions, templates or database."""
    app = Flask("empty")

    @app.get("/")
    def ok() -> str:
        return "ok"

    return app
