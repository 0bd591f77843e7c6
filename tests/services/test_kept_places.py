"""Places kept for a code, for whoever is registered already or stands at the door: on another date, online, added by hand."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from models.base import db, now
from models.events import Event, Modality, Quota, Ticket
from models.registrations import Registration, Status
from models.vouchers import Voucher, VoucherEffect
from services.date_changes import OtherDate, change_date, other_dates
from services.kept_places import KeepsNoPlace, OneCodeOnly
from services.modality_switch import OtherWay, other_places, switch_modality
from services.registrations import EventFull, cancel
from services.soundness import violations
from services.vouchers import VoucherElsewhere, VoucherNotNeeded, VoucherUsedUp
from services.walk_ins import add_walk_in
from services.wishes import Wish
from tests.cast import Cast, make_event
from tests.services.test_cancel_registration import status_of
from tests.services.test_modality_switch import hybrid
from tests.services.test_substitutions import two_dates
from tests.services.test_vouchers import enrol, line_of, used, voucher_for


def keep(event: Event, code: str = "PRESS", modality: Modality = Modality.ONSITE, **changes: Any) -> Voucher:
    """A voucher that keeps one place of the event and lowers nothing."""
    query = select(Quota.id).where(Quota.event_id == event.id, Quota.modality == modality)
    quota = db.session.scalars(query).one()
    values = {"effect": VoucherEffect.AMOUNT, "value": 0, "reserved": 1, "reserved_quota_id": quota}
    return voucher_for(event, code, **{**values, **changes})


def counted(event: Event) -> list[tuple[int, int]]:
    """Taken and kept of each quota."""
    rows = db.session.execute(select(Quota.taken, Quota.kept).where(Quota.event_id == event.id).order_by(Quota.id))
    return [(row[0], row[1]) for row in rows]


def full_second_date() -> tuple[Event, Event]:
    """Two dates of a course; the one place of the second is kept for PRESS."""
    first, second = two_dates()
    keep(second)
    return first, second


def fresh(registration: Registration) -> Registration:
    return db.session.get_one(Registration, registration.id, populate_existing=True)


def test_another_date_opens_its_kept_place_to_the_code(cast: Cast) -> None:
    first, second = full_second_date()
    carol = enrol(cast.carol, first)
    assert [(date.event.id, date.by_code) for date in other_dates(fresh(carol), now())] == [(second.id, True)]
    with pytest.raises(EventFull):
        change_date(carol.public_id, second.id, actor=cast.carol)
    moved = change_date(carol.public_id, second.id, actor=cast.carol, code="pr ess")
    assert (counted(first), counted(second)) == ([(0, 0)], [(1, 0)])
    assert (used("PRESS"), line_of(moved).net_cents) == (1, line_of(carol).net_cents)
    assert violations() == []
    bob = enrol(cast.bob, first)
    with pytest.raises(KeepsNoPlace):  # it kept one only: nobody is sold the same place twice
        change_date(bob.public_id, second.id, actor=cast.bob, code="PRESS")
    assert counted(second) == [(1, 0)]
    assert violations() == []


def test_who_was_placed_with_the_code_comes_back_to_its_kept_place_without_typing_it(cast: Cast) -> None:
    first, second = full_second_date()
    carol = enrol(cast.carol, second, "PRESS")
    there = change_date(carol.public_id, first.id, actor=cast.carol)
    assert (counted(second), used("PRESS")) == ([(0, 1)], 1)
    assert other_dates(fresh(there), now()) == [OtherDate(db.session.get_one(Event, second.id))]
    back = change_date(there.public_id, second.id, actor=cast.carol)
    assert (back.status, counted(second), used("PRESS")) == (Status.AWAITING_PAYMENT, [(1, 0)], 1)
    assert violations() == []


def test_a_code_that_made_the_price_is_not_given_up_for_another(cast: Cast) -> None:
    first, second = full_second_date()
    voucher_for(first, "HALF", uses_limit=1)
    carol = enrol(cast.carol, first, "HALF")
    with pytest.raises(OneCodeOnly) as refusal:
        change_date(carol.public_id, second.id, actor=cast.carol, code="PRESS")
    assert refusal.value.code == "HALF"
    assert (status_of(carol), used("HALF"), used("PRESS")) == (Status.AWAITING_PAYMENT, 1, 0)


def test_codes_of_elsewhere_used_up_or_that_keep_nothing_are_refused(cast: Cast) -> None:
    first, second = full_second_date()
    voucher_for(first, "ELSEWHERE")
    voucher_for(second, "CHEAP")
    voucher_for(second, "GONE", uses_limit=1, used=1)
    carol = enrol(cast.carol, first)
    for code, refusal in {"ELSEWHERE": VoucherElsewhere, "CHEAP": KeepsNoPlace, "GONE": VoucherUsedUp}.items():
        with pytest.raises(refusal):
            change_date(carol.public_id, second.id, actor=cast.carol, code=code)
    assert status_of(carol) == Status.AWAITING_PAYMENT


def ticket_of(event: Event, modality: Modality) -> str:
    query = select(Ticket.public_id).join(Quota, Quota.id == Ticket.quota_id)
    return db.session.scalars(query.where(Ticket.event_id == event.id, Quota.modality == modality)).one()


def test_the_other_way_opens_its_kept_place_to_the_code(cast: Cast) -> None:
    event = hybrid()
    keep(event, modality=Modality.ONLINE)
    bob = enrol(cast.bob, event, ticket=ticket_of(event, Modality.ONSITE))
    carol = enrol(cast.carol, event, ticket=ticket_of(event, Modality.ONSITE))
    assert carol.status == Status.WAITLISTED
    assert db.session.get_one(Event, event.id)  # the page has loaded it
    assert other_places([fresh(bob)], now()) == {bob.id: OtherWay(Modality.ONLINE, by_code=True)}
    with pytest.raises(EventFull):
        switch_modality(bob.public_id, actor=cast.bob)
    switch_modality(bob.public_id, actor=cast.bob, code="PRESS")
    assert counted(event) == [(1, 0), (1, 0)]
    assert (status_of(carol), used("PRESS")) == (Status.CONFIRMED, 1)
    with pytest.raises(KeepsNoPlace):
        switch_modality(carol.public_id, actor=cast.carol, code="PRESS")
    assert violations() == []


def test_who_waits_takes_the_kept_place_of_the_other_way(cast: Cast) -> None:
    event = hybrid()
    keep(event, modality=Modality.ONLINE)
    enrol(cast.bob, event, ticket=ticket_of(event, Modality.ONSITE))
    carol = enrol(cast.carol, event, ticket=ticket_of(event, Modality.ONSITE))
    switch_modality(carol.public_id, actor=cast.carol, code="PRESS")
    assert (status_of(carol), counted(event)) == (Status.CONFIRMED, [(1, 0), (1, 0)])
    assert violations() == []


def test_who_left_a_kept_place_for_online_comes_back_to_it(cast: Cast) -> None:
    event = hybrid()
    keep(event)
    dora = enrol(cast.dora, event, "PRESS", ticket=ticket_of(event, Modality.ONSITE))
    switch_modality(dora.public_id, actor=cast.dora)
    assert counted(event) == [(0, 1), (1, 0)]
    switch_modality(dora.public_id, actor=cast.dora)
    assert counted(event) == [(1, 0), (0, 0)]
    assert violations() == []


def zoe(code: str = "") -> Wish:
    return Wish("Zoé", "Piette", "zoe@example.org", voucher=code)


def test_a_walk_in_takes_a_kept_place_only_when_the_organiser_says_so(cast: Cast) -> None:
    event = make_event(public_cents=0, member_cents=None, capacity=1, starts_at=now())
    keep(event)
    with pytest.raises(EventFull):
        add_walk_in(event.id, zoe(), actor=cast.alice, locale="en")
    walk_in = add_walk_in(event.id, zoe("PRESS"), actor=cast.alice, locale="en")
    assert (walk_in.status, counted(event), used("PRESS")) == (Status.CONFIRMED, [(1, 0)], 1)
    with pytest.raises(EventFull):
        add_walk_in(event.id, Wish("Yves", "Zola", "yves@example.org", voucher="PRESS"), actor=cast.alice, locale="en")
    cancel(walk_in.public_id, actor=cast.alice, by_organiser=True)
    assert (counted(event), used("PRESS")) == ([(0, 1)], 0)
    assert violations() == []


def test_a_walk_in_pays_what_the_code_says(cast: Cast) -> None:
    event = make_event(public_cents=10000, member_cents=None, starts_at=now())
    voucher_for(event)
    walk_in = add_walk_in(event.id, zoe("SPRING"), actor=cast.alice, locale="en")
    assert line_of(walk_in).net_cents == 5000
    voucher_for(event, "DEAR", effect=VoucherEffect.FIXED, value=99900)
    with pytest.raises(VoucherNotNeeded):
        add_walk_in(event.id, Wish("Y", "Z", "y@example.org", voucher="DEAR"), actor=cast.alice, locale="en")
    assert violations() == []
