"""A person is forgotten: answers and files too, and nowhere in the database does their name or address stay."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from models.base import Base, db, now
from models.events import Event
from models.outbox import AuditEntry, Delivery, OutboxMessage
from models.people import Person
from models.questions import Answer, KeptFile, QuestionKind
from models.registrations import ExemptionRequest, RegistrationDraft
from services.drafts import save_draft
from services.entrances import Visitor
from services.erasure import Forgotten, StillExpected, erase
from services.kept_files import keep_file
from services.registrations import register
from services.soundness import violations
from services.transaction import writing
from services.wishes import Wish
from tests.cast import ADDRESSES, Cast, make_event
from tests.services.asked import ask, evening

BROWSER = Visitor("browser of Carol", ip="10.0.0.7")
PDF = b"%PDF-1.7 the life of Carol"


def carols(cast: Cast) -> Event:
    """Carol was at an evening, with an answer and a file; has begun another form with a file; and asked for something."""
    event, other = evening(), evening()
    cv = ask(cast, event, QuestionKind.FILE, "Your curriculum vitae")
    soup = ask(cast, event, QuestionKind.TEXT, "Your badge line?")
    again = ask(cast, other, QuestionKind.FILE, "Your curriculum vitae")
    answers = {cv.public_id: keep_file(cv.id, "carol.pdf", PDF, BROWSER).public_id, soup.public_id: "Carol of Kelvin"}
    me: dict[str, Any] = {
        "given_name": "Carol",
        "family_name": "Nguyễn",
        "email": ADDRESSES["carol"],
        "phone": "+32 470 12 34 56",
    }
    register(cast.carol, event.id, Wish(**me, needs="no nuts", studies="x", answers=answers), locale="en")
    waiting = keep_file(again.id, "carol.pdf", PDF, BROWSER).public_id
    save_draft(other.id, Wish(**me, answers={again.public_id: waiting}), BROWSER)
    with writing() as session:
        session.add(ExemptionRequest(event_id=other.id, person_id=cast.carol.id, reason="I am Carol Nguyễn."))
        session.get_one(Person, cast.carol.id).job_title = "Analyst at Kelvin"
        session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)).first().delivery = Delivery.SENT  # type: ignore[union-attr]
    return event


def everything_that_says(*words: str) -> set[str]:
    """The columns of all tables in which one of the words stands, whatever their type."""
    found = set()
    for table in Base.metadata.sorted_tables:
        for row in db.session.execute(select(table)).mappings():
            for name, value in row.items():
                text = (
                    value.decode("latin-1")
                    if isinstance(value, bytes)
                    else json.dumps(value, default=str, ensure_ascii=False)
                )
                if any(word in text for word in words):
                    found.add(f"{table.name}.{name}")
    db.session.rollback()
    return found


def test_it_works(cast: Cast) -> None:
    event = carols(cast)
    words = ("Carol", "Nguyễn", ADDRESSES["carol"], "470 12 34", "no nuts", "Kelvin")
    assert {"answer.value", "answer.file", "kept_file.content", "registration.needs"} <= everything_that_says(*words)
    found = erase(cast.carol.id, actor=cast.ada, at=event.ends_at + timedelta(days=1))
    assert found == Forgotten(registrations=1, answers=2, files=1, certificates=0)
    assert everything_that_says(*words) == set()
    assert [db.session.scalars(select(kind)).all() for kind in (Answer, KeptFile, RegistrationDraft)] == [[], [], []]
    assert (
        db.session.scalars(select(AuditEntry.action).where(AuditEntry.subject_kind == "person")).one()
        == "person.erased"
    )
    assert erase(cast.carol.id, actor=cast.ada) == Forgotten()
    assert violations() == []


def test_others_keep_what_is_theirs(cast: Cast) -> None:
    event = carols(cast)
    badge = ask(cast, event, QuestionKind.TEXT, "Anything else?")
    bob = Wish("Bob", "Lambert", ADDRESSES["bob"], answers={badge.public_id: "Bob of Lysara"})
    register(cast.bob, event.id, bob, locale="en")
    erase(cast.carol.id, actor=None, at=event.ends_at + timedelta(days=1))
    assert db.session.scalars(select(Answer.value)).all() == ["Bob of Lysara"]
    assert db.session.get_one(Person, cast.bob.id).name == "Bob Lambert"


def test_not_while_somebody_waits_for_them_or_money_is_open(cast: Cast) -> None:
    carols(cast)
    with pytest.raises(StillExpected):
        erase(cast.carol.id, actor=cast.ada)
    event = make_event(public_cents=10000, member_cents=None)
    register(cast.bob, event.id, Wish("Bob", "Lambert", ADDRESSES["bob"]), locale="en")
    with pytest.raises(StillExpected):
        erase(cast.bob.id, actor=cast.ada, at=now() + timedelta(days=100))
    assert db.session.get_one(Person, cast.bob.id).erased_at is None
