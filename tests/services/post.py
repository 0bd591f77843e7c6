"""Mails for tests: a registration in every state a mail tells of, and the row of its mail."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from models.base import db, now
from models.certificates import Certificate, canonical_json, fingerprint
from models.events import Approval, Event, Run
from models.organisations import Membership, MembershipPlan
from models.outbox import OutboxMessage
from models.people import Person
from models.registrations import ExemptionRequest, Registration
from services.affiliations import claim
from services.approvals import decline
from services.letters import whereabouts
from services.memberships import apply
from services.outbox import queue_mail_locked
from services.registrations import accept_offer, cancel, expire, register
from services.slots import live_slots_locked
from services.substitutions import Colleague, substitute
from services.transaction import writing
from services.unanswered import end
from services.wishes import Wish
from services.withdrawals import withdraw
from tests.cast import ADDRESSES, Cast, make_event, morning_in

OF_COMPANIES = {
    "affiliation_claimed", "affiliation_decided", "membership_applied", "membership_decided", "invoice_issued",
}  # fmt: skip
PART = {"cents": 30000, "missing": 20820, "step": "first", "due": "Tuesday"}
CODE = {"code": "123456", "link": "/sign-in/link/abc"}


def wish_of(person: Person, **changes: Any) -> Wish:
    address = ADDRESSES[person.given_name.casefold()]
    return replace(Wish(person.given_name, person.family_name, address), **changes)


def registered(person: Person, event: Event, **changes: Any) -> Registration:
    """`person` registered on `event` through the service."""
    order = register(person, event.id, wish_of(person, **changes), locale="en")
    return db.session.query(Registration).filter_by(order_id=order.id).one()


def waiting(cast: Cast, cents: int) -> tuple[Registration, Registration]:
    """The one who has the only place of an event, and the one who waits for it."""
    event = make_event(capacity=1, public_cents=cents, member_cents=None)
    return registered(cast.dora, event), registered(cast.carol, event)


def offered(cast: Cast) -> Registration:
    first, second = waiting(cast, 42000)
    cancel(first.public_id, actor=None)
    return second


def expired(cast: Cast) -> Registration:
    registration = offered(cast)
    assert registration.hold_until
    expire(registration.public_id, registration.hold_until + timedelta(seconds=1))
    return registration


def declined(cast: Cast) -> Registration:
    found = registered(cast.bob, make_event(public_cents=0, member_cents=None, approval=Approval.ORGANISER))
    decline(found.public_id, actor=cast.alice, reason="The mission is for companies.")
    return found


def certified(cast: Cast) -> tuple[Registration, str]:
    registration = registered(cast.bob, make_event(public_cents=0, member_cents=None))
    snapshot = canonical_json({"name": "Bob Lambert"})
    with writing() as session:
        certificate = Certificate(
            registration_id=registration.id, year=2026, serial=7, snapshot=snapshot, sha256=fingerprint(snapshot)
        )
        session.add(certificate)
    return registration, certificate.public_id


def moved(cast: Cast) -> tuple[Registration, dict[str, Any]]:
    """A registration, and where its event was before it moved by a day and to another house."""
    registration = registered(cast.bob, make_event(public_cents=0, member_cents=None))
    with writing() as session:
        event = session.get_one(Event, registration.event_id)
        slots = live_slots_locked(event.id)
        before = whereabouts(event, slots)
        for slot in slots:
            slot.starts_at, slot.ends_at = slot.starts_at + timedelta(days=1), slot.ends_at + timedelta(days=1)
        event.starts_at, event.venue = event.starts_at + timedelta(days=1), "Médiasambre"
        event.sequence += 1
    return registration, before


OF_AN_ACCOUNT: dict[str, dict[str, Any]] = {
    "sign_in_code": CODE,
    "prove_address": CODE,
    "order_code": {**CODE, "order": "MH-4K7Q-92X8"},
    "address_changed": {"address": "bob@new.example"},
}


def scene(template: str, cast: Cast) -> tuple[Registration | None, Event | int | None, dict[str, Any]]:
    """What `template` tells of: its registration, its event, and the context its service gives."""
    free: dict[str, Any] = {"public_cents": 0, "member_cents": None}
    context: dict[str, Any] = {}
    match template:
        case "exemption_asked":
            return scene_of_an_exemption(cast)
        case "exemption_decided":
            return None, make_event(), {"granted": False, "reason": "The clean room needs the basics."}
        case "registration_code":
            return None, make_event(), CODE
        case "sign_in_unknown" | "sign_in_code" | "prove_address" | "order_code" | "address_changed":
            return None, None, OF_AN_ACCOUNT.get(template, {})
        case "registration_received":
            found = registered(cast.carol, make_event())
        case "registration_confirmed" | "event_reminder" | "event_postponed" | "event_cancelled":
            found = registered(cast.bob, make_event(**free, online_url="https://meet.example/1"))
        case "registration_waitlisted":
            found = waiting(cast, 0)[1]
        case "place_offered":
            found, context = offered(cast), {"until": now().isoformat()}
        case "registration_cancelled":
            found, context = (
                registered(cast.bob, make_event(**free)),
                {"by_organiser": True, "reason": "The room is small."},
            )
            cancel(found.public_id, actor=cast.alice, by_organiser=True)
        case "registration_expired":
            found, context = expired(cast), {"was_offer": True}
        case "offer_reminder" | "payment_reminder" | "decision_due" | "decision_moved" | "event_guaranteed":
            return scene_of_the_clock(template, cast)
        case "payment_received" | "payment_partly" | "order_due" | "payment_failed" | "payment_too_late":
            found, context = scene_of_payment(template, cast), PART
        case _ if template in OF_COMPANIES:
            return None, None, scene_of_company(template, cast)
        case _:
            found, context = scene_of_change(template, cast)
    return found, found.event_id, context


def scene_of_an_exemption(cast: Cast) -> tuple[None, Event, dict[str, Any]]:
    """Carol asks to follow a course without the one that comes first."""
    event = make_event()
    with writing() as session:
        asked = ExemptionRequest(event_id=event.id, person_id=cast.carol.id, reason="Ten years in a clean room.")
        session.add(asked)
    return None, event, {"exemptions": [asked.public_id]}


def scene_of_the_clock(template: str, cast: Cast) -> tuple[Registration | None, Event | int | None, dict[str, Any]]:
    """A hold of which half is over, and an event about which somebody decides."""
    if template == "offer_reminder":
        found = offered(cast)
    elif template == "payment_reminder":
        found = registered(cast.bob, make_event())
    else:
        event = make_event(
            public_cents=0, member_cents=None, run=Run.TENTATIVE, minimum=5, decides_at=morning_in(3)
        )  # fmt: skip
        found = registered(cast.bob, event)
        context = {"decides": morning_in(3).isoformat()}
        return (None if template == "decision_due" else found), event.id, context
    return found, found.event_id, {}


def scene_of_payment(template: str, cast: Cast) -> Registration:
    """Money that came, did not come, or came too late."""
    if template == "payment_too_late":
        return expired(cast)
    found = offered(cast)
    accept_offer(found.public_id, actor=None)
    return found


def scene_of_company(template: str, cast: Cast) -> dict[str, Any]:
    """Carol claims to work at Lysara, or Lysara has an application; the context as their services give it."""
    if template == "invoice_issued":
        from tests.services.billed import issued, team_ordered  # which registers people as this file does

        return {"invoice": issued(team_ordered(cast)).public_id}
    context = {"organisation": cast.lysara.public_id}
    if template == "affiliation_claimed":
        claim(cast.carol, cast.lysara.public_id)
        return {**context, "claimant": cast.carol.public_id}
    if template == "affiliation_decided":
        return {**context, "decision": "rejected", "reason": "We do not know each other."}
    row = applied(cast)
    decision = {"decision": "applied_approved", "reason": "Two board members vouch for it."}
    return {**context, "membership": row.public_id, **(decision if template == "membership_decided" else {})}


def applied(cast: Cast) -> Membership:
    """Lysara's application for the year after its present membership."""
    with writing() as session:
        session.add(MembershipPlan(slug="company", names={"en": "Company"}, net_cents=180000, grace_days=60))
        session.query(Membership).one().ends_on = now().date() + timedelta(days=20)
    return apply(cast.lysara.public_id, "company", applicant=cast.dora)


