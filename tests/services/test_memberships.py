"""Memberships: applied for, decided, paid, renewed, given up; never two at once."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from sqlalchemy import select

from models.base import db, now
from models.organisations import (
    CURRENT,
    MEMBERSHIP_TRANSITIONS,
    Membership,
    MembershipPlan,
    MembershipStatus as S,
    MembershipTransitionRefused,
    Organisation,
)
from models.people import Person
from services.affiliations import NotYours, ReasonMissing
from services.membership_clock import advance_memberships
from services.membership_plans import PlanFacts, PlanUnknown, add_plan, change_plan, offered_plans
from services.memberships import (
    AlreadyApplied,
    FeePaid,
    MembershipUnknown,
    PeriodsOverlap,
    TooEarlyToRenew,
    activate,
    apply,
    approve,
    refuse,
    resign,
    resume,
    stop,
    suspend,
    withdraw,
    year_from,
)
from services.readers import reader_for
from services.transaction import writing
from tests.cast import Cast, add_member_locked, affiliate_locked
from tests.services.test_affiliations import acts, mails

TODAY = now().date()
PAID = FeePaid(TODAY, "KBC 4471")


@pytest.fixture
def plan(cast: Cast) -> MembershipPlan:
    facts = PlanFacts({"en": "Company", "fr": "Entreprise"}, {}, 180000, 60)
    return add_plan(facts, cast.ada)


@pytest.fixture
def kelvin(cast: Cast) -> Organisation:
    """An organisation without membership; Carol is its HR manager."""
    with writing() as session:
        organisation = add_member_locked("Kelvin", "kelvin.example")
        session.flush()
        session.delete(session.scalars(select(Membership).where(Membership.organisation_id == organisation.id)).one())
        affiliate_locked(cast.carol, organisation, is_hr_manager=True)
    return organisation


def fresh(row: Membership) -> Membership:
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(Membership, row.id)


def is_member(person: Person, day: date) -> bool:
    from datetime import UTC, datetime, time

    return reader_for(person, datetime.combine(day, time(12), UTC)).is_member


def test_it_works(cast: Cast, plan: MembershipPlan, kelvin: Organisation) -> None:
    row = apply(kelvin.public_id, "company", applicant=cast.carol)
    assert (row.status, row.starts_on, row.ends_on) == (S.APPLIED, TODAY, year_from(TODAY))
    assert not is_member(cast.carol, TODAY)
    approve(row.public_id, actor=cast.ada, reason="The board agrees.")
    assert not is_member(cast.carol, TODAY)
    activate(row.public_id, actor=cast.fay, paid=PAID)
    row = fresh(row)
    assert (row.status, row.reason) == (S.ACTIVE, "paid: KBC 4471")
    assert row.grace_until == row.ends_on + timedelta(days=60)
    assert is_member(cast.carol, TODAY)
    assert mails() == [
        ("membership_applied", "ada@mosan.example"),
        ("membership_decided", "carol@kelvin-home.example"),
        ("membership_decided", "carol@kelvin-home.example"),
    ]
    assert acts()[-3:] == ["membership.applied", "membership.moved", "membership.moved"]


def test_who_applies_and_who_decides(cast: Cast, plan: MembershipPlan, kelvin: Organisation) -> None:
    for stranger in (cast.dora, cast.bob, cast.alice):
        with pytest.raises(NotYours):
            apply(kelvin.public_id, "company", applicant=stranger)
    row = apply(kelvin.public_id, "company", applicant=cast.ada)  # an admin, on the phone
    for person in (cast.carol, cast.alice, cast.fay):
        with pytest.raises(NotYours):
            approve(row.public_id, actor=person, reason="Yes.")
    approve(row.public_id, actor=cast.ada, reason="Yes.")
    with pytest.raises(NotYours):  # finance books money, but lets nobody in without
        activate(row.public_id, actor=cast.fay, paid=None, reason="They will pay.")
    with pytest.raises(ReasonMissing):
        activate(row.public_id, actor=cast.ada, paid=None, reason=" ")
    activate(row.public_id, actor=cast.ada, paid=None, reason="A founder: free of charge.")
    assert fresh(row).status == S.ACTIVE


def test_a_refusal_has_its_reason_and_one_may_ask_again(cast: Cast, plan: MembershipPlan, kelvin: Organisation) -> None:
    row = apply(kelvin.public_id, "company", applicant=cast.carol)
    with pytest.raises(AlreadyApplied):
        apply(kelvin.public_id, "company", applicant=cast.carol)
    with pytest.raises(ReasonMissing):
        refuse(row.public_id, actor=cast.ada, reason="")
    refuse(row.public_id, actor=cast.ada, reason="Not in health.")
    assert fresh(row).status == S.REJECTED
    with pytest.raises(MembershipTransitionRefused):
        approve(row.public_id, actor=cast.ada, reason="After all.")
    apply(kelvin.public_id, "company", applicant=cast.carol)
    withdraw(kelvin.public_id, actor=cast.carol)
    with pytest.raises(MembershipUnknown):
        withdraw(kelvin.public_id, actor=cast.carol)


def test_no_fee_before_approval(cast: Cast, plan: MembershipPlan, kelvin: Organisation) -> None:
    row = apply(kelvin.public_id, "company", applicant=cast.carol)
    with pytest.raises(MembershipTransitionRefused):
        activate(row.public_id, actor=cast.fay, paid=PAID)
    with pytest.raises(MembershipUnknown):
        activate("x" * 26, actor=cast.fay, paid=PAID)


def test_renewing_follows_without_a_gap(cast: Cast, plan: MembershipPlan) -> None:
    present = db.session.scalars(select(Membership)).one()
    with pytest.raises(TooEarlyToRenew) as refusal:
        apply(cast.lysara.public_id, "company", applicant=cast.dora)
    assert refusal.value.renewable_from == present.ends_on - timedelta(days=90)
    with writing() as session:
        session.get_one(Membership, present.id).ends_on = TODAY + timedelta(days=30)
    row = apply(cast.lysara.public_id, "company", applicant=cast.dora)
    assert row.starts_on == TODAY + timedelta(days=31)
    with pytest.raises(PeriodsOverlap) as overlap:
        approve(row.public_id, actor=cast.ada, reason="Yes.", starts_on=TODAY)
    assert overlap.value.free_from == TODAY + timedelta(days=31)
    approve(row.public_id, actor=cast.ada, reason="Yes.")
    activate(row.public_id, actor=cast.fay, paid=PAID)
    assert advance_memberships(TODAY + timedelta(days=30)) == 0
    assert advance_memberships(TODAY + timedelta(days=31)) == 1
    assert (fresh(present).status, fresh(present).reason) == (S.LAPSED, "renewed")
    assert all(is_member(cast.bob, TODAY + timedelta(days=days)) for days in range(31, 300, 5))
    assert [template for template, _ in mails()].count(
        "membership_decided"
    ) == 2  # approved and paid; renewing is quiet


def test_giving_up_counts_from_the_end(cast: Cast) -> None:
    row = db.session.scalars(select(Membership)).one()
    with pytest.raises(NotYours):
        resign(cast.lysara.public_id, actor=cast.bob)
    resign(cast.lysara.public_id, actor=cast.dora)
    assert is_member(cast.bob, row.ends_on)
    resign(cast.lysara.public_id, actor=cast.dora, leaves=False)
    assert fresh(row).grace_until == row.ends_on + timedelta(days=60)
    resign(cast.lysara.public_id, actor=cast.dora)
    advance_memberships(row.ends_on + timedelta(days=1))
    assert (fresh(row).status, fresh(row).reason) == (S.RESIGNED, "left")


def test_suspended_and_taken_up_again(cast: Cast) -> None:
    row = db.session.scalars(select(Membership)).one()
    with pytest.raises(MembershipTransitionRefused):
        resume(row.public_id, actor=cast.ada, reason="Why not.")
    suspend(row.public_id, actor=cast.ada, reason="The invoice of May.")
    assert not is_member(cast.bob, TODAY)
    resume(row.public_id, actor=cast.ada, reason="Paid.")
    assert is_member(cast.bob, TODAY)
    stop(row.public_id, actor=cast.ada, reason="Merged.")
    assert not is_member(cast.bob, TODAY)


def test_a_plan_withdrawn_while_the_form_was_open(cast: Cast, plan: MembershipPlan, kelvin: Organisation) -> None:
    change_plan("company", PlanFacts(plan.names, {}, 180000, 60, is_offered=False), cast.ada)
    assert offered_plans() == []
    with pytest.raises(PlanUnknown):
        apply(kelvin.public_id, "company", applicant=cast.carol)


@pytest.mark.pure
def test_every_pair_of_statuses() -> None:
    for before in S:
        for after in S:
            row = Membership(status=before)
            if after in MEMBERSHIP_TRANSITIONS[before]:
                row.move(after, actor=None, reason="why", at=now())
                assert row.status == after
            else:
                with pytest.raises(MembershipTransitionRefused):
                    row.move(after, actor=None, reason="why", at=now())


@pytest.mark.pure
@given(st.dates(date(2020, 1, 1), date(2060, 1, 1)))
def test_a_year_is_a_year(day: date) -> None:
    days = (year_from(day) - day).days + 1
    assert days in (365, 366)
    assert year_from(year_from(day) + timedelta(days=1)) > year_from(day)


ACTS = st.lists(
    st.tuples(st.sampled_from(["apply", "approve", "pay", "suspend", "resume", "stop", "resign"]), st.integers(0, 200)),
    min_size=4,
    max_size=14,
)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ACTS)
def test_periods_never_overlap(cast: Cast, plan: MembershipPlan, steps: list[tuple[str, int]]) -> None:
    """Whatever is asked in whatever order, with days and years passing in between."""
    with writing():
        organisation = add_member_locked(f"Firm {now().timestamp()}", f"f{now().timestamp()}.example")
    day = TODAY
    for act, days in steps:
        day += timedelta(days=days)
        advance_memberships(day)
        do(act, organisation, day, cast)
        query = select(Membership).where(Membership.organisation_id == organisation.id, Membership.status.in_(CURRENT))
        rows = sorted(db.session.scalars(query), key=lambda row: row.starts_on)
        assert all(one.ends_on < other.starts_on for one, other in pairwise(rows))
        db.session.rollback()


def do(act: str, organisation: Organisation, day: date, cast: Cast) -> None:
    """One act on the organisation's memberships, if it may be."""
    from datetime import UTC, datetime, time

    at = datetime.combine(day, time(12), UTC)
    query = select(Membership).where(Membership.organisation_id == organisation.id).order_by(Membership.id.desc())
    latest = db.session.scalars(query).first()
    assert latest is not None
    refusals = (AlreadyApplied, TooEarlyToRenew, MembershipTransitionRefused, PeriodsOverlap, MembershipUnknown)
    try:
        if act == "apply":
            apply(organisation.public_id, "company", applicant=cast.ada, at=at)
        elif act == "approve":
            approve(latest.public_id, actor=cast.ada, reason="Yes.", starts_on=day, at=at)
        elif act == "pay":
            activate(latest.public_id, actor=cast.fay, paid=FeePaid(day, "1"), at=at)
        elif act == "resign":
            resign(organisation.public_id, actor=cast.ada)
        else:
            {"suspend": suspend, "resume": resume, "stop": stop}[act](latest.public_id, actor=cast.ada, reason="Why.")
    except refusals:
        db.session.rollback()
