"""The terms of an event, in words: price and VAT, certainty, certificate, registration window, cancelling."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from flask_babel import gettext as _, ngettext

from models.base import in_language
from models.courses import Course, Prerequisite
from models.events import Event, Run
from models.policies import Tier, fee_percent
from services.cards import Places
from services.courses import certificate_words
from services.dates import say_day, say_deadline, say_minutes
from services.policy_words import terms_of
from services.price_words import amount_words, vat_sentence
from services.prices import Offer, Price, Reason, notes_on


@dataclass(frozen=True)
class Fact:
    """One line of “Good to know”."""

    term: str
    words: str
    note: str = ""


@dataclass(frozen=True)
class PriceWords:
    """The price as the panel says it: the amount, the reason, what others pay, VAT."""

    amount: str
    why: str
    others: str
    vat: str


def price_sentence(offered: Offer, locale: str, zone: str) -> PriceWords | None:
    """What this reader pays and why, then what others pay, then VAT. None when nothing is on sale."""
    price = offered.price or next(iter(offered.others), None)
    if price is None:
        return None
    others = [one for one in offered.others if one is not price]
    return PriceWords(
        amount=amount_words(price, locale),
        why=" ".join([reason_words(price, offered), *notes_on(price, zone)]),
        others=" ".join(other_words(one, locale) for one in others),
        vat=vat_sentence(price, locale),
    )


def reason_words(price: Price, offered: Offer) -> str:
    """Why this amount: “for you, because Lysara Biologics is a member.”"""
    if offered.price is None:
        if offered.refusal == "students_only":
            return str(_("for students. Only they may register."))
        return str(_("for members. Only they may register."))
    if price.reason is Reason.MEMBER:
        return str(_("for you, because %(organisation)s is a member.", organisation=price.organisation))
    if price.reason is Reason.STUDENT:
        return str(_("for you, as a student."))
    if price.reason is Reason.STAFF:
        return str(_("for you, as a member of the team."))
    if price.reason is Reason.WITHOUT_MEMBERSHIP:
        return str(_("for you, without membership."))
    return str(_("for everyone."))


def other_words(price: Price, locale: str) -> str:
    amount = amount_words(price, locale)
    if price.reason is Reason.MEMBER:
        return str(_("%(amount)s for members.", amount=amount))
    if price.reason is Reason.STUDENT:
        return str(_("%(amount)s for students.", amount=amount))
    return str(_("%(amount)s for others.", amount=amount))


def notice_of(event: Event, locale: str) -> tuple[str, str, str] | None:
    """What a reader must know first: cancelled, postponed."""
    said = in_language(event.notices, locale)
    if event.run == Run.CANCELLED:
        words = _("Everybody who was registered has been told, and gets back what they paid.")
        return "notice-stop", _("This event is cancelled"), said or words
    if event.run == Run.POSTPONED:
        words = _("Whoever has a place keeps it, and will be told as soon as there is a new date.")
        return "notice-wait", _("This event is postponed"), said or words
    return None


def facts_of(
    event: Event, course: Course | None, places: Places, offered: Offer, locale: str, at: datetime
) -> tuple[Fact, ...]:
    """“Good to know”: certainty, length, certificate, registration window, cancelling."""
    certificate = certificate_words(course.minimum_attendance, course.validity_months) if course else ""
    rows = [
        Fact(_("Takes place"), certainty_words(event, places, locale, at)),
        Fact(_("Length"), say_minutes(course.minutes, locale) if course else ""),
        Fact(_("Certificate"), certificate),
        Fact(_("Before you come"), prerequisite_words(course)),
        Fact(_("Registration"), window_words(event, locale, at)),
        Fact(_("Cancelling"), *cancelling_words(event, offered, locale, at)),
    ]
    return tuple(row for row in rows if row.words)


def certainty_words(event: Event, places: Places, locale: str, at: datetime) -> str:
    """Whether it is sure to take place, since when, or what is missing and when it is decided."""
    if event.run in (Run.GUARANTEED, Run.RUNNING) and event.minimum:
        if event.guaranteed_at is None:
            return str(_("Guaranteed"))
        return str(_("Guaranteed since %(day)s", day=say_day(event.guaranteed_at, locale, event.zone)))
    if event.run != Run.TENTATIVE:
        return ""
    needed = event.minimum - places.taken
    said = [
        ngettext("As soon as %(num)s more person registers.", "As soon as %(num)s more people register.", needed)
        if needed > 0
        else _("The minimum is reached; the organiser confirms it soon.")
    ]
    if event.decides_at and event.decides_at > at:
        said.append(_("Decided by %(day)s.", day=say_day(event.decides_at, locale, event.zone)))
    return " ".join(said)


def prerequisite_words(course: Course | None) -> str:
    """Only what binds is a fact; what merely informs stands in “Who it is for”."""
    if course is None or course.prerequisite == Prerequisite.INFORM:
        return ""
    if course.prerequisite == Prerequisite.ENFORCE:
        return str(_("Another course comes first. You see which when you register; the organiser may exempt you."))
    return str(_("We ask you to confirm the prerequisites when you register."))


def window_words(event: Event, locale: str, at: datetime) -> str:
    """Until when one may register, while one may; a closing at the start needs no words."""
    if not event.registration_is_open(at) or event.registration_closes_at is None:
        return ""
    closes = say_deadline(min(event.registration_closes_at, event.starts_at), locale, event.zone)
    return str(_("Until %(moment)s", moment=closes))


def cancelling_words(event: Event, offered: Offer, locale: str, at: datetime) -> tuple[str, str]:
    """The last free moment when there is something to lose, or what leaving costs now; and the terms as the organiser
    wrote them."""
    costs = any(not price.is_free for price in (offered.price, *offered.others) if price)
    policy = terms_of(event, locale, costs=costs)
    if not costs or at >= event.starts_at:
        return policy, ""
    today, first_day = at.astimezone(event.tz).date(), event.starts_at.astimezone(event.tz).date()
    percent = leaving(tuple((tier["days"], tier["percent"]) for tier in event.tiers), today, first_day)
    if event.tiers:
        now_words = _("Leaving now costs %(percent)s %% of the price", percent=percent) if percent else ""
        return policy, now_words
    ends = event.free_to_cancel_until()
    if at >= ends:
        return policy, ""
    return _("Free until %(moment)s", moment=say_deadline(ends, locale, event.zone)), policy


@lru_cache(maxsize=4096)
def leaving(tiers: tuple[tuple[int, int], ...], today: date, first_day: date) -> int:
    """What leaving costs today in percent."""
    named: list[Tier] = [{"days": days, "percent": percent} for days, percent in tiers]
    return fee_percent(named, today, first_day)
