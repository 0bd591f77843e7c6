"""Flask-Login, in this file only: who is signed in is the row that the key in the signed cookie leads to."""

from __future__ import annotations

import logging
from typing import Any

from flask import Request, Response, g, session
from flask.blueprints import BlueprintSetupState
from sqlalchemy.exc import SQLAlchemyError

from blueprints import guards
from blueprints.accounts import blueprint
from extensions import login
from models.credentials import SignIn
from models.people import Person
from services.entrances import Entry
from services.permissions import is_staff
from services.sign_ins import is_stale, mark_seen, revoke, sign_in_of

KEY = "sign_in"
KEPT = ("orders",)  # see blueprints/registrations/proof.py
log = logging.getLogger(__name__)

login.session_protection = None  # ours is the key: random, hashed in the database, revocable
login.login_view = "accounts.sign_in"
login.unauthorized_handler(guards.ask_to_sign_in)


@login.request_loader
def person_of(request: Request) -> Person | None:
    """The signed-in person of this request; a revoked or expired row signs out at once."""
    row = current_sign_in()
    return row.person if row else None


def current_sign_in() -> SignIn | None:
    """This browser's sign-in, read once per request. When the database is away the second question finds nobody, so
    that the page that says so can be drawn."""
    if "sign_in" not in g:
        g.sign_in = None
        key = session.get(KEY)
        if isinstance(key, str):
            g.sign_in = row = sign_in_of(key)
            g.stale_sign_in = row.id if row is not None and is_stale(row) else None  # a write makes us forget the row
    found: SignIn | None = g.sign_in
    return found


def begin(entry: Entry) -> None:
    """Sign this browser in: a new key, a new session. Of the old one only the orders opened by their signed links stay;
    nothing else that may have been planted in it does."""
    before = current_sign_in()
    if before is not None:
        revoke(before.person_id, before.public_id)
    kept = {name: session[name] for name in KEPT if name in session}
    session.clear()
    session.update(kept)
    session[KEY] = entry.key
    session.permanent = True
    g.sign_in_began = True  # the page is read in the account's language from now on


def end() -> None:
    """Sign this browser out."""
    row = current_sign_in()
    if row is not None:
        revoke(row.person_id, row.public_id)
    session.clear()
    g.pop("sign_in", None)


@blueprint.record_once
def settle(state: BlueprintSetupState) -> None:
    """The cookie is written when it changes, not with every answer."""
    state.app.config["SESSION_REFRESH_EACH_REQUEST"] = False


@blueprint.app_context_processor
def staff_variable() -> dict[str, Any]:
    """`staff`: whether the navigation shows the desk."""
    return {"staff": bool(guards.current_person()) and is_staff(guards.roles())}


@blueprint.after_app_request
def note_seen(response: Response) -> Response:
    """Keep `seen_at` within an hour. After the answer is made, so that no transaction of the view is disturbed."""
    if g.get("sign_in_began"):
        response.delete_cookie("lang")
    number: int | None = g.get("stale_sign_in")
    if number is not None and not response.is_streamed:
        try:
            mark_seen(number)
        except SQLAlchemyError:
            log.warning("seen_at of a sign-in was not written", exc_info=True)
    return response
