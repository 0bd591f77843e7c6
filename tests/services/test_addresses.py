"""Several addresses of one person: proven by a code, one primary, history kept."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from models.base import db
from models.organisations import Affiliation, AffiliationStatus
from models.outbox import AuditEntry, OutboxMessage
from models.people import EmailAddress, Person
from services.addresses import (
    AddressNotProven,
    AddressUnknown,
    AlreadyYours,
    LastAddress,
    TooManyAddresses,
    addresses_of,
    ask_to_prove,
    make_primary,
    prove_by_code,
    prove_by_link,
    remove_address,
)
from services.codes import CodeRefused, CodeUsed
from services.entrances import Visitor
from services.people import AddressTaken, person_by_address
from services.throttles import TooMany
from services.transaction import writing
from tests.cast import Cast

HERE = Visitor("laptop", "Firefox", "192.0.2.1")
NEW = "carol@lysara.example"


def last_mail() -> OutboxMessage:
    found = db.session.scalars(select(OutboxMessage).order_by(OutboxMessage.id.desc())).first()
    assert found is not None
    return found


def digits() -> str:
    return str(last_mail().context["code"])


def add(person: Person, address: str) -> EmailAddress:
    ask_to_prove(person, address, HERE)
    return prove_by_code(person, digits(), HERE)


def addresses(person: Person) -> list[str]:
    return [row.address for row in addresses_of(person)]


def test_it_works(cast: Cast) -> None:
    ask_to_prove(cast.carol, NEW, HERE)
    assert addresses(cast.carol) == ["carol@kelvin-home.example"], "nothing is added before the code comes back"
    assert (last_mail().template, last_mail().recipient) == ("prove_address", NEW)
    row = prove_by_code(cast.carol, digits(), HERE)
    assert row.proven_at
    assert not row.is_primary
    assert person_by_address(NEW) is cast.carol
    (found,) = db.session.scalars(select(Affiliation).where(Affiliation.person_id == cast.carol.id))
    assert found.status == AffiliationStatus.VERIFIED


def test_by_link_once(cast: Cast) -> None:
    ask_to_prove(cast.carol, NEW, HERE)
    token = str(last_mail().context["link"]).rpartition("/")[2]
    prove_by_link(cast.carol, token)
    with pytest.raises(CodeUsed):
        prove_by_link(cast.carol, token)
    assert NEW in addresses(cast.carol)


def test_a_code_of_somebody_else_adds_nothing(cast: Cast) -> None:
    """Carol asks; her neighbour at the same browser, now signed in as Dora, types the code."""
    ask_to_prove(cast.carol, NEW, HERE)
    with pytest.raises(AddressUnknown):
        prove_by_code(cast.dora, digits(), HERE)
    assert person_by_address(NEW) is None
    assert prove_by_code(cast.carol, digits(), HERE), "the code was not used up by the wrong account"


def test_somebody_elses_address_is_told_only_to_who_reads_its_mail(cast: Cast) -> None:
    ask_to_prove(cast.carol, "bob@lysara.example", HERE)
    with pytest.raises(CodeRefused):
        prove_by_code(cast.carol, "000000" if digits() != "000000" else "111111", HERE)
    with pytest.raises(AddressTaken):
        prove_by_code(cast.carol, digits(), HERE)
    assert person_by_address("bob@lysara.example") is cast.bob


def test_yours_already(cast: Cast) -> None:
    with pytest.raises(AlreadyYours):
        ask_to_prove(cast.bob, "BOB@lysara.example", HERE)


def test_ten_are_enough(cast: Cast) -> None:
    with writing() as session:
        for number in range(9):
            address = f"carol{number}@x.example"
            session.add(EmailAddress(person_id=cast.carol.id, address=address, key=address))
    with pytest.raises(TooManyAddresses):
        ask_to_prove(cast.carol, NEW, HERE)


def test_five_mails_an_hour(cast: Cast) -> None:
    for _ in range(5):
        ask_to_prove(cast.carol, NEW, HERE)
    with pytest.raises(TooMany):
        ask_to_prove(cast.carol, NEW, HERE)


def test_primary_tells_the_old_one(cast: Cast) -> None:
    add(cast.carol, NEW)
    make_primary(cast.carol, NEW, locale="en")
    assert addresses(cast.carol) == [NEW, "carol@kelvin-home.example"]
    mail = last_mail()
    assert (mail.template, mail.recipient, mail.context) == (
        "address_changed", "carol@kelvin-home.example", {"address": NEW},
    )  # fmt: skip
    assert "address.made_primary" in db.session.scalars(select(AuditEntry.action)).all()
    make_primary(cast.carol, NEW, locale="en")
    assert last_mail().id == mail.id, "the same again tells nobody"


def test_primary_must_be_proven_and_own(cast: Cast) -> None:
    with writing() as session:
        session.add(EmailAddress(person_id=cast.carol.id, address=NEW, key=NEW))
    with pytest.raises(AddressNotProven):
        make_primary(cast.carol, NEW, locale="en")
    for address in ("bob@lysara.example", "nobody@x.example", ""):
        with pytest.raises(AddressUnknown):
            make_primary(cast.carol, address, locale="en")


def test_removing_ends_the_affiliation_and_keeps_its_history(cast: Cast) -> None:
    add(cast.carol, NEW)
    remove_address(cast.carol, NEW)
    assert person_by_address(NEW) is None
    (found,) = db.session.scalars(select(Affiliation).where(Affiliation.person_id == cast.carol.id))
    assert found.status == AffiliationStatus.ENDED
    assert found.ended_at is not None
    add(cast.carol, NEW)
    statuses = db.session.scalars(
        select(Affiliation.status).where(Affiliation.person_id == cast.carol.id).order_by(Affiliation.id)
    ).all()
    assert statuses == ["ended", "verified"], "proven again, affiliated again"


def test_another_address_of_the_organisation_keeps_the_affiliation(cast: Cast) -> None:
    add(cast.carol, NEW)
    add(cast.carol, "c.nguyen@lysara.example")
    remove_address(cast.carol, NEW)
    (found,) = db.session.scalars(select(Affiliation).where(Affiliation.person_id == cast.carol.id))
    assert found.status == AffiliationStatus.VERIFIED


def test_the_primary_one_stays(cast: Cast) -> None:
    with pytest.raises(LastAddress):
        remove_address(cast.carol, "carol@kelvin-home.example")
    with pytest.raises(AddressUnknown):
        remove_address(cast.carol, "bob@lysara.example")
