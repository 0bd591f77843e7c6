"""Asks every address of tests/permission_table.py as everybody, for an own and a foreign object. An address that is
not in the table fails."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from models.areas import Area
from models.bank import BankLine
from models.base import db, now
from models.certificates import Certificate
from models.courses import Course, Programme, Publication
from models.events import Event, Slot
from models.invoices import Invoice
from models.orders import Order
from models.organisations import AffiliationStatus, Membership, MembershipPlan, Organisation
from models.outbox import Delivery, OutboxMessage
from models.people import Person
from models.questions import QuestionKind
from models.registrations import ExemptionRequest, Outcome, Registration, Status
from models.vouchers import VoucherEffect
from services.affiliations import AlreadyThere, claim
from services.answer_changes import save_answers
from services.calendar_feeds import open_feed
from services.certificates import issue
from services.entrances import Visitor
from services.invoice_desk import issue as issue_invoice
from services.invoicing import NothingToInvoice
from services.jobs import start_job_locked
from services.kept_files import keep_file
from services.orders import receive_money
from services.prerequisites import exemption_of
from services.questions import QuestionFacts, add_question, questions_of
from services.refund_files import make_file
from services.refunds import Wanted, carry_out, request as request_refund
from services.registrations import register
from services.transaction import writing
from services.voucher_desk import VoucherPlan, add_voucher
from services.wishes import Wish
from tests.browsing import csrf_token
from tests.cast import Cast, add_member_locked, add_person_locked, affiliate_locked, make_event, sign_in
from tests.permission_table import CAST, TABLE
from tests.services.bank_files import imported, transfer

STATIC = ("/static/", "/bootstrap/")


def addresses(app: Flask) -> set[str]:
    """Every address the application answers, as the table names it."""
    return {
        f"{method} {rule.rule}"
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if not rule.rule.startswith(STATIC)
    }


def test_every_address_is_in_the_table(session_app: Flask) -> None:
    found = addresses(session_app)
    assert sorted(found - set(TABLE)) == [], "new addresses: say in the table who may use them"
    assert sorted(set(TABLE) - found) == [], "these addresses are gone: take them out of the table"


@dataclass
class World:
    """The cast with two events: Otto organises and Emil trains the first. Nora and Vera are other people."""

    cast: Cast
    app: Flask
    nora: Person
    vera: Person
    own: Event
    foreign: Event
    orvane: Organisation
    token: str = ""
    session_token: str = ""

    def order_of(self, person: Person, event: Event) -> tuple[str, str]:
        """The order code and the registration's public id of this person on the event, registered when needed."""
        query = select(Registration).where(Registration.event_id == event.id, Registration.person_id == person.id)
        found = db.session.scalar(query)
        if found is None:
            register(person, event.id, Wish(person.given_name, person.family_name, "x@x.example"), locale="en")
            found = db.session.scalars(query).one()
        code = db.session.scalars(select(Order.code).where(Order.id == found.order_id)).one()
        return code, found.public_id

    def completed(self, person: Person, event: Event) -> Registration:
        """The registration of somebody who was there from the first minute to the last."""
        _, public_id = self.order_of(person, event)
        with writing() as session:
            row = session.scalars(select(Registration).where(Registration.public_id == public_id)).one()
            row.status, row.outcome, row.attended_minutes = Status.CONFIRMED, Outcome.COMPLETED, 420
        return row

    def certificate_of(self, event: Event) -> str:
        """The public id of Nora's certificate of the event, issued when needed."""
        row = self.completed(self.nora, event)
        issue(row.id, now(), tell=False)
        query = select(Certificate.public_id).where(Certificate.registration_id == row.id)
        return db.session.scalars(query).one()

    def voucher_of(self, event: Event | None) -> str:
        """The public id of a voucher of the event, or of everything."""
        plan = VoucherPlan(VoucherEffect.PERCENT, 10)
        return add_voucher(plan, self.cast.ada, event.id if event else None).public_id

    def refund_of(self, event: Event) -> str:
        """The public id of a refund of Nora's order that waits for a second person."""
        code, _public_id = self.order_of(self.nora, event)
        reference = f"in-{now().isoformat()}"
        receive_money(code, 60000, provider="manual", provider_reference=reference, booked_at=now(), actor=None)
        return request_refund(code, Wanted(60000, "ill"), actor=None)[0].public_id

    def refund_file_of(self, event: Event) -> str:
        """The public id of a file for the bank with a refund of Nora's order."""
        code, _public_id = self.order_of(self.nora, event)
        reference = f"in-{now().isoformat()}"
        receive_money(code, 1000, provider="transfer", provider_reference=reference, booked_at=now(), actor=None)
        carry_out(request_refund(code, Wanted(1000, "ill", "BE68539007547034"), actor=None)[0].public_id)
        return make_file(actor=self.cast.fay)

    def of_the_bank(self, is_line: bool) -> str:
        """The public id of a line of a new statement, or of the statement."""
        found = imported(transfer(cents=700), reference=f"S-{now().isoformat()}")
        line = select(BankLine.public_id).order_by(BankLine.id.desc()).limit(1)
        return db.session.scalars(line).one() if is_line else found.statements[0]

    def invoice_of(self, event: Event) -> str:
        """The public id of the invoice of Nora's order, issued when needed."""
        code, _public_id = self.order_of(self.nora, event)
        with suppress(NothingToInvoice):
            issue_invoice(code, None)
        return db.session.scalars(select(Invoice.public_id).join(Order).where(Order.code == code)).first() or ""

    def question_of(self, event: Event) -> str:
        """The public id of the event's one question, asked when needed."""
        if not questions_of(event.id):
            facts = QuestionFacts(QuestionKind.FILE, {"en": "Your curriculum vitae"}, {})
            add_question(event.id, facts, self.cast.alice)
        return questions_of(event.id)[0].public_id

    def file_of(self, registration: str) -> str:
        """The public id of the question that this registration has answered by a file."""
        row = db.session.scalars(select(Registration).where(Registration.public_id == registration)).one()
        event = db.session.get_one(Event, row.event_id)
        question = self.question_of(event)
        kept = keep_file(questions_of(event.id)[0].id, "cv.txt", b"Ten years.", Visitor("b", "", "", "en"))
        save_answers(registration, {question: kept.public_id}, locale="en")
        return question

    def exemption_of(self, event: Event) -> str:
        """The public id of Nora's wish to be exempted, made when needed."""
        with writing() as session:
            found = exemption_of(event.id, self.nora.id)
            if found is None:
                found = ExemptionRequest(event_id=event.id, person_id=self.nora.id, reason="Ten years in a clean room.")
                session.add(found)
            session.flush()
            return found.public_id

    def job_of(self, event: Event) -> str:
        """The public id of a job of the event."""
        with writing():
            return start_job_locked("issue_certificates", event, None, 1).public_id