def scene_of_withdrawal(cast: Cast) -> tuple[Registration, dict[str, Any]]:
    """Carol has withdrawn from what she ordered."""
    found = registered(cast.carol, make_event())
    withdraw(found.order.code, "Carol Nguyễn", cast.carol)
    return found, {"received_at": now().isoformat()}


def scene_of_change(template: str, cast: Cast) -> tuple[Registration, dict[str, Any]]:
    """A request that was declined, a colleague who came instead, a new date."""
    if template == "wait_ended":
        found = waiting(cast, 0)[1]
        end(found.public_id, db.session.get_one(Event, found.event_id).starts_at)
        return found, {"was_request": False}
    if template == "withdrawal_received":
        return scene_of_withdrawal(cast)
    if template == "registration_declined":
        return declined(cast), {"reason": "The mission is for companies."}
    if template == "event_changed":
        found, before = moved(cast)
        return found, {"before": before}
    if template == "certificate_ready":
        found, public_id = certified(cast)
        return found, {"certificate": public_id}
    if template == "refund_paid":
        return registered(cast.bob, make_event()), {"cents": 50820, "by_card": False}
    if template == "refund_account":
        found = registered(cast.bob, make_event())
        return found, {"order": found.order.code}
    found = registered(cast.bob, make_event(public_cents=0, member_cents=None))
    if template == "names_wanted":
        with writing() as session:
            session.get_one(Registration, found.id).person_id = None
        return found, {}
    if template == "registration_substituted":
        substitute(found.public_id, Colleague("Dora", "Wouters", "dora@lysara.example"), actor=cast.bob)
        return found, {"by": "Dora Wouters"}
    if template == "registration_transferred":
        return found, {}
    if template == "team_left_out":
        return found, {"by": "Dora Wouters", "organisation": cast.lysara.public_id}
    if template.startswith("team_"):
        return substitute(found.public_id, Colleague("Dora", "Wouters", "dora@lysara.example"), actor=cast.bob), {}
    raise ValueError(template)


def reader_of(template: str, registration: Registration | None, cast: Cast) -> int | None:
    """Whom the mail is for: the person of the registration, or whoever ordered for colleagues."""
    if registration is None or template in ("team_order", "team_paid", "names_wanted"):
        return cast.bob.id if registration or template == "address_changed" else None
    return registration.person_id


def mail(template: str, cast: Cast, locale: str = "en", *, name: str = "Bob Lambert", **changes: Any) -> OutboxMessage:
    """One mail of a template, with everything it tells of, as the services would have queued it."""
    registration, event, context = scene(template, cast)
    with writing():
        return queue_mail_locked(
            template,
            "bob@lysara.example",
            locale=locale,
            name=name,
            person=reader_of(template, registration, cast),
            event=event,
            registration=registration,
            context={**context, **changes},
        )
