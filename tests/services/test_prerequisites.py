"""Prerequisites: told, confirmed, enforced; what counts as completed, and the exemption from it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from models.base import db, now
from models.certificates import Certificate, CertificateStatus
from models.courses import Course, Prerequisite
from models.events import Event
from models.outbox import AuditEntry, OutboxMessage
from models.people import Person
from models.registrations import Exemption, Outcome, Registration, Status
from services.exemptions import (
    AlreadyDecided,
    AnswerMissing,
    NothingToAsk,
    NotTheirManager,
    ask,
    ask_for_team,
    decide,
    open_number,
)
from services.letters import compose
from services.prerequisites import PrerequisitesMissing, PrerequisitesUnconfirmed
from services.substitutions import Colleague, substitute
from services.team_lists import TeamWish, candidates
from services.team_orders import order_for_team
from services.transaction import writing
from tests.cast import Cast, make_event, morning_in
from tests.services.test_register import enrol

REASON = "Ten years in a clean room at Orvane."


def first(**changes: object) -> Event:
    """A date of the course that comes first, long over."""
    past = {"title": "The basics", "public_cents": 0, "member_cents": None, "starts_at": morning_in(-40), **changes}
    return make_event(**past)  # type: ignore[arg-type]


def asking(kind: Prerequisite, basics: Event | None = None, **changes: object) -> Event:
    """A free event whose course asks for another one."""
    event = make_event(**{"public_cents": 0, "member_cents": None, **changes})  # type: ignore[arg-type]
    with writing() as session:
        course = session.get_one(Course, event.course_id)
        course.prerequisite, course.prerequisites = kind, {"en": "The basics."}
        if basics is not None:
            session.refresh(course, ["required"])
            course.required = [session.get_one(Course, basics.course_id)]
    return event


def complete(person: Person, event: Event, outcome: Outcome = Outcome.COMPLETED) -> Registration:
    """The person was on the event, which is over."""
    with writing() as session:
        moved = session.get_one(Event, event.id)
        moved.starts_at += timedelta(days=100)
    registration = enrol(person, event)
    with writing() as session:
        session.get_one(Event, event.id).starts_at -= timedelta(days=100)
        session.get_one(Registration, registration.id).outcome = outcome
    return registration


def certify(registration: Registration, serial: int = 1, **changes: object) -> None:
    with writing() as session:
        values = {"registration_id": registration.id, "year": 2026, "serial": serial, "snapshot": "{}", "sha256": "x"}
        session.add(Certificate(**{**values, **changes}))


def test_it_works(cast: Cast) -> None:
    basics = first()
    event = asking(Prerequisite.ENFORCE, basics)
    with pytest.raises(PrerequisitesMissing):
        enrol(cast.carol, event)
    complete(cast.carol, basics)
    assert enrol(cast.carol, event).status == Status.CONFIRMED


def test_what_informs_turns_nobody_away(cast: Cast) -> None:
    assert enrol(cast.carol, asking(Prerequisite.INFORM, first())).status == Status.CONFIRMED


def test_what_enforces_no_course_turns_nobody_away(cast: Cast) -> None:
    assert enrol(cast.carol, asking(Prerequisite.ENFORCE)).status == Status.CONFIRMED


def test_what_is_to_be_confirmed_is_kept_with_the_registration(cast: Cast) -> None:
    event = asking(Prerequisite.CONFIRM)
    with pytest.raises(PrerequisitesUnconfirmed):
        enrol(cast.carol, event)
    assert enrol(cast.carol, event, prerequisites_confirmed=True).prerequisites_confirmed


@pytest.mark.parametrize("outcome", [Outcome.PARTIAL, Outcome.NO_SHOW, Outcome.EXCUSED])
def test_half_a_course_is_none(cast: Cast, outcome: Outcome) -> None:
    basics = first()
    complete(cast.carol, basics, outcome)
    with pytest.raises(PrerequisitesMissing):
        enrol(cast.carol, asking(Prerequisite.ENFORCE, basics))


def test_a_certificate_that_runs_out_or_was_revoked_takes_the_course_with_it(cast: Cast) -> None:
    basics = first()
    event = asking(Prerequisite.ENFORCE, basics)
    certify(complete(cast.carol, basics), valid_until=event.starts_at.date() - timedelta(days=1))
    certify(complete(cast.bob, basics), 2, status=CertificateStatus.REVOKED)
    certify(complete(cast.emil, basics), 3, valid_until=event.starts_at.date())
    for person in (cast.carol, cast.bob):
        with pytest.raises(PrerequisitesMissing):
            enrol(person, event)
    assert enrol(cast.emil, event).status == Status.CONFIRMED


def test_a_granted_exemption_opens_the_registration_and_tells_in_the_persons_language(cast: Cast) -> None:
    event = asking(Prerequisite.ENFORCE, first())
    with writing() as session:
        session.get_one(Person, cast.carol.id).locale = "fr"
    asked = ask(cast.carol, event.id, REASON)
    assert (asked.status, open_number(event.id)) == (Exemption.ASKED, 1)
    decide(asked.public_id, granted=True, actor=cast.alice)
    assert open_number(event.id) == 0
    assert enrol(cast.carol, event).status == Status.CONFIRMED
    mail = db.session.scalars(select(OutboxMessage).where(OutboxMessage.template == "exemption_decided")).one()
    assert (mail.locale, mail.recipient) == ("fr", "carol@kelvin-home.example")
    assert f"/events/{event.slug}/register" in compose(mail).text
    acts = db.session.scalars(select(AuditEntry.action).where(AuditEntry.event_id == event.id)).all()
    assert acts == ["exemption.asked", "exemption.granted"]


def test_a_refusal_says_why_and_stays(cast: Cast) -> None:
    event = asking(Prerequisite.ENFORCE, first())
    asked = ask(cast.carol, event.id, REASON)
    with pytest.raises(AnswerMissing):
        decide(asked.public_id, granted=False, answer=" ", actor=cast.alice)
    decide(asked.public_id, granted=False, answer="Please do the basics.", actor=cast.alice)
    with pytest.raises(AlreadyDecided):
        decide(asked.public_id, granted=True, actor=cast.alice)
    with pytest.raises(PrerequisitesMissing):
        enrol(cast.carol, event)
    again = ask(cast.carol, event.id, "Once more, please do.")
    assert (again.id, again.status, again.reason) == (asked.id, Exemption.REFUSED, REASON)


def test_an_exemption_is_for_one_event(cast: Cast) -> None:
    basics = first()
    asked = ask(cast.carol, asking(Prerequisite.ENFORCE, basics).id, REASON)
    decide(asked.public_id, granted=True, actor=cast.alice)
    with pytest.raises(PrerequisitesMissing):
        enrol(cast.carol, asking(Prerequisite.ENFORCE, basics))


def test_who_needs_none_asks_for_nothing(cast: Cast) -> None:
    basics = first()
    complete(cast.carol, basics)
    with pytest.raises(NothingToAsk):
        ask(cast.carol, asking(Prerequisite.ENFORCE, basics).id, REASON)
    with pytest.raises(NothingToAsk):
        ask(cast.carol, make_event().id, REASON)


def test_a_colleague_who_comes_instead_meets_it_too_unless_the_organiser_says_so(cast: Cast) -> None:
    basics = first()
    event = asking(Prerequisite.ENFORCE, basics)
    complete(cast.bob, basics)
    bob = enrol(cast.bob, event)
    dora = Colleague("Dora", "Wouters", cast.address(cast.dora))
    with pytest.raises(PrerequisitesMissing):
        substitute(bob.public_id, dora, actor=cast.bob)
    assert substitute(bob.public_id, dora, actor=cast.alice, by_organiser=True).holds_place


TEAM = "Bob Lambert <bob@lysara.example>\nEmil Vasseur <emil@vasseur.example>\nZoé Petit"


def test_a_team_leaves_out_who_does_not_meet_it_and_never_says_what_strangers_did(cast: Cast) -> None:
    basics = first()
    event = asking(Prerequisite.ENFORCE, basics)
    complete(cast.emil, basics)  # not of Lysara: what he completed is not theirs to know
    bob, emil, zoe = candidates(cast.lysara, event, TeamWish(people=TEAM))
    assert [one.is_unprepared for one in (bob, emil, zoe)] == [True, True, True]
    complete(cast.bob, basics)
    order = order_for_team(cast.dora, cast.lysara, event.id, TeamWish(people=TEAM), locale="en").order
    rows = db.session.scalars(select(Registration.person_id).where(Registration.order_id == order.id)).all()
    assert rows == [cast.bob.id]


def test_an_hr_manager_asks_for_all_who_are_left_out_at_once(cast: Cast) -> None:
    event = asking(Prerequisite.ENFORCE, first())
    people = candidates(cast.lysara, event, TeamWish(people=TEAM))
    with pytest.raises(NotTheirManager):
        ask_for_team(cast.carol, cast.lysara, event.id, people, REASON, locale="en")
    assert ask_for_team(cast.dora, cast.lysara, event.id, people, REASON, locale="en") == 2  # Zoé has no address
    assert ask_for_team(cast.dora, cast.lysara, event.id, people, REASON, locale="en") == 0
    (mail,) = db.session.scalars(select(OutboxMessage).where(OutboxMessage.template == "exemption_asked"))
    letter = compose(mail)  # one for both, to their list
    assert "Dora Wouters asks for an exemption from the course that comes first, for: Bob Lambert, Emil" in letter.text
    assert f"/organise/events/{event.slug}/exemptions\n" in letter.text
    asked = ask(cast.bob, event.id, "My own words.")
    decide(asked.public_id, granted=True, actor=cast.alice)
    told = select(OutboxMessage.recipient).where(OutboxMessage.template == "exemption_decided")
    assert set(db.session.scalars(told)) == {"bob@lysara.example", "dora@lysara.example"}
    bob, emil, _ = candidates(cast.lysara, event, TeamWish(people=TEAM))
    assert (bob.is_enrolled, emil.is_enrolled) == (True, False)


def test_an_hr_manager_confirms_for_all(cast: Cast) -> None:
    event = asking(Prerequisite.CONFIRM)
    with pytest.raises(PrerequisitesUnconfirmed):
        order_for_team(cast.dora, cast.lysara, event.id, TeamWish(people=TEAM), locale="en")
    wish = TeamWish(people=TEAM, unnamed=1, prerequisites_confirmed=True)
    order = order_for_team(cast.dora, cast.lysara, event.id, wish, locale="en").order
    query = select(Registration.prerequisites_confirmed).where(Registration.order_id == order.id)
    assert db.session.scalars(query).all() == [True] * 4


def test_nothing_is_asked_for_once_registration_is_closed(cast: Cast) -> None:
    from services.registrations import RegistrationClosed

    event = asking(Prerequisite.ENFORCE, first(), registration_closes_at=now())
    with pytest.raises(RegistrationClosed):
        ask(cast.carol, event.id, REASON)
