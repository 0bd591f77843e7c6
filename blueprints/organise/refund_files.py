"""Files for the bank that pay refunds, for finance: made, taken, taken back."""

from __future__ import annotations

from flask import Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.exc import NoResultFound

from blueprints.guards import finance_only, me
from blueprints.organise import blueprint
from blueprints.refund_words import state_words
from services.audit import record
from services.refund_files import FileWithdrawn, NothingToPay, NotToBePaid, content_of, make_file, page_of, withdraw


@blueprint.post("/organise/refunds/files")
def make_refund_file() -> ResponseReturnValue:
    """Every refund that waits for a transfer, as one file for the bank."""
    finance_only()
    try:
        return redirect(url_for("organise.refund_file", public_id=make_file(actor=me())), 303)
    except NothingToPay:
        flash(_("No refund waits for a transfer: somebody has made a file of them, or none is left."), "info")
    return redirect(url_for("organise.refunds", show="sent"), 303)


@blueprint.get("/organise/refunds/files/<public_id>")
def refund_file(public_id: str) -> ResponseReturnValue:
    """One file: what it pays, and how far it came."""
    finance_only()
    page = page_of(public_id) or abort(404)
    return render_template("organise/refund_file.html", page=page, file=page.file, state_words=state_words)


@blueprint.post("/organise/refunds/files/<public_id>/take")
def take_refund_file(public_id: str) -> ResponseReturnValue:
    """The file itself, the same each time; that it was taken is an audit entry."""
    finance_only()
    try:
        content = content_of(public_id)
    except NoResultFound:
        abort(404)
    except FileWithdrawn:
        flash(_("This file was taken back. Its refunds wait for another one."), "error")
    except NotToBePaid:
        flash(_("One of its refunds is not to be paid any more. Take the file back and make another one."), "error")
    else:
        record("refund_file.taken", me(), details={"file": public_id}, ip=request.remote_addr or "")
        answer = Response(content, content_type="application/xml")
        answer.headers.set("Content-Disposition", "attachment", filename=f"refunds-{public_id}.xml")
        answer.headers["Cache-Control"] = "no-store"
        return answer
    return redirect(url_for("organise.refund_file", public_id=public_id), 303)


@blueprint.post("/organise/refunds/files/<public_id>/withdraw")
def withdraw_refund_file(public_id: str) -> ResponseReturnValue:
    """The bank never had it."""
    finance_only()
    try:
        withdraw(public_id, actor=me())
        flash(_("The file is taken back. Its refunds wait for another one."), "success")
    except NoResultFound:
        abort(404)
    except FileWithdrawn:
        flash(_("It stays: somebody has taken it back already, or the bank has paid one of its refunds."), "error")
    return redirect(url_for("organise.refund_file", public_id=public_id), 303)
