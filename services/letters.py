"""Letters: the words of a mail, made from its outbox row when it leaves, in the recipient's language.

One mail is three small templates, `templates/emails/<template>.subject.txt`, `.txt` and `.html`; both bodies say the
same. Nothing here writes, and nothing depends on a request: a mail reads the same from the web, the worker or a command.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from flask import current_app
from flask_babel import force_locale
from jinja2 import Environment, StrictUndefined
from sqlalchemy import exists, select

from integrations.ical import CalendarEntry, calendar_bytes, entry_bytes
from integrations.mail import Attachment, Letter, one_line
from models.base import db, in_language
from models.certificates import Certificate
from models.events import Event, Run, Slot
from models.outbox import OutboxMessage
from models.people import Person
from models.registrations import Registration, Status, Transition
from services.accepted_terms import terms_paper
from services.bank_balances import to_pay_of
from services.calendars import entry_of
from services.invoice_letters import contract_facts, papers_for
from services.letter_companies import claim_is_over, company_facts
from services.letter_decisions import decision_facts
from services.letter_exemptions import exemption_facts, waiting_requests
from services.letter_facts import (
    event_facts,
    join_url,
    load_event,
    load_registration,
    load_slots,
    order_facts,
    registration_facts,
    told,
    whereabouts,
)
from services.letter_teams import for_name, has_unnamed, team_facts
from services.money import say_money
from services.order_links import order_url

__all__ = ["NothingToSay", "compose", "whereabouts"]

TEMPLATES = (
    "sign_in_code", "sign_in_unknown", "registration_code", "order_code", "prove_address", "address_changed",
    "registration_received", "registration_confirmed", "registration_waitlisted", "place_offered",
    "registration_cancelled", "registration_expired", "payment_received", "event_changed", "event_postponed",
    "event_cancelled", "event_reminder", "certificate_ready", "registration_declined", "wait_ended", "exemption_asked", "exemption_decided",
    "registration_substituted",
    "registration_transferred", "team_order", "team_paid", "team_place", "team_left_out",
    "payment_reminder", "offer_reminder", "names_wanted", "decision_due", "decision_moved", "event_guaranteed",
    "payment_failed", "payment_too_late", "payment_partly", "order_due",
    "affiliation_claimed", "affiliation_decided", "membership_applied", "membership_decided",
    "refund_paid", "refund_account", "invoice_issued", "withdrawal_received",
)  # fmt: skip
STILL_TRUE = {
    "registration_received": (Status.PENDING_APPROVAL, Status.AWAITING_PAYMENT),
    "place_offered": (Status.OFFERED,),
    "offer_reminder": (Status.OFFERED,),
    "payment_reminder": (Status.AWAITING_PAYMENT,),
    "event_reminder": (Status.CONFIRMED,),
}
"""What asks to act must still hold when it leaves: a mail delayed for hours would otherwise promise what is gone."""

TELLS_CALENDAR = frozenset(
    {"registration_confirmed", "payment_received", "registration_cancelled", "event_changed", "event_postponed",
     "event_cancelled", "event_guaranteed", "registration_substituted", "registration_transferred", "team_place"}
)  # fmt: skip
GIVES_PLACE = frozenset(
    {"registration_confirmed", "payment_received", "event_changed", "event_guaranteed", "registration_transferred",
     "team_place"}
)  # fmt: skip
CONFIRMS_ORDER = frozenset({"registration_received", "registration_confirmed", "team_order"})
TELLS_ORDER = frozenset({"team_order", "team_paid", "team_place", "payment_reminder", "names_wanted"})


FLAGS = ("from_waiting_list", "was_offer", "was_request", "by_organiser", "granted", "by_card", "waits")
"""What a mail's context says with yes or no."""


class NothingToSay(Exception):
    """What the mail was about is gone or no longer so: it must not leave. The words say why, for staff."""


