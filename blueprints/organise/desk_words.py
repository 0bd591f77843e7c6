"""Sentences of the desk: what waits for somebody, why a registration moved, what was done to an event."""

from __future__ import annotations

from typing import Any

from flask_babel import get_locale, gettext as _, ngettext

from blueprints.organise.export_words import purpose_words
from services.dates import say_day, say_deadline
from services.desk import Waiting
from services.money import say_money


def waiting_words(item: Waiting) -> str:
    """Why an event waits for somebody."""
    facts, locale = item.facts, str(get_locale())
    if item.code == "approve":
        requests = ngettext("%(num)s person asks for a place.", "%(num)s people ask for a place.", facts["requests"])
        return requests + " " + _("The oldest asked on %(day)s.", day=say_day(facts["oldest"], locale, item.zone))
    if item.code == "exempt":
        asked = ngettext(
            "%(num)s person asks for an exemption.", "%(num)s people ask for an exemption.", facts["requests"]
        )
        return asked + " " + _("The oldest asked on %(day)s.", day=say_day(facts["oldest"], locale, item.zone))
    if item.code in ("decide", "decide_now"):
        enrolled = _("%(confirmed)s of %(minimum)s confirmed.", **facts)
        if facts["is_late"] and facts["decides_at"]:
            when = say_deadline(facts["decides_at"], locale, item.zone)
            return enrolled + " " + _("It was to be decided by %(when)s.", when=when)
        if facts["decides_at"] is None:
            return enrolled + " " + _("Decide whether it takes place.")
        when = say_deadline(facts["decides_at"], locale, item.zone)
        return enrolled + " " + _("Decide by %(when)s whether it takes place.", when=when)
    if item.code == "close":
        ended = _("It ended on %(day)s.", day=say_day(facts["ends_at"], locale, item.zone))
        if facts["is_training"] and facts["confirmed"]:
            return (
                ended
                + " "
                + ngettext(
                    "Close it, and %(num)s person can have a certificate.",
                    "Close it, and %(num)s people can have their certificates.",
                    facts["confirmed"],
                )
            )
        return ended + " " + _("Close it when the attendance is right.")
    keep = ngettext("%(num)s person keeps a place", "%(num)s people keep their places", facts["confirmed"])
    return _("Postponed without new dates. %(keep)s and wait to hear.", keep=keep)


def waiting_act(code: str) -> str:
    return {
        "approve": _("Answer"),
        "exempt": _("Answer"),
        "decide_now": _("Decide"),
        "decide": _("Decide"),
        "close": _("Close"),
        "new_dates": _("Set new dates"),
    }[code]


def act_words(action: str, details: dict[str, Any]) -> str:
    """What was done, of one audit entry."""
    locale = str(get_locale())
    match action:
        case "event.created" if "copy_of" in details:
            return _("made the event as a copy of %(slug)s", slug=details["copy_of"])
        case "event.edited":
            fields = field_words()
            return _("changed: %(fields)s", fields=", ".join(fields.get(name, name) for name in details["changed"]))
        case "event.cancelled":
            registrations = ngettext(
                "%(num)s registration ended", "%(num)s registrations ended", details["registrations"]
            )
            refund = say_money(details.get("refund_cents", 0), locale)
            return _(
                "cancelled the event; %(registrations)s, %(refund)s to pay back",
                registrations=registrations,
                refund=refund,
            )
        case "registration.cancelled" | "registration.accepted" | "registration.declined" if (
            details.get("registrations", 1) > 1
        ):
            return many_words(action, details["registrations"])
        case "attendees.exported":
            purpose = purpose_words().get(details.get("purpose", ""), "–")
            return _("exported the attendee list (%(purpose)s)", purpose=purpose)
        case "attendees.read":
            return ngettext(
                "read %(num)s line of the attendee list",
                "read %(num)s lines of the attendee list",
                details.get("rows", 0),
            )
        case "money.received":
            amount = say_money(details.get("cents", 0), locale)
            return _("marked %(amount)s received for order %(code)s", amount=amount, code=details.get("order", ""))
        case "question.added" | "question.changed" | "question.withdrawn":
            return question_words(action, details.get("question", ""))
        case "voucher.added" | "voucher.changed" | "voucher.withdrawn" if "code" in details:
            return voucher_words(action, details)
        case _:
            return plain_acts().get(action, action.replace(".", ": ").replace("_", " "))


