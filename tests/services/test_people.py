"""Persons, their addresses, and what a proven address gives."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from models.base import db, now
from models.organisations import Affiliation, AffiliationStatus, EmailDomain
from models.people import EmailAddress, Person, Role, StaffRole
from services.people import (
    AddressTaken,
    NobodyHasAddress,
    add_admin,
    add_person_locked,
    affiliate_by_domain_locked,
    make_admin,
    person_by_address,
    prove_locked,
)
from services.permissions import roles_of
from services.transaction import writing
from tests.cast import Cast


def join(address: str, *, proven: bool = True) -> Person:
    with writing():
        return add_person_locked("Nora", "Peters", address, "fr", proven=proven)


def affiliations(person: Person) -> list[Affiliation]:
    return list(
        db.session.scalars(select(Affiliation).where(Affiliation.person_id == person.id).order_by(Affiliation.id))
    )


def test_it_works(cast: Cast) -> None:
    person = join("Nora@Home.example")
    assert (person.name, person.locale) == ("Nora Peters", "fr")
    row = db.session.scalars(select(EmailAddress).where(EmailAddress.person_id == person.id)).one()
    assert (row.address, row.key, row.is_primary) == ("Nora@Home.example", "nora@home.example", True)
    assert row.proven_at is not None
    assert affiliations(person) == []


def test_found_in_any_case(cast: Cast) -> None:
    assert person_by_address("  BOB@Lysara.Example ") is cast.bob
    assert person_by_address("nobody@lysara.example") is None


def test_an_erased_person_is_not_found(cast: Cast) -> None:
    with writing():
        cast.bob.erased_at = now()
    assert person_by_address("bob@lysara.example") is None


def test_one_address_one_person(cast: Cast) -> None:
    with pytest.raises(AddressTaken):
        join("BOB@lysara.example")
    assert db.session.scalar(select(func.count()).select_from(Person).where(Person.family_name == "Peters")) == 0


def test_a_proven_address_of_a_verified_domain_affiliates(cast: Cast) -> None:
    person = join("nora@lysara.example")
    (found,) = affiliations(person)
    assert found.status == AffiliationStatus.VERIFIED
    assert found.verified_by == "domain"
    assert found.is_main
    assert found.organisation_id == cast.lysara.id


def test_an_unproven_address_does_not(cast: Cast) -> None:
    person = join("nora@lysara.example", proven=False)
    assert affiliations(person) == []
    with writing():
        assert affiliate_by_domain_locked(person, "nora@lysara.example") is None
        prove_locked(person, "nora@lysara.example")
    assert [row.status for row in affiliations(person)] == [AffiliationStatus.VERIFIED]


@pytest.mark.parametrize("address", ["nora@sub.lysara.example", "nora@notlysara.example", "nora@lysara.example.org"])
def test_other_domains_do_not(cast: Cast, address: str) -> None:
    assert affiliations(join(address)) == []


def test_an_unverified_domain_does_not(cast: Cast) -> None:
    with writing() as session:
        session.scalars(select(EmailDomain)).one().verified_at = None
    assert affiliations(join("nora@lysara.example")) == []


def test_a_claim_becomes_verified(cast: Cast) -> None:
    person = join("nora@lysara.example", proven=False)
    with writing() as session:
        session.add(Affiliation(person_id=person.id, organisation_id=cast.lysara.id))
    with writing():
        prove_locked(person, "nora@lysara.example")
    assert [(row.status, row.verified_by) for row in affiliations(person)] == [("verified", "domain")]


def test_proving_twice_changes_nothing(cast: Cast) -> None:
    person = join("nora@lysara.example")
    with writing():
        prove_locked(person, "nora@lysara.example")
    assert len(affiliations(person)) == 1


def test_a_rejected_affiliation_stays_rejected(cast: Cast) -> None:
    person = join("nora@lysara.example", proven=False)
    with writing() as session:
        session.add(Affiliation(person_id=person.id, organisation_id=cast.lysara.id, status=AffiliationStatus.REJECTED))
    with writing():
        prove_locked(person, "nora@lysara.example")
    assert [row.status for row in affiliations(person)] == [AffiliationStatus.REJECTED]


def test_an_affiliation_that_hr_ended_does_not_come_back_by_signing_in(cast: Cast) -> None:
    person = join("nora@lysara.example")
    with time_machine.travel(now() + timedelta(days=1)):
        with writing() as session:
            row = session.scalars(select(Affiliation).where(Affiliation.person_id == person.id)).one()
            row.status, row.ended_at = AffiliationStatus.ENDED, now()
        with writing():
            prove_locked(person, "nora@lysara.example")
    assert [row.status for row in affiliations(person)] == [AffiliationStatus.ENDED]


def test_a_second_organisation_is_not_the_main_one(cast: Cast) -> None:
    with writing() as session:
        from tests.cast import add_member_locked

        other = add_member_locked("Orvane Therapeutics", "orvane.example")
        session.add(
            EmailAddress(person_id=cast.bob.id, address="b@orvane.example", key="b@orvane.example", proven_at=now())
        )
        session.flush()
        made = affiliate_by_domain_locked(cast.bob, "b@orvane.example")
    assert made is not None
    assert made.organisation_id == other.id
    assert not made.is_main


def test_make_admin(cast: Cast) -> None:
    assert make_admin("Carol@Kelvin-home.example") is cast.carol
    make_admin("carol@kelvin-home.example")
    rows = db.session.scalars(select(StaffRole).where(StaffRole.person_id == cast.carol.id)).all()
    assert [row.role for row in rows] == [Role.ADMIN]
    assert roles_of(cast.carol).is_admin
    with pytest.raises(NobodyHasAddress):
        make_admin("nobody@mosan.example")


def test_add_admin_makes_the_person(app: Flask) -> None:
    person = add_admin("first@mosan.example", "First", "Admin", "fr")
    assert roles_of(person).is_admin
    assert person_by_address("first@mosan.example") is person
    assert db.session.scalars(select(EmailAddress)).one().proven_at is None