@pytest.fixture
def world(app: Flask, cast: Cast) -> World:
    with writing() as session:
        nora = add_person_locked("Nora", "Peters", "nora@home.example")
        vera = add_person_locked("Vera", "Maes", "vera@home.example")
        area = Area(
            slug="biopharmacy", position=1, names={"en": "Biopharmacy"}, texts={}, emblem="M4 4Z",
            colour_light="#b5402a", colour_dark="#f0937c",
        )  # fmt: skip
        session.add(area)
        session.flush()
        session.add(
            Programme(
                slug="path", publication=Publication.PUBLISHED, area_id=area.id, titles={"en": "A path"},
                summaries={"en": "Three courses."},
            )
        )  # fmt: skip
        session.add(
            OutboxMessage(
                public_id="m" * 26, template="event_reminder", recipient="x@x.example", locale="en",
                delivery=Delivery.DEAD,
            )
        )  # fmt: skip
        orvane = add_companies_locked(cast, nora, vera)
    own = make_event(organisers=[cast.otto], trainers=[cast.emil])
    return World(cast, app, nora, vera, own, make_event(title="Another one"), orvane)


def add_companies_locked(cast: Cast, nora: Person, vera: Person) -> Organisation:
    """Nora looks after Orvane. Vera says that she works at Lysara, which asks for a membership."""
    orvane = add_member_locked("Orvane", "orvane.example")
    db.session.flush()
    affiliate_locked(nora, orvane, is_hr_manager=True)
    affiliate_locked(vera, cast.lysara, status=AffiliationStatus.CLAIMED, verified_by=None, verified_at=None)
    db.session.add(MembershipPlan(slug="company", names={"en": "Company"}))
    next_year = now().date().replace(year=now().year + 2, day=1, month=1)
    db.session.add(
        Membership(public_id="n" * 26, organisation_id=cast.lysara.id, starts_on=next_year, ends_on=next_year)
    )
    return orvane


def path_for(world: World, rule: str, person: Person | None, *, own: bool) -> tuple[str, dict[str, str]]:
    """The address with its arguments filled in for this person, and what a button there sends."""
    event, data = (world.own if own else world.foreign), {}
    values = {"token": "A" * 43, "name": "1.eml", "slug": event.slug, "public_id": "x" * 26, "reference": "dp_x"}
    if rule == "/calendar/<token>.ics" and own:
        values["token"] = open_feed(person or world.nora)
    elif rule.startswith("/me/addresses/"):
        data["address"] = world.cast.address(person) if own and person else "nora@home.example"
    elif rule.startswith("/me/sign-ins/"):
        whose = person if own and person else world.nora
        values["public_id"] = sign_in(world.app.test_client(), whose).public_id
    elif rule.startswith("/me/work"):
        data["organisation"] = works_at(world, person, rule) if own else "x" * 26
    elif rule.startswith(("/me/company/", "/organise/organisations/")):
        claims = "verify" in rule or "reject" in rule
        values["public_id"] = world.cast.lysara.public_id if own else world.orvane.public_id
        values["person_id"] = (world.vera if claims else world.cast.bob).public_id if own else world.nora.public_id
        data["domain"] = "lysara.example"
    elif "<code>" in rule or "attendees/<public_id>" in rule:
        mine = own and person is not None and rule.startswith("/orders")
        values["code"], values["public_id"] = world.order_of(person if mine and person else world.nora, event)
        if "<question>" in rule:
            values["question"] = world.file_of(values["public_id"])
    else:
        values |= fixed_values(world, rule, event)
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda match: values[match.group(1)], rule), data