def compose(message: OutboxMessage) -> Letter:
    """The letter of an outbox row. Raises NothingToSay, and UndefinedError when a template names what is not there."""
    cluster = current_app.extensions["cluster"]
    locale = message.locale if message.locale in cluster.languages else str(cluster.languages[0])
    event = load_event(message.event_id) if message.event_id else None
    slots = load_slots(event.id) if event else []
    registration = load_registration(message.registration_id) if message.registration_id else None
    refuse_stale(message, event, registration)
    papers = (*papers_for(message.context), *accepted_with(message, registration))
    with force_locale(locale):
        words = facts(message, event, slots, registration, locale)
        subject, text, html = (render(message.template, part, words) for part in ("subject.txt", "txt", "html"))
        calendar = calendar_of(message, event, slots, registration, locale)
    mail = cluster.mail
    answers = (mail["name"], mail["reply_to"])
    if event and event.contact_email:
        answers = (event.contact_name, event.contact_email)
    return Letter(
        message_id=f"{message.public_id}@{cluster.domain}",
        date=message.created_at,
        sender=(mail["name"], mail["address"]),
        recipient=(message.recipient_name, message.recipient),
        reply_to=answers,
        subject=one_line(subject),
        text=tidy(text),
        html=html,
        locale=locale,
        calendar=calendar,
        attachments=papers,
    )


def refuse_stale(message: OutboxMessage, event: Event | None, registration: Registration | None) -> None:
    if message.registration_id and registration is None:
        raise NothingToSay("the registration is gone")
    if message.template == "affiliation_claimed" and claim_is_over(message.context):
        raise NothingToSay("somebody has decided about the claim")
    if message.template == "exemption_asked" and not waiting_requests(message.context):
        raise NothingToSay("the exemption is decided")
    if message.template in ("decision_due", "decision_moved") and (event is None or event.run != Run.TENTATIVE):
        raise NothingToSay("it is decided whether the event takes place")
    if message.template == "names_wanted" and registration and not has_unnamed(registration.order_id):
        raise NothingToSay("every place has a name")
    if message.template == "order_due" and registration and not to_pay_of([registration.order_id]):
        raise NothingToSay("it was paid meanwhile")
    wanted = STILL_TRUE.get(message.template)
    if wanted and (registration is None or registration.status not in wanted):
        raise NothingToSay(f"no longer {' or '.join(wanted)} when the mail could leave")


def facts(
    message: OutboxMessage, event: Event | None, slots: list[Slot], registration: Registration | None, locale: str
) -> dict[str, Any]:
    """Every name a template may use. What does not apply is None or ''."""
    settings, cluster, context = current_app.extensions["atrium"], current_app.extensions["cluster"], message.context
    zone = event.zone if event else str(cluster.zone)
    code = str(context.get("code", ""))
    link, cents, before = str(context.get("link", "")), context.get("cents"), context.get("before")
    order_code = context.get("order")
    return {
        "locale": locale,
        "cluster": cluster,
        "home": settings.public_url,
        "recipient": message.recipient,
        "name": greeted(message, registration),
        "event": event_facts(event, slots, locale, settings.public_url) if event else None,
        "registration": registration_facts(registration, zone, locale) if registration else None,
        "order": order_facts(registration, zone, locale, for_buyer=for_buyer(message, registration))
        if registration
        else None,
        "order_code": order_code or (registration.order.code if registration else ""),
        "order_url": order_url(order_code) if order_code else "",
        "code": f"{code[:3]}\N{NO-BREAK SPACE}{code[3:]}",
        "link": settings.public_url + link if link.startswith("/") else link,
        "reason": str(context.get("reason") or ""),
        "amount": say_money(int(cents), locale) if cents else "",
        "missing": say_money(int(context.get("missing") or 0), locale),
        **{name: str(context.get(name, "")) for name in ("step", "due")},
        "before": told(before, locale) if before else None,
        "join_url": join_url(event, registration) if event and registration else "",
        **{name: bool(context.get(name)) for name in FLAGS},
        "new_address": str(context.get("address", "")),
        "colleague": str(context.get("by", "")),
        "for_name": for_name(context),
        "left_out": ", ".join(context.get("left_out", ())),
        "team": team_facts(registration, locale) if registration and message.template in TELLS_ORDER else None,
        **asked_of_organisers(event, context, locale, settings.public_url),
        **contract_facts(context, locale),
        "certificate": certificate_facts(context.get("certificate"), settings.public_url),
        "company": company_facts(context, settings.public_url, locale),
    }


def asked_of_organisers(event: Event | None, context: dict[str, Any], locale: str, home: str) -> dict[str, Any]:
    """What a mail puts to the organisers of an event."""
    return {
        "decision": decision_facts(event, context.get("decides"), locale, home),
        "exemption": exemption_facts(event, context, home),
    }


