"""What a reader may do on the page of an event: exactly one thing, or the sentence that says why nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from flask_babel import gettext as _, ngettext

from models.courses import Publication
from models.events import Event, Run
from models.registrations import Status
from services.cards import Places, mine_words
from services.dates import say_deadline
from services.prices import Offer
from services.readers import Reader


class Act(StrEnum):
    """What this reader may do on the page; exactly one."""

    ENROL = "enrol"
    REQUEST = "request"  # the organiser approves first
    WAIT = "wait"  # join the waiting list
    SIGN_IN = "sign_in"  # members only, and nobody is signed in
    MINE = "mine"  # has a live registration: to its order
    NOTHING = "nothing"  # and `why_not` says why


@dataclass(frozen=True)
class Waiting:
    """How many people wait for a place, and how many of them are members."""

    people: int
    members: int

    def ahead_of(self, reader: Reader) -> int:
        """How many would wait before this reader: members come first."""
        return self.members if reader.is_member else self.people


@dataclass(frozen=True)
class Action:
    """The main action: what, in which words, and why not."""

    act: Act
    label: str = ""
    small: str = ""
    why_not: str = ""
    order_code: str = ""
    status: str = ""


def places_sentence(event: Event, places: Places, at: datetime) -> tuple[str, bool]:
    """“3 places left of 16”, and whether they are few. '' once the event is over or does not take place."""
    if event.run not in (Run.TENTATIVE, Run.GUARANTEED, Run.RUNNING) or at >= event.ends_at or not places.capacity:
        return "", False
    if places.free <= 0:
        return str(ngettext("The only place is taken", "All %(num)s places are taken", places.capacity)), False
    words = ngettext(
        "%(num)s place left of %(capacity)s", "%(num)s places left of %(capacity)s", places.free,
        capacity=places.capacity,
    )  # fmt: skip
    return str(words), places.free * 5 <= places.capacity


def action_of(
    event: Event,
    places: Places,
    offered: Offer,
    mine: tuple[str, str] | None,
    reader: Reader,
    waiting: Waiting,
    locale: str,
    at: datetime,
    place_in_line: int | None = None,
) -> Action:
    """The one thing this reader may do now, or the sentence that says why there is nothing to do."""
    if mine:
        status, code = mine
        words = mine_words(status) if place_in_line is None else line_words(place_in_line)
        return Action(Act.MINE, mine_title(status), words, order_code=code, status=status)
    if event.publication != Publication.PUBLISHED:
        return Action(Act.NOTHING, why_not=_("Registration opens once this page is published."))
    if not event.registration_is_open(at):
        return Action(Act.NOTHING, why_not=closed_words(event, locale, at))
    if offered.price is None and offered.refusal != "students_only":
        return refused(event, offered, reader, locale)
    if event.approval == "organiser" and not (event.holds_requests and places.free <= 0):
        return Action(Act.REQUEST, _("Ask for a place"), asking_words(event))
    if places.free <= 0:
        if not event.has_waiting_list:
            return Action(Act.NOTHING, why_not=_("All places are taken, and there is no waiting list."))
        return Action(Act.WAIT, _("Join the waiting list"), position_words(waiting.ahead_of(reader) + 1))
    label = _("Enrol") if event.course_id else _("Register")
    return Action(Act.ENROL, label, _("Check and confirm on the next page"))


def asking_words(event: Event) -> str:
    if event.holds_requests:
        return str(_("It is held for you until the organiser answers by e-mail"))
    return str(_("The organiser answers by e-mail"))


def refused(event: Event, offered: Offer, reader: Reader, locale: str) -> Action:
    """No ticket is for this reader: members only, or nothing on sale at present."""
    if offered.opens is not None and offered.refusal == "not_on_sale":
        opens = say_deadline(offered.opens, locale, event.zone)
        return Action(Act.NOTHING, why_not=_("Places go on sale on %(moment)s.", moment=opens))
    if offered.refusal != "members_only":
        return Action(Act.NOTHING, why_not=_("No places are on sale at present."))
    if reader.person_id is None:
        return Action(Act.SIGN_IN, _("Sign in to register"), _("This event is for members"))
    return Action(
        Act.NOTHING,
        why_not=_(
            "This event is for people who work at a member organisation. Add your work e-mail to your account if yours is one."
        ),
    )


def closed_words(event: Event, locale: str, at: datetime) -> str:
    """Why nobody can register now."""
    if event.run == Run.CANCELLED:
        return str(_("This event was cancelled."))
    if event.run == Run.POSTPONED:
        return str(_("Registration opens again once there is a new date."))
    if at >= event.ends_at or event.run in (Run.ENDED, Run.CLOSED):
        return str(_("This event is over."))
    if event.registration_opens_at and at < event.registration_opens_at:
        opens = say_deadline(event.registration_opens_at, locale, event.zone)
        return str(_("Registration opens on %(moment)s.", moment=opens))
    if at >= event.starts_at:
        return str(_("This event has begun."))
    closed = say_deadline(event.registration_closes_at or event.starts_at, locale, event.zone)
    return str(_("Registration closed on %(moment)s.", moment=closed))


def mine_title(status: str) -> str:
    """What the button to one's own order says."""
    return {
        Status.CONFIRMED: _("You have a place"),
        Status.AWAITING_PAYMENT: _("Pay for your place"),
        Status.WAITLISTED: _("You are on the waiting list"),
        Status.OFFERED: _("Accept your place"),
        Status.PENDING_APPROVAL: _("You have asked for a place"),
    }[Status(status)]


def line_words(position: int) -> str:
    return str(_("Number %(number)s in line", number=position))


def position_words(position: int) -> str:
    if position == 1:
        return str(_("You would be the first on it"))
    return str(_("You would be number %(position)s", position=position))