def works_at(world: World, person: Person | None, rule: str) -> str:
    """The public id of Lysara, where this person works or says so, unless that is what the address is for."""
    if person is not None and rule != "/me/work":
        with suppress(AlreadyThere):
            claim(person, world.cast.lysara.public_id)
    return world.cast.lysara.public_id


def fixed_values(world: World, rule: str, event: Event) -> dict[str, str]:
    """The arguments that are the same whoever asks."""
    if rule.startswith(("/areas/", "/calendar/areas/")):
        return {"slug": "biopharmacy"}
    if rule.startswith(("/courses/", "/organise/courses/")):
        return {"slug": db.session.scalars(select(Course.slug).where(Course.id == event.course_id)).one()}
    if rule.startswith("/programmes/"):
        return {"slug": "path"}
    if rule.startswith("/organise/memberships/"):
        return {"public_id": "n" * 26, "act": "approve"}
    if rule.startswith("/organise/plans/"):
        return {"slug": "company"}
    if rule.startswith("/organise/mails"):
        return {"public_id": "m" * 26}
    if "/attendance/<public_id>" in rule:
        return {"public_id": db.session.scalars(select(Slot.public_id).where(Slot.event_id == event.id)).first() or ""}
    if "certificates/<public_id>" in rule:
        return {"public_id": world.certificate_of(event)}
    if "/questions/<public_id>" in rule:
        return {"public_id": world.question_of(event)}
    if "/exemptions/" in rule:
        return {"public_id": world.exemption_of(event)}
    if "/letters/" in rule:
        return {"registration": world.completed(world.vera, event).public_id}
    if "/vouchers/<public_id>" in rule:
        return {"public_id": world.voucher_of(event if "events" in rule else None)}
    if rule.startswith("/organise/invoices/"):
        return {"public_id": world.invoice_of(event)}
    if rule.startswith("/organise/bank/"):
        return {"public_id": world.of_the_bank("lines" in rule), "act": "ignore"}
    if rule.startswith("/organise/refunds/files/"):
        return {"public_id": world.refund_file_of(event)}
    if rule.startswith("/organise/refunds/"):
        return {"public_id": world.refund_of(event)}
    if rule.startswith("/organise/jobs/"):
        return {"public_id": world.job_of(event)}
    return {}


def ask(world: World, client: FlaskClient, method: str, path: str, data: dict[str, str]) -> TestResponse:
    """GET, or POST with the token of a form."""
    if method == "GET":
        return client.get(path)
    return client.post(path, data={"csrf_token": token_in(world, client), **data})


def token_in(world: World, client: FlaskClient) -> str:
    """The token of a real page. One page serves all browsers: each is given the session that the token belongs to."""
    if not world.token:
        first = world.app.test_client()
        world.token = csrf_token(first.get("/sign-in"))
        with first.session_transaction() as cookie:
            world.session_token = cookie["csrf_token"]
    with client.session_transaction() as cookie:
        cookie["csrf_token"] = world.session_token
    return world.token


def letter(response: TestResponse, path: str) -> str:
    """The answer as the table writes it."""
    location = response.location or ""
    if location == "/sign-in" or location.startswith("/sign-in?"):
        return "S"
    if response.status_code in (403, 404):
        return str(response.status_code)[2]
    assert response.status_code in (200, 302, 303, 304, 400, 409, 410, 422, 429), (
        f"{path} answered {response.status_code}"
    )
    return "I"


@pytest.mark.parametrize("row", sorted(TABLE))
def test_the_table(world: World, row: str, engine_name: str) -> None:
    """On the second engine those who come in: what turns the others away is the same code before the page is read."""
    method, rule = row.split(" ", 1)
    browsers: dict[str, FlaskClient] = {}
    for expected, own in zip(TABLE[row], (True, False), strict=False):
        found = ""
        for name, awaited in zip(CAST, expected, strict=True):
            if engine_name != "sqlite" and awaited != "I":
                found += awaited
                continue
            person = None if name == "out" else getattr(world.cast, name)
            if name not in browsers or method == "POST":  # a POST may sign its browser out
                browsers[name] = world.app.test_client()
                if person is not None:
                    sign_in(browsers[name], person)
            path, data = path_for(world, rule, person, own=own)
            found += letter(ask(world, browsers[name], method, path, data), path)
        assert found == expected, f"{row}, {'own' if own else 'foreign'}: {', '.join(CAST)}"