def accepted_with(message: OutboxMessage, registration: Registration | None) -> tuple[Attachment, ...]:
    """The terms as accepted, with the first mail about an order that costs something, to whoever ordered."""
    if registration is None or message.template not in CONFIRMS_ORDER or not for_buyer(message, registration):
        return ()
    return terms_paper(registration.order)


def for_buyer(message: OutboxMessage, registration: Registration) -> bool:
    """Whether the mail goes to whoever ordered: prices, bank details and the key of the order are for them."""
    return message.person_id in (None, registration.order.buyer_id)


def greeted(message: OutboxMessage, registration: Registration | None) -> str:
    """The given name, from the registration, else from the person; '' greets without a name."""
    if registration and message.person_id in (None, registration.person_id):
        return registration.given_name
    if message.person_id is None:
        return ""
    return db.session.scalar(select(Person.given_name).where(Person.id == message.person_id)) or ""


def certificate_facts(public_id: str | None, home: str) -> dict[str, str] | None:
    """Number and address of a certificate. Raises NothingToSay when there is none with that id."""
    if not public_id:
        return None
    row = db.session.scalar(select(Certificate).where(Certificate.public_id == public_id))
    if row is None:
        raise NothingToSay("the certificate is gone")
    return {"number": row.printed.get("number", row.number), "url": f"{home}/certificates/{public_id}"}


def calendar_of(
    message: OutboxMessage, event: Event | None, slots: list[Slot], registration: Registration | None, locale: str
) -> bytes | None:
    """The slots as METHOD:PUBLISH, with the UIDs and sequences of the feeds, so that each mail moves the same entries.

    Only somebody who has a place gets entries; whoever loses it gets the same entries as cancelled (RFC 5546 §3.2.1).
    """
    if event is None or registration is None or message.template not in TELLS_CALENDAR:
        return None
    if message.person_id not in (None, registration.person_id):
        return None  # for whoever ordered: the entry is the colleague's
    has_place = registration.status == Status.CONFIRMED
    if not has_place and (message.template in GIVES_PLACE or not was_confirmed(registration)):
        return None
    told = slots if message.template == "event_changed" else [slot for slot in slots if slot.cancelled_at is None]
    entries = [for_mail(entry_of(event, slot, locale, private=has_place)) for slot in told]
    if not has_place:
        entries = [withdrawn(entry, registration.updated_at) for entry in entries]
    if not entries:
        return None
    name = in_language(event.titles, locale)
    return calendar_bytes(name, map(entry_bytes, entries), zones=[event.zone], method="PUBLISH")


def for_mail(entry: CalendarEntry) -> CalendarEntry:
    """The entry of the feeds, with the organiser that METHOD:PUBLISH asks for (RFC 5546 §3.2.1) and without its alarm:
    the reminder comes by mail."""
    mail = current_app.extensions["cluster"].mail
    return replace(entry, organiser=(mail["name"], mail["address"]), alarm_minutes=None)


def was_confirmed(registration: Registration) -> bool:
    """Whether the person ever had a place, and so the entries of an earlier mail."""
    step = exists().where(Transition.registration_id == registration.id, Transition.to_status == Status.CONFIRMED)
    return bool(db.session.scalar(select(step)))


def withdrawn(entry: CalendarEntry, at: datetime) -> CalendarEntry:
    """The entry for somebody who gave the place back: the event goes on, for them it does not. The sequence is that of
    the feeds; of two equal ones the later stamp counts (RFC 5546 §2.1.5)."""
    return replace(
        entry,
        status="CANCELLED",
        last_modified=max(at, entry.last_modified),
        conference_url=None,
        alarm_minutes=None,
    )


def render(template: str, part: str, words: dict[str, Any]) -> str:
    return templates().get_template(f"emails/{template}.{part}").render(words)


def templates() -> Environment:
    """The application's templates, but a name that is not there is an error: no mail leaves with a hole in it.

    Not flask.render_template: its context processors read the request, and a mail must not depend on one.
    """
    found: Environment | None = current_app.extensions.get("letter_templates")
    if found is None:
        found = current_app.jinja_env.overlay(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
        current_app.extensions["letter_templates"] = found
    return found


def tidy(text: str) -> str:
    """Lines without trailing space, never two empty ones in a row, one newline at the end."""
    lines: list[str] = []
    for line in (line.rstrip(" \t") for line in text.strip().splitlines()):
        if line or (lines and lines[-1]):
            lines.append(line)
    return "\n".join(lines) + "\n"
