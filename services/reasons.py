"""Why a registration moved: the codes that a row of its history holds, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from models.base import db
from models.orders import Order
from models.people import Person
from models.registrations import Registration, Status, Transition


def known_reasons() -> dict[str, str]:
    return {
        "registered": _("registered on the page"),
        "registered_by_organisation": _("enrolled by the organisation"),
        "confirmed_by_code": _("registered as a guest, address proven by a code"),
        "walk_in": _("added at the desk"),
        "paid": _("the money arrived"),
        "place_freed": _("a place became free"),
        "approved": _("accepted by the organiser"),
        "approved_while_full": _("accepted by the organiser while it was full"),
        "substituted": _("a colleague comes instead"),
        "substitutes": _("comes instead of a colleague"),
        "date_changed": _("moved to another date"),
        "moved_online": _("moved to an online place"),
        "moved_onsite": _("moved to a place on site"),
        "declined": _("declined by the organiser"),
        "cancelled": _("cancelled by the person"),
        "cancelled_by_person": _("cancelled by the person"),
        "cancelled_by_buyer": _("cancelled by who ordered"),
        "cancelled_at_desk": _("cancelled at the desk"),
        "withdrawn": _("withdrawn by the buyer, as the law lets a consumer"),
        "event_cancelled": _("the event was cancelled"),
        "offer_accepted": _("took the place offered"),
        "offer_declined": _("passed the place on"),
        "offer_expired": _("the place offered was not taken in time"),
        "payment_expired": _("the money did not arrive in time"),
        "request_expired": _("the request was not answered before it began"),
        "wait_ended": _("no place became free before it began"),
        "late_money": _("the money arrived after all"),
        "sample": _("part of the sample season"),
    }


def reason_words(reason: str, to: str = "") -> str:
    """Why, as the desk reads it: free words of an organiser stay as they are. `to`: the status it led to."""
    return why_waiting(reason, to) or known_reasons().get(reason, reason)


def why_waiting(reason: str, to: str) -> str:
    """Why somebody waits who has only just come; '' for every other step."""
    if to != Status.WAITLISTED:
        return ""
    return {
        "registered": _("registered on the page while every place for them was taken"),
        "registered_by_organisation": _("enrolled by the organisation while every place for them was taken"),
        "late_money": _("the money arrived after all, while every place was taken"),
    }.get(reason, "")


@dataclass(frozen=True)
class Step:
    """One row of history as the person of the order reads it. `who`: '' is the clock."""

    at: datetime
    status: Status
    why: str
    who: str


def steps_of(order: Order, reader: Person | None) -> dict[int, list[Step]]:
    """The history of every registration of an order, oldest first, by the registration's id; one query.

    What an organiser wrote for the desk stays there: only the reason of a refusal is the person's to read.
    """
    people = {order.buyer_id, *(row.person_id for row in order.registrations)}
    rows = db.session.scalars(
        select(Transition)
        .join(Registration, Registration.id == Transition.registration_id)
        .where(Registration.order_id == order.id)
        .options(joinedload(Transition.actor))
        .order_by(Transition.at, Transition.id)
    )
    found: dict[int, list[Step]] = {}
    for row in rows:
        step = Step(row.at, Status(row.to_status), why_for_person(row), who_for_person(row, people, reader))
        found.setdefault(row.registration_id, []).append(step)
    return found


def why_for_person(row: Transition) -> str:
    known = why_waiting(row.reason, row.to_status) or known_reasons().get(row.reason)
    if known is not None:
        return known
    return row.reason if row.to_status == Status.DECLINED else _("by the organiser")


def who_for_person(row: Transition, people: set[int | None], reader: Person | None) -> str:
    if row.actor is None:
        return ""
    if reader is not None and row.actor.id == reader.id:
        return _("you")
    return row.actor.name if row.actor.id in people else _("the organiser")
