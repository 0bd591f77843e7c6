"""Vouchers at the desk: made with what they keep, listed with their uses and link, withdrawn."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from models.base import db, now
from models.registrations import Registration, Status
from models.vouchers import Voucher, VoucherEffect
from services.event_plans import PlanRefused
from services.soundness import violations
from services.voucher_changes import change_voucher, plan_of
from services.voucher_desk import VoucherPlan, add_voucher, release_ended, withdraw_voucher
from tests.browsing import Browser
from tests.cast import Cast, make_event, post_form, sign_in, words
from tests.services.test_vouchers import enrol, line_of, quota_of


def test_it_works(client: Browser, cast: Cast) -> None:
    event = make_event(organisers=[cast.otto], member_cents=None)
    sign_in(client, cast.otto)
    path = f"/organise/events/{event.slug}/vouchers"
    assert "will be here" in words(client.get(path))
    form = {"code": "partner-25", "effect": "percent", "percent": "25", "names-0": "Partners", "uses_limit": "10"}
    assert post_form(client, f"{path}/new", form | {"reserved": "3"}).status_code == 303
    enrol(cast.carol, event, "PARTNER-25")
    page = words(client.get(path))
    assert "PARTNER-25" in page
    assert "25 % off · Partners · 1 of 10 used · 2 of 3 places still kept" in page
    assert f"/events/{event.slug}?voucher=PARTNER-25" in page
    public_id = db.session.scalars(select(Voucher.public_id)).one()
    assert post_form(client, f"{path}/{public_id}/withdraw", {}, page=path).status_code == 303
    assert "Withdrawn" in words(client.get(path))
    assert quota_of(event).kept == 0


def test_an_admin_makes_one_for_everything(client: Browser, cast: Cast) -> None:
    sign_in(client, cast.ada)
    form = {"code": "", "effect": "fixed", "amount": "50", "area": ""}
    assert post_form(client, "/organise/vouchers/new", form).status_code == 303
    row = db.session.scalars(select(Voucher)).one()
    assert (len(row.code), row.effect, row.value, row.event_id) == (8, VoucherEffect.FIXED, 5000, None)
    assert "for €50 · All areas · not used yet" in words(client.get("/organise/vouchers"))


def test_every_problem_is_at_its_field_and_the_form_is_kept(client: Browser, cast: Cast) -> None:
    event = make_event(organisers=[cast.otto], capacity=2)
    add_voucher(VoucherPlan(VoucherEffect.PERCENT, 10, code="TAKEN"), cast.ada)
    sign_in(client, cast.otto)
    path = f"/organise/events/{event.slug}/vouchers/new"
    answer = post_form(client, path, {"code": "taken", "effect": "percent", "percent": "10", "reserved": "3"})
    assert answer.status_code == 422
    assert "Another voucher has this code." in words(answer)
    assert "Only 2 places are free. Keep fewer." in words(answer)
    assert 'value="taken"' in answer.text
    missing = post_form(client, path, {"code": "x", "effect": "amount", "percent": "10"})
    assert "Write an amount" in words(missing)
    assert len(db.session.scalars(select(Voucher)).all()) == 1


def test_places_let_go_by_the_clock_go_to_who_waits(cast: Cast) -> None:
    event = make_event(public_cents=0, member_cents=None, capacity=1)
    until = now() + timedelta(days=1)
    add_voucher(VoucherPlan(VoucherEffect.AMOUNT, 0, "PRESS", reserved=1, valid_until=until), cast.alice, event.id)
    assert enrol(cast.bob, event).status == Status.WAITLISTED
    assert (release_ended(until - timedelta(seconds=1)), release_ended(until), release_ended(until)) == (0, 1, 0)
    db.session.expire_all()
    assert db.session.scalars(select(Registration.status)).one() == Status.CONFIRMED
    assert violations() == []


def test_a_voucher_that_does_nothing_is_refused(cast: Cast) -> None:
    with pytest.raises(PlanRefused) as refusal:
        add_voucher(VoucherPlan(VoucherEffect.AMOUNT, 0), cast.ada)
    assert [problem.code for problem in refusal.value.problems] == ["does_nothing"]
    assert db.session.scalars(select(Voucher)).all() == []


def plan(voucher: Voucher, **changes: Any) -> VoucherPlan:
    return replace(plan_of(voucher), **changes)


def test_a_voucher_that_was_used_changes_all_but_what_it_did(client: Browser, cast: Cast) -> None:
    event = make_event(organisers=[cast.otto], member_cents=None)
    voucher = add_voucher(VoucherPlan(VoucherEffect.PERCENT, 25, "PARTNER", uses_limit=9), cast.otto, event.id)
    carol = enrol(cast.carol, event, "PARTNER")
    paid = line_of(carol).net_cents
    sign_in(client, cast.otto)
    path = f"/organise/events/{event.slug}/vouchers/{voucher.public_id}"
    page = client.get(path)
    assert "25 % off · 1 of 9 used · what it does stays, because prices were made with it" in words(page)
    assert 'name="percent"' not in page.text
    sent = {"names-0": "Friends", "uses_limit": "0", "valid_until": "2099-01-31T18:00"}
    assert "Write a number from 1 to 100000." in words(post_form(client, path, sent))
    assert post_form(client, path, {**sent, "uses_limit": "1", "percent": "90"}).status_code == 303
    listed = words(client.get(f"/organise/events/{event.slug}/vouchers"))
    assert "25 % off · Friends · 1 of 1 used · until Saturday 31 January 2099 at 18:00" in listed
    assert line_of(carol).net_cents == paid
    assert "Otto Claes changed the code PARTNER: label, uses at most, end" in words(client.get(path))
    assert "changed the code PARTNER" in words(client.get(f"/organise/events/{event.slug}/history"))


def test_the_limit_never_falls_below_the_uses(cast: Cast) -> None:
    event = make_event(member_cents=None)
    voucher = add_voucher(VoucherPlan(VoucherEffect.PERCENT, 25, "PARTNER"), cast.alice, event.id)
    enrol(cast.carol, event, "PARTNER"), enrol(cast.bob, event, "PARTNER")
    with pytest.raises(PlanRefused) as refusal:
        change_voucher(voucher.public_id, plan(voucher, uses_limit=1), cast.alice, event.id)
    assert [(one.field, one.code, one.facts) for one in refusal.value.problems] == [
        ("uses_limit", "below_used", {"used": 2})
    ]
    with pytest.raises(PlanRefused):
        change_voucher(voucher.public_id, plan(voucher, value=30), cast.alice, event.id)
    assert db.session.scalars(select(Voucher.value)).one() == 25


def test_an_unused_one_may_become_another(client: Browser, cast: Cast) -> None:
    voucher = add_voucher(VoucherPlan(VoucherEffect.PERCENT, 25, "SEASON"), cast.ada)
    sign_in(client, cast.ada)
    path = f"/organise/vouchers/{voucher.public_id}"
    assert 'value="25"' in client.get(path).text
    assert post_form(client, path, {"effect": "amount", "amount": "50", "area": ""}).status_code == 303
    assert "€50 off · All areas · not used yet" in words(client.get("/organise/vouchers"))
    assert client.get(f"/organise/events/{make_event().slug}/vouchers/{voucher.public_id}").status_code == 404
    withdraw_voucher(voucher.public_id, cast.ada)
    assert client.get(path).status_code == 404


def test_places_kept_grow_while_places_are_free_and_go_to_who_waits_when_they_shrink(cast: Cast) -> None:
    event = make_event(public_cents=0, member_cents=None, capacity=3)
    voucher = add_voucher(VoucherPlan(VoucherEffect.AMOUNT, 0, "PRESS", reserved=1), cast.alice, event.id)
    enrol(cast.dora, event, "PRESS")
    change_voucher(voucher.public_id, plan(voucher, reserved=3), cast.alice, event.id)
    assert (quota_of(event).taken, quota_of(event).kept) == (1, 2)
    bob = enrol(cast.bob, event)
    assert bob.status == Status.WAITLISTED
    with pytest.raises(PlanRefused) as refusal:
        change_voucher(voucher.public_id, plan(voucher, reserved=4), cast.alice, event.id)
    assert refusal.value.problems[0].code == "not_free"
    change_voucher(voucher.public_id, plan(voucher, reserved=2), cast.alice, event.id)
    assert db.session.get_one(Registration, bob.id, populate_existing=True).status == Status.CONFIRMED
    assert (quota_of(event).taken, quota_of(event).kept) == (2, 1)
    assert violations() == []
