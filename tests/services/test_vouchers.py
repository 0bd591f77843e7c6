"""Vouchers: what a code does to a price, whom it serves, how often, and what it keeps."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from models.base import db, now
from models.events import Audience, Event, Quota, Ticket
from models.orders import OrderLine
from models.organisations import OrganisationKind
from models.people import Person
from models.registrations import Registration, Status
from models.vouchers import Voucher, VoucherEffect
from services.approvals import accept
from services.registrations import PriceChanged, TicketGone, cancel, expire_due, register
from services.soundness import violations
from services.substitutions import Colleague, substitute
from services.throttles import TooMany
from services.transaction import writing
from services.vouchers import (
    VoucherElsewhere,
    VoucherEnded,
    VoucherNotNeeded,
    VoucherRefused,
    VoucherTooEarly,
    VoucherUnknown,
    VoucherUsedUp,
    try_voucher,
)
from services.wishes import Wish
from tests.cast import ADDRESSES, Cast, area_locked, make_event


def voucher_for(event: Event | None = None, code: str = "SPRING", **changes: Any) -> Voucher:
    """Half the price on one event."""
    values = {"effect": VoucherEffect.PERCENT, "value": 50, "names": {"en": "Partners of the season"}, **changes}
    with writing() as session:
        row = Voucher(code=code, event_id=event.id if event else None, **values)
        session.add(row)
        session.flush()
        if row.reserved_quota_id:
            session.get_one(Quota, row.reserved_quota_id).kept += row.reserved
    return row


def wish(person: Person, **changes: Any) -> Wish:
    return Wish(person.given_name, person.family_name, ADDRESSES[person.given_name.casefold()], **changes)


def enrol(person: Person, event: Event, code: str = "", **changes: Any) -> Registration:
    order = register(person, event.id, wish(person, voucher=code, **changes), locale="en")
    return db.session.scalars(select(Registration).where(Registration.order_id == order.id)).one()


def line_of(registration: Registration) -> OrderLine:
    return db.session.scalars(select(OrderLine).where(OrderLine.registration_id == registration.id)).one()


def used(code: str = "SPRING") -> int:
    return db.session.scalars(select(Voucher.used).where(Voucher.code == code)).one()


def quota_of(event: Event) -> Quota:
    return db.session.scalars(select(Quota).where(Quota.event_id == event.id)).one()


def sound() -> bool:
    db.session.rollback()
    return violations() == []


def test_it_works(cast: Cast) -> None:
    event = make_event(public_cents=42000, member_cents=None)
    voucher_for(event)
    line = line_of(enrol(cast.carol, event, "spring"))
    assert (line.net_cents, line.vat_cents, line.gross_cents) == (21000, 4410, 25410)
    assert line.why == (
        "The same price for everybody. €254.10 with the code SPRING (Partners of the season), instead of €508.20."
    )
    assert used() == 1
    assert sound()


def test_a_member_price_keeps_its_reason_under_a_voucher(cast: Cast) -> None:
    event = make_event(public_cents=59000, member_cents=42000)
    voucher_for(event, effect=VoucherEffect.AMOUNT, value=42000)
    line = line_of(enrol(cast.bob, event, "SPRING"))
    assert line.net_cents == 0
    assert line.why.startswith("Member price, because Lysara Biologics was a member on ")
    assert line.why.endswith("Free with the code SPRING (Partners of the season), instead of €508.20.")


def test_every_refusal_is_named(cast: Cast) -> None:
    event, other = make_event(member_cents=None), make_event(title="Elsewhere")
    voucher_for(event, "ENDED", valid_until=now() - timedelta(hours=1))
    voucher_for(event, "EARLY", valid_from=now() + timedelta(days=1))
    voucher_for(event, "GONE", withdrawn_at=now())
    voucher_for(event, "FULL", uses_limit=1, used=1)
    voucher_for(other, "OTHER")
    voucher_for(event, "DEAR", effect=VoucherEffect.FIXED, value=99900)
    refusals = {
        "NOBODY": VoucherUnknown, "ENDED": VoucherEnded, "EARLY": VoucherTooEarly, "GONE": VoucherEnded,
        "FULL": VoucherUsedUp, "OTHER": VoucherElsewhere, "DEAR": VoucherNotNeeded,
    }  # fmt: skip
    for code, refusal in refusals.items():
        with pytest.raises(refusal):
            enrol(cast.carol, event, code)
    assert db.session.scalars(select(Registration)).all() == []


def test_a_voucher_of_an_area_serves_its_events_only(cast: Cast) -> None:
    event = make_event(member_cents=None, areas=("biopharmacy", "digital-health"))
    with writing() as session:
        areas = [area_locked(slug) for slug in ("digital-health", "radiation-health")]
        session.flush()
        digital, radiation = (area.id for area in areas)
    voucher_for(code="DIGITAL", area_id=digital)
    voucher_for(code="RAYS", area_id=radiation)
    with pytest.raises(VoucherElsewhere):
        enrol(cast.carol, event, "RAYS")
    assert enrol(cast.carol, event, "DIGITAL").status == Status.AWAITING_PAYMENT


def test_a_use_comes_back_with_every_way_out(cast: Cast) -> None:
    event = make_event(member_cents=None, capacity=1)
    voucher_for(event, uses_limit=1)
    first = enrol(cast.carol, event, "SPRING")
    with pytest.raises(VoucherUsedUp):
        enrol(cast.bob, event, "SPRING")
    cancel(first.public_id, actor=cast.carol)
    assert used() == 0
    second = enrol(cast.bob, event, "SPRING")
    assert expire_due(second.hold_until or now()) == 1
    assert db.session.get_one(Registration, second.id, populate_existing=True).status == Status.EXPIRED
    assert used() == 0
    assert sound()


def test_a_colleague_takes_the_place_with_its_price_and_its_use(cast: Cast) -> None:
    event = make_event(member_cents=None)
    voucher_for(event, uses_limit=1)
    leaving = enrol(cast.carol, event, "SPRING")
    coming = substitute(leaving.public_id, Colleague("Zoé", "Martin", "zoe@new.example"), actor=cast.carol)
    assert (coming.voucher_id, used()) == (leaving.voucher_id, 1)
    assert line_of(coming).net_cents == 21000
    assert sound()


def test_wrong_codes_are_counted_by_network(cast: Cast) -> None:
    event = make_event()
    for number in range(10):
        with pytest.raises(VoucherUnknown):
            try_voucher(f"GUESS{number}", event, "192.0.2.7", now())
    with pytest.raises(TooMany):
        try_voucher("SPRING", event, "192.0.2.7", now())
    assert try_voucher("  ", event, "192.0.2.7", now()) is None
    with pytest.raises(VoucherRefused):
        try_voucher("SPRING", event, "192.0.2.8", now())


def test_kept_places_go_to_who_has_the_code(cast: Cast) -> None:
    event = make_event(public_cents=0, member_cents=None, capacity=2)
    keep = {"effect": VoucherEffect.AMOUNT, "value": 0, "reserved": 1, "reserved_quota_id": quota_of(event).id}
    voucher_for(event, "PRESS", **keep)
    assert enrol(cast.carol, event).status == Status.CONFIRMED
    assert enrol(cast.bob, event).status == Status.WAITLISTED
    pressed = enrol(cast.dora, event, "PRESS")
    assert pressed.status == Status.CONFIRMED
    assert line_of(pressed).why == "Free for everybody. A place kept for the code PRESS (Partners of the season)."
    assert (quota_of(event).taken, quota_of(event).kept) == (2, 0)
    assert sound()


def test_a_kept_place_that_is_left_is_kept_again_and_its_users_come_first(cast: Cast) -> None:
    event = make_event(public_cents=0, member_cents=None, capacity=1)
    keep = {"effect": VoucherEffect.AMOUNT, "value": 0, "reserved": 1, "reserved_quota_id": quota_of(event).id}
    voucher_for(event, "PRESS", **keep)
    bob = enrol(cast.bob, event)
    dora, carol = enrol(cast.dora, event, "PRESS"), enrol(cast.carol, event, "PRESS")
    assert [row.status for row in (bob, dora, carol)] == [Status.WAITLISTED, Status.CONFIRMED, Status.WAITLISTED]
    cancel(dora.public_id, actor=cast.dora)
    statuses = {row.person_id: row.status for row in db.session.scalars(select(Registration))}
    assert (statuses[cast.carol.id], statuses[cast.bob.id]) == (Status.CONFIRMED, Status.WAITLISTED)
    cancel(carol.public_id, actor=cast.carol)
    assert (quota_of(event).taken, quota_of(event).kept) == (0, 1)
    assert sound()


def early_bird(event: Event, **changes: Any) -> None:
    """A ticket for everybody at half price."""
    with writing() as session:
        dear = session.scalars(select(Ticket).where(Ticket.event_id == event.id)).one()
        session.add(
            Ticket(
                event_id=event.id, quota_id=dear.quota_id, position=5, names={"en": "Early"}, net_cents=21000, **changes
            )
        )


def test_an_early_price_says_until_when_and_ends_between_page_and_click(cast: Cast) -> None:
    event = make_event(public_cents=42000, member_cents=None)
    closes = now() + timedelta(days=3)
    early_bird(event, sale_closes_at=closes)
    line = line_of(enrol(cast.bob, event, shown_cents=25410))
    assert line.net_cents == 21000
    assert "Early price until " in line.why
    assert line.why.endswith(", then €508.20.")
    with pytest.raises(PriceChanged) as refusal:
        register(cast.carol, event.id, wish(cast.carol, shown_cents=25410), locale="en", at=closes)
    assert refusal.value.price.net_cents == 42000


def test_a_ticket_at_its_limit_gives_way_to_the_next_one(cast: Cast) -> None:
    event = make_event(public_cents=42000, member_cents=None)
    early_bird(event, limit=1)
    first, second = enrol(cast.bob, event), enrol(cast.carol, event)
    assert [line_of(row).net_cents for row in (first, second)] == [21000, 42000]
    assert second.status == Status.AWAITING_PAYMENT


def test_who_waits_for_a_ticket_at_its_limit_waits_although_the_quota_has_places(cast: Cast) -> None:
    event = make_event(public_cents=0, member_cents=None, capacity=2)
    with writing() as session:
        session.scalars(select(Ticket).where(Ticket.event_id == event.id)).one().limit = 1
    first, second, third = (enrol(one, event) for one in (cast.bob, cast.carol, cast.dora))
    assert [row.status for row in (first, second, third)] == [Status.CONFIRMED, Status.WAITLISTED, Status.WAITLISTED]
    assert sound()
    cancel(first.public_id, actor=cast.bob)
    db.session.expire_all()
    assert [second.status, third.status] == [Status.WAITLISTED, Status.CONFIRMED]  # Dora is a member
    assert sound()


def student_ticket(event: Event) -> None:
    with writing() as session:
        dear = session.scalars(select(Ticket).where(Ticket.event_id == event.id)).one()
        session.add(
            Ticket(
                event_id=event.id, quota_id=dear.quota_id, position=5, names={"en": "Students"}, net_cents=0,
                audience=Audience.STUDENTS,
            )
        )  # fmt: skip


def test_who_says_nothing_is_no_student(cast: Cast) -> None:
    event = make_event(public_cents=42000, member_cents=None)
    student_ticket(event)
    assert line_of(enrol(cast.carol, event)).net_cents == 42000
    ticket = db.session.scalars(select(Ticket.public_id).where(Ticket.audience == Audience.STUDENTS)).one()
    with pytest.raises(TicketGone):
        enrol(cast.bob, event, ticket=ticket)


def test_a_student_without_proof_waits_for_the_organiser_who_reads_what_was_said(cast: Cast) -> None:
    event = make_event(public_cents=42000, member_cents=None)
    student_ticket(event)
    row = enrol(cast.carol, event, studies="Bio-engineering, Gembloux")
    assert (row.status, row.studies) == (Status.PENDING_APPROVAL, "Bio-engineering, Gembloux")
    assert line_of(row).why == "Free for students."
    accept(row.public_id, actor=cast.alice)
    db.session.expire_all()
    assert row.status == Status.CONFIRMED


def test_a_proven_address_of_a_university_is_proof(cast: Cast) -> None:
    event = make_event(public_cents=42000, member_cents=None)
    student_ticket(event)
    with writing() as session:
        session.get_one(type(cast.lysara), cast.lysara.id).kind = OrganisationKind.UNIVERSITY
    assert enrol(cast.bob, event, studies="Pharmacy").status == Status.CONFIRMED
    assert enrol(cast.carol, event, studies="Pharmacy").status == Status.PENDING_APPROVAL
