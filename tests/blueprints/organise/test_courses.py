"""What a course asks first, changed at the desk: told, confirmed or enforced, never in a circle; then it binds."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from models.base import db
from models.courses import Course, Prerequisite
from models.outbox import AuditEntry, OutboxMessage
from models.registrations import Exemption, ExemptionRequest
from services.course_prerequisites import PrerequisitePlan, change_prerequisites
from services.event_plans import PlanRefused
from services.letters import NothingToSay, compose
from services.prerequisites import PrerequisitesMissing
from tests.browsing import Browser
from tests.cast import Cast, make_event, post_form, sign_in, words
from tests.services.test_prerequisites import REASON, asking, complete, first
from tests.services.test_register import enrol


def course_of(event: Any) -> Course:
    return db.session.get_one(Course, event.course_id, populate_existing=True)


def ask_first(event: Any, *before: Any, kind: Prerequisite = Prerequisite.ENFORCE) -> PrerequisitePlan:
    return PrerequisitePlan(kind, {"en": "Or proof."}, tuple(course_of(one).slug for one in before))


def test_it_works(client: Browser, cast: Cast) -> None:
    basics, event = first(), make_event(public_cents=0, member_cents=None)
    sign_in(client, cast.alice)
    overview = client.get(f"/organise/events/{event.slug}")
    path = f"/organise/courses/{course_of(event).slug}/prerequisites"
    assert path in overview.text
    form = {"prerequisite": "enforce", "courses": course_of(basics).slug, "texts-0": "Or the licence of another house."}
    assert post_form(client, path, form).location == "/organise/courses"
    listed = words(client.get("/organise/courses"))
    assert "Aseptic techniques Ask for the courses · 1 course comes first · 1 date ahead" in listed
    assert "Alice Renard changed: how it binds, words, courses that come first" in words(client.get(path))
    page = client.get(f"/events/{event.slug}")
    assert "Or the licence of another house. Courses to complete first The basics" in words(page)
    assert f'/courses/{course_of(basics).slug}"' in page.text
    with pytest.raises(PrerequisitesMissing):
        enrol(cast.carol, event)
    complete(cast.bob, basics)
    assert enrol(cast.bob, event).holds_place
    assert db.session.scalars(select(AuditEntry.action).where(AuditEntry.subject_kind == "course")).all() == [
        "course.prerequisites"
    ]


@pytest.mark.parametrize(
    "form, told",
    [
        ({"prerequisite": "enforce"}, "Choose the courses to complete first"),
        ({"prerequisite": "confirm"}, "Write what people are to confirm"),
        ({"prerequisite": "inform", "texts-0": "x" * 1001}, "At most 1000 characters fit here."),
        ({"prerequisite": "always"}, "Choose one of the answers in the list."),
    ],
)
def test_what_is_wrong_stands_at_its_field(client: Browser, cast: Cast, form: dict[str, str], told: str) -> None:
    event = make_event()
    sign_in(client, cast.ada)
    answer = post_form(client, f"/organise/courses/{course_of(event).slug}/prerequisites", form)
    assert answer.status_code == 422
    assert told in words(answer)
    assert course_of(event).prerequisite == Prerequisite.INFORM


def test_no_course_comes_before_itself_by_any_way_round(client: Browser, cast: Cast) -> None:
    one, two, three = first(title="One"), first(title="Two"), first(title="Three")
    change_prerequisites(course_of(two).slug, ask_first(two, one), cast.alice)
    change_prerequisites(course_of(three).slug, ask_first(three, two), cast.alice)
    sign_in(client, cast.alice)
    slug = course_of(one).slug
    form = {"prerequisite": "enforce", "courses": course_of(three).slug}
    answer = post_form(client, f"/organise/courses/{slug}/prerequisites", form)
    assert "“Three” asks for this course itself, so nobody could begin." in words(answer)
    for wrong in (ask_first(one, one), PrerequisitePlan(Prerequisite.ENFORCE, {}, ("nowhere",))):
        with pytest.raises(PlanRefused):
            change_prerequisites(slug, wrong, cast.alice)


def test_organisers_of_one_event_change_no_course(client: Browser, cast: Cast) -> None:
    event = make_event(organisers=[cast.otto])
    sign_in(client, cast.otto)
    path = f"/organise/courses/{course_of(event).slug}/prerequisites"
    assert client.get(path).status_code == 403
    assert path not in client.get(f"/organise/events/{event.slug}").text


def mails(template: str) -> list[OutboxMessage]:
    return list(db.session.scalars(select(OutboxMessage).where(OutboxMessage.template == template)))


def test_the_organiser_reads_of_a_wish_once_and_the_person_of_the_answer(client: Browser, cast: Cast) -> None:
    event = asking(Prerequisite.ENFORCE, first(), organisers=[cast.otto])
    sign_in(client, cast.carol)
    for _ in range(2):
        post_form(client, f"/events/{event.slug}/exemption", {"reason": REASON}, page="/me/profile")
    (mail,) = mails("exemption_asked")
    letter = compose(mail)
    asked = db.session.scalars(select(ExemptionRequest)).one()
    link = f"/organise/events/{event.slug}/exemptions/{asked.public_id}"
    assert mail.recipient == cast.address(cast.otto)
    assert "Carol Nguyễn asks for an exemption" in letter.text
    assert REASON in letter.text
    assert link in letter.text
    sign_in(client, cast.otto)
    assert post_form(client, link, {"act": "grant"}).status_code == 303
    assert db.session.scalars(select(ExemptionRequest.status)).one() == Exemption.GRANTED
    (answer,) = mails("exemption_decided")
    assert answer.recipient == cast.address(cast.carol)
    with pytest.raises(NothingToSay):  # a mail that was late asks nobody for what is decided
        compose(db.session.get_one(OutboxMessage, mail.id))
