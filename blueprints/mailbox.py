"""The mailbox of the demo: the mails this Atrium sent into its folder. Elsewhere there is no such page."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Response, abort, render_template
from flask.typing import ResponseReturnValue

from blueprints.security import settings
from services import mailbox

blueprint = Blueprint("mailbox", __name__)

MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; base-uri 'none'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation"
)
"""A mail carries its styles with it and may do nothing else; its links leave the frame."""


def folder() -> Path:
    """The mail folder; 404 unless this is the demo on the loopback address and mail goes to a folder."""
    found = mailbox.folder_of(settings().mail_url)
    if not settings().demo or found is None:
        abort(404)
    return found


def kept(name: str) -> mailbox.KeptLetter:
    """One mail, or 404."""
    return mailbox.letter(folder(), name) or abort(404)


@blueprint.get("/mailbox")
def index() -> ResponseReturnValue:
    """Every mail, newest first."""
    return render_template("mailbox/index.html", letters=mailbox.letters(folder()))


@blueprint.get("/mailbox/<name>")
def show(name: str) -> ResponseReturnValue:
    """One mail: its code large, the HTML in a frame, the plain text."""
    return render_template("mailbox/show.html", letter=kept(name))


@blueprint.get("/mailbox/<name>/html")
def html(name: str) -> ResponseReturnValue:
    """The HTML of one mail as it was sent, for the frame; links open in place of the whole page."""
    page = kept(name).html.replace("<head>", '<head><base target="_top">', 1)
    return Response(page, mimetype="text/html", headers={"Content-Security-Policy": MAIL_POLICY})