def many_words(action: str, number: int) -> str:
    """What was done to several registrations at once."""
    if action == "registration.accepted":
        return ngettext("accepted %(num)s request", "accepted %(num)s requests", number)
    if action == "registration.declined":
        return ngettext("declined %(num)s request", "declined %(num)s requests", number)
    return ngettext("cancelled %(num)s registration", "cancelled %(num)s registrations", number)


def question_words(action: str, question: str) -> str:
    """What was done to a question, named by its words of that moment."""
    if action == "question.added":
        return _("asks: “%(question)s”", question=question)
    if action == "question.changed":
        return _("changed the question “%(question)s”", question=question)
    return _("no longer asks: “%(question)s”", question=question)


def voucher_words(action: str, details: dict[str, Any]) -> str:
    """What was done to a voucher, named by its code."""
    if action == "voucher.added":
        return _("made the code %(code)s", code=details["code"])
    if action == "voucher.withdrawn":
        return _("withdrew the code %(code)s", code=details["code"])
    words = {
        "names": _("label"), "area": _("areas"), "effect": _("what it does"), "value": _("what it does"),
        "uses_limit": _("uses at most"), "valid_from": _("beginning"), "valid_until": _("end"),
        "reserved": _("places kept"), "modality": _("places kept"),
    }  # fmt: skip
    fields = ", ".join(dict.fromkeys(words.get(name, name) for name in details.get("changed", ())))
    return _("changed the code %(code)s: %(fields)s", code=details["code"], fields=fields)


def plain_acts() -> dict[str, str]:
    return {
        "event.created": _("made the event"),
        "event.published": _("published it"),
        "event.archived": _("archived it"),
        "event.postponed": _("postponed it; everybody was told"),
        "event.resumed": _("gave it new dates; everybody was told"),
        "event.guaranteed": _("takes place for certain"),
        "event.extended": _("put off the decision whether it takes place; everybody was told"),
        "event.running": _("began"),
        "event.ended": _("ended"),
        "event.closed": _("closed it"),
        "attendance.signed": _("signed the list of a slot"),
        "certificate.named": _("wrote a name for print"),
        "certificate.revoked": _("revoked a certificate"),
        "certificate.replaced": _("replaced a certificate by one with the corrected name"),
        "answer.read": _("opened a file that was handed in"),
        "registration.read": _("looked at one registration"),
        "registration.cancelled": _("cancelled a registration"),
        "registration.renamed": _("corrected a name"),
        "registration.substituted": _("let a colleague take a place"),
        "registration.moved": _("moved somebody to another date"),
        "registration.accepted": _("accepted a request"),
        "registration.declined": _("declined a request"),
        "registration.promoted": _("gave a free place to somebody who waited"),
        "exemption.asked": _("asked for an exemption"),
        "exemption.granted": _("granted an exemption"),
        "exemption.refused": _("refused an exemption"),
        "registration.walk_in": _("added somebody at the desk"),
        "attendees.addressed": _("took addresses to write to attendees"),
    }


def field_words() -> dict[str, str]:
    """The fields of an event as a history names them."""
    return {
        "titles": _("title"),
        "summaries": _("summary"),
        "descriptions": _("description"),
        "slots": _("dates"),
        "places": _("places"),
        "tickets": _("prices"),
        "venue": _("venue"),
        "address": _("address"),
        "city": _("town"),
        "online_url": _("online link"),
        "areas": _("areas"),
        "language": _("language"),
        "visibility": _("who may register"),
        "minimum": _("minimum"),
        "decides_at": _("day of decision"),
        "registration_opens_at": _("opening of registration"),
        "registration_closes_at": _("closing of registration"),
        "approval": _("how people are accepted"),
        "approval_holds_place": _("whether a request holds a place"),
        "has_waiting_list": _("waiting list"),
        "organisation_cap": _("places per organisation"),
        "policies": _("cancellation terms"),
        "tiers": _("what leaving costs"),
        "free_until_days": _("days of free cancelling"),
        "contact_name": _("contact"),
        "contact_email": _("contact’s address"),
        "kind": _("kind"),
        "course_id": _("course"),
        "slug": _("address of the page"),
        "zone": _("time zone"),
        "run": _("whether it is sure"),
    }
