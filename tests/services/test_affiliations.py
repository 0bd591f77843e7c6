"""Who works where: claims and the decisions about them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from models.base import db, now
from models.organisations import Affiliation, AffiliationStatus, Organisation
from models.outbox import AuditEntry, OutboxMessage
from models.people import Person
from services.affiliations import (
    AGAIN_AFTER,
    AffiliationUnknown,
    AlreadyDecided,
    AlreadyThere,
    ClaimedBefore,
    LastHrManager,
    NotYours,
    ReasonMissing,
    TooManyClaims,
    choose_main,
    claim,
    end,
    leave,
    reject,
    set_hr_manager,
    verify,
)
from services.organisations import OrganisationUnknown
from services.people import add_person_locked
from services.readers import reader_for
from services.transaction import writing
from tests.cast import Cast, add_member_locked, affiliate_locked


def rows_of(person: Person) -> list[Affiliation]:
    query = select(Affiliation).where(Affiliation.person_id == person.id).order_by(Affiliation.id)
    return list(db.session.scalars(query))


def mails() -> list[tuple[str, str]]:
    """Template and recipient of every mail, in their order."""
    query = select(OutboxMessage.template, OutboxMessage.recipient).order_by(OutboxMessage.id)
    return [(template, recipient) for template, recipient in db.session.execute(query)]


def acts() -> list[str]:
    return list(db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


def other(name: str = "Orvane") -> Organisation:
    with writing():
        return add_member_locked(name, f"{name.lower()}.example")


def test_it_works(cast: Cast) -> None:
    row = claim(cast.carol, cast.lysara.public_id)
    assert (row.status, row.is_main, row.verified_by) == (AffiliationStatus.CLAIMED, True, None)
    assert not reader_for(cast.carol, now()).is_member
    verify(cast.lysara.public_id, cast.carol.public_id, actor=cast.dora)
    [row] = rows_of(cast.carol)
    assert (row.status, row.verified_by) == (AffiliationStatus.VERIFIED, "hr")
    assert reader_for(cast.carol, now()).is_member
    assert mails() == [
        ("affiliation_claimed", "dora@lysara.example"),
        ("affiliation_decided", "carol@kelvin-home.example"),
    ]
    assert acts() == ["affiliation.claimed", "affiliation.verified"]


def test_staff_decide_where_there_is_no_hr_manager(cast: Cast) -> None:
    orvane = other()
    claim(cast.carol, orvane.public_id)
    assert mails() == [("affiliation_claimed", "ada@mosan.example")]
    row = verify(orvane.public_id, cast.carol.public_id, actor=cast.ada)
    assert row.verified_by == "staff"


@pytest.mark.parametrize("name", ["bob", "carol", "alice", "fay", "emil"])
def test_nobody_else_decides(cast: Cast, name: str) -> None:
    """Colleagues, strangers, organisers, finance and trainers neither verify, reject, end nor give roles."""
    actor, here, bob = getattr(cast, name), cast.lysara.public_id, cast.bob.public_id
    claim(cast.carol, here)
    with pytest.raises(NotYours):
        verify(here, cast.carol.public_id, actor=actor)
    with pytest.raises(NotYours):
        reject(here, cast.carol.public_id, actor=actor, reason="No.")
    with pytest.raises(NotYours):
        end(here, bob, actor=actor, reason="No.")
    with pytest.raises(NotYours):
        set_hr_manager(here, bob, given=True, actor=actor)


def test_an_hr_manager_decides_at_home_only(cast: Cast) -> None:
    orvane = other()
    claim(cast.carol, orvane.public_id)
    with pytest.raises(NotYours):
        verify(orvane.public_id, cast.carol.public_id, actor=cast.dora)


def test_a_proven_work_address_needs_no_answer(cast: Cast) -> None:
    with writing():
        eve = add_person_locked("Eve", "Stone", "eve@home.example", "en", proven=True)
        from models.people import EmailAddress

        db.session.add(
            EmailAddress(person_id=eve.id, address="e@lysara.example", key="e@lysara.example", proven_at=now())
        )
    assert claim(eve, cast.lysara.public_id).status == AffiliationStatus.VERIFIED
    assert mails() == []


def test_one_claim_at_a_time_here_and_five_in_all(cast: Cast) -> None:
    claim(cast.carol, cast.lysara.public_id)
    with pytest.raises(AlreadyThere):
        claim(cast.carol, cast.lysara.public_id)
    with pytest.raises(AlreadyThere):
        claim(cast.bob, cast.lysara.public_id)
    for number in range(4):
        claim(cast.carol, other(f"Orvane{number}").public_id)
    with pytest.raises(TooManyClaims):
        claim(cast.carol, other("Sixth").public_id)
    with pytest.raises(OrganisationUnknown):
        claim(cast.carol, "x" * 26)


def test_a_no_is_told_with_its_reason_and_stands_for_a_while(cast: Cast) -> None:
    claim(cast.carol, cast.lysara.public_id)
    with pytest.raises(ReasonMissing):
        reject(cast.lysara.public_id, cast.carol.public_id, actor=cast.dora, reason="  ")
    at = now()
    row = reject(cast.lysara.public_id, cast.carol.public_id, actor=cast.dora, reason=" We do not know you. ", at=at)
    assert (row.status, row.is_main) == (AffiliationStatus.REJECTED, False)
    message = db.session.scalars(select(OutboxMessage).where(OutboxMessage.template == "affiliation_decided")).one()
    assert message.context["reason"] == "We do not know you."
    with pytest.raises(ClaimedBefore) as refusal:
        claim(cast.carol, cast.lysara.public_id)
    assert refusal.value.again_at == at + AGAIN_AFTER
    again = claim(cast.carol, cast.lysara.public_id, at=at + AGAIN_AFTER + timedelta(seconds=1))
    assert again.status == AffiliationStatus.CLAIMED


def test_two_answers_at_once(cast: Cast) -> None:
    claim(cast.carol, cast.lysara.public_id)
    verify(cast.lysara.public_id, cast.carol.public_id, actor=cast.dora)
    with pytest.raises(AlreadyDecided):
        reject(cast.lysara.public_id, cast.carol.public_id, actor=cast.ada, reason="No.")
    with pytest.raises(AffiliationUnknown):
        verify(cast.lysara.public_id, cast.fay.public_id, actor=cast.dora)


def test_leaving_ends_the_rights_and_keeps_the_rest(cast: Cast) -> None:
    assert reader_for(cast.bob, now()).is_member
    end(cast.lysara.public_id, cast.bob.public_id, actor=cast.dora, reason="Left in May.")
    [row] = rows_of(cast.bob)
    assert (row.status, row.ended_at is not None) == (AffiliationStatus.ENDED, True)
    assert not reader_for(cast.bob, now()).is_member
    assert mails() == [("affiliation_decided", "bob@lysara.example")]
    again = claim(cast.bob, cast.lysara.public_id)  # his address no longer lets him in by itself: HR decides
    assert again.status == AffiliationStatus.CLAIMED


def test_a_person_leaves_by_themselves(cast: Cast) -> None:
    leave(cast.bob, cast.lysara.public_id)
    assert [row.status for row in rows_of(cast.bob)] == [AffiliationStatus.ENDED]
    with pytest.raises(AffiliationUnknown):
        leave(cast.bob, cast.lysara.public_id)


def test_the_last_hr_manager_names_another_first(cast: Cast) -> None:
    here, dora, bob = cast.lysara.public_id, cast.dora.public_id, cast.bob.public_id
    with pytest.raises(LastHrManager):
        set_hr_manager(here, dora, given=False, actor=cast.dora)
    with pytest.raises(LastHrManager):
        leave(cast.dora, here)
    with pytest.raises(LastHrManager):
        end(here, dora, actor=cast.dora, reason="I go.")
    set_hr_manager(here, bob, given=True, actor=cast.dora)
    set_hr_manager(here, dora, given=False, actor=cast.bob)
    assert mails() == [("affiliation_decided", "bob@lysara.example"), ("affiliation_decided", "dora@lysara.example")]
    with pytest.raises(NotYours):
        set_hr_manager(here, bob, given=False, actor=cast.dora)
    set_hr_manager(here, bob, given=False, actor=cast.ada)  # staff may


def test_giving_the_role_twice_tells_once_and_a_claim_cannot_have_it(cast: Cast) -> None:
    here = cast.lysara.public_id
    for _ in range(2):
        set_hr_manager(here, cast.bob.public_id, given=True, actor=cast.ada)
    assert len(mails()) == 1
    claim(cast.carol, here)
    with pytest.raises(AffiliationUnknown):
        set_hr_manager(here, cast.carol.public_id, given=True, actor=cast.ada)


def test_exactly_one_main_one(cast: Cast) -> None:
    orvane = other()
    with writing():
        affiliate_locked(cast.bob, orvane, is_main=False)
    choose_main(cast.bob, orvane.public_id)
    assert [row.is_main for row in rows_of(cast.bob)] == [False, True]
    assert reader_for(cast.bob, now()).organisation_name == "Orvane"
    leave(cast.bob, orvane.public_id)
    assert [row.is_main for row in rows_of(cast.bob)] == [True, False]
    with pytest.raises(AffiliationUnknown):
        choose_main(cast.bob, orvane.public_id)
