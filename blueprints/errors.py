"""What a reader sees when something went wrong: what happened, and what to do."""

from __future__ import annotations

import logging

from flask import Flask, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from blueprints.question_fields import LARGEST_FORM
from models.base import db
from services.kept_files import LARGEST

MEGABYTE = 1024 * 1024
PAGES = (400, 403, 404, 405, 410, 413, 429, 500, 503)
log = logging.getLogger(__name__)


def answer_errors(app: Flask) -> None:
    """One handler for every HTTP error and one for what nobody foresaw."""

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> ResponseReturnValue:
        code = error.code or 500
        if code < 400 or error.response is not None:
            return error.get_response()
        page = code if code in PAGES else (400 if code < 500 else 500)
        return render_template(f"errors/{page}.html", error=error, largest=largest()), code

    @app.errorhandler(Exception)
    def unforeseen(error: Exception) -> ResponseReturnValue:
        if app.testing or app.debug:
            raise error
        log.exception("unforeseen error at %s %s", request.method, request.path)
        db.session.rollback()
        return render_template("errors/500.html"), 500


def largest() -> tuple[int, int]:
    """How much may be sent to this address at once, and how much one file may have where files answer questions (else
    0), in whole megabytes."""
    everything = request.max_content_length or 0
    each = LARGEST if everything == LARGEST_FORM else 0
    return everything // MEGABYTE, each // MEGABYTE
