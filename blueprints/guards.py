"""Who may come in: the first line of every view that is not for everybody.

Signed out: to the sign-in page, and then back. A stranger: 404, the desk does not exist for them. Staff without the
right for this event: 403, with the sentence of the error page.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar
from urllib.parse import urlsplit

from flask import abort, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from werkzeug.wrappers import Response

from models.events import Event
from models.people import Person
from services import permissions
from services.permissions import Roles, roles_of

P = ParamSpec("P")
R = TypeVar("R", bound=ResponseReturnValue)


def current_person() -> Person | None:
    """The person who is signed in, or None."""
    return current_user._get_current_object() if current_user.is_authenticated else None


def me() -> Person:
    """The person who is signed in; else the sign-in page, then back here."""
    person = current_person()
    if person is None:
        abort(ask_to_sign_in())
    return person


def roles() -> Roles:
    """The roles of this request's person, read once."""
    if "roles" not in g:
        g.roles = permissions.NOBODY  # what the page of a broken database finds
        g.roles = roles_of(current_person())
    found: Roles = g.roles
    return found


def own_path(target: str | None, otherwise: str = "/") -> str:
    """`target` when it is a path of this site, else `otherwise`. Browsers read `//host`, `/\\host` and paths with
    control characters as other sites, so only a plain path with a query passes."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return otherwise
    if any(ord(character) < 33 or character == "\\" for character in target):
        return otherwise
    parts = urlsplit(target)
    return otherwise if parts.scheme or parts.netloc else target


def ask_to_sign_in() -> Response:
    """To the sign-in page, and from there to the page that was asked for (for a POST: the page that held its form)."""
    if request.method in ("GET", "HEAD"):
        wanted = request.full_path.rstrip("?")
    else:
        referrer = urlsplit(request.referrer or "")
        wanted = referrer.path if referrer.netloc == request.host else ""
    back = own_path(wanted, "")
    return redirect(url_for("accounts.sign_in", next=back or None), 303)


def signed_in(view: Callable[P, R]) -> Callable[P, R]:
    """A view for anybody who is signed in."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        me()
        return view(*args, **kwargs)

    return guarded


def staff_only(view: Callable[P, R]) -> Callable[P, R]:
    """A view of the desk: 404 for people without any role."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        require_staff()
        return view(*args, **kwargs)

    return guarded


def require_staff() -> Roles:
    """The roles of a member of staff; sign-in page when signed out, 404 for everybody else."""
    me()
    if not permissions.is_staff(roles()):
        abort(404)
    return roles()


def require(allowed: bool) -> None:
    """403 unless `allowed`: for staff whose role does not reach this far."""
    if not allowed:
        abort(403)


def event_for(slug: str, may: Callable[[Roles, int], bool]) -> Event:
    """The event with this slug when the rule `may` allows it. Signed out: sign-in page; stranger or no such event: 404;
    staff without that right: 403."""
    found = require_staff()
    event = permissions.event_by_slug(slug)
    if event is None:
        abort(404)
    require(may(found, event.id))
    return event


def organiser_of(slug: str) -> Event:
    """The event, for who organises it."""
    return event_for(slug, permissions.may_organise)


def attendees_of(slug: str) -> Event:
    """The event, for who may see its attendee list: organisers and finance."""
    return event_for(slug, permissions.may_see_attendees)


def marker_of(slug: str) -> Event:
    """The event, for who may mark attendance: organisers and its trainers."""
    return event_for(slug, permissions.may_mark_attendance)


def desk_event(slug: str) -> Event:
    """The event, for whoever has any business with it at the desk."""
    return event_for(slug, permissions.may_see_event)


def organisations_readers_only() -> Roles:
    """The roles of who may read the organisations at the desk; 403 for other staff, 404 for strangers."""
    found = require_staff()
    require(permissions.may_see_organisations(found))
    return found


def organisations_managers_only() -> Roles:
    """The roles of who decides about organisations; 403 for other staff, 404 for strangers."""
    found = require_staff()
    require(permissions.may_manage_organisations(found))
    return found


def finance_only() -> Roles:
    """The roles of who may receive money; 403 for other staff, 404 for strangers."""
    found = require_staff()
    require(permissions.may_receive_money(found))
    return found
