"""THE TABLE: every address × everybody × an own and a foreign object. An address that is not in the table fails.

A row is a pair of words of nine letters, one letter for each of the cast in the order of CAST: for an own object and
for a foreign one. An own event is one that Otto organises and Emil trains; an own order, registration or sign-in
belongs to the one who asks. A row of one word is an address without an object, or where it makes no difference.

    I  comes in (the page, a form that needs another look, or on to the next page)
    S  to the sign-in page
    4  not found: it does not exist for them
    3  forbidden: staff whose role does not reach so far
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from models.areas import Area
from models.base import db, now
from models.certificates import Certificate
from models.courses import Course, Programme, Publication
from models.events import Event, Slot
from models.orders import Order
from models.outbox import Delivery, OutboxMessage
from models.people import Person
from models.registrations import Outcome, Registration, Status
from services.calendar_feeds import open_feed
from services.certificates import issue
from services.jobs import start_job_locked
from services.registrations import register
from services.transaction import writing
from services.wishes import Wish
from tests.browsing import csrf_token
from tests.cast import Cast, add_person_locked, make_event, sign_in

CAST = ("out", "carol", "bob", "dora", "emil", "fay", "alice", "otto", "ada")

EVERYBODY = ("IIIIIIIII",)
NOBODY = ("444444444",)
SIGNED_IN = ("SIIIIIIII",)
STAFF = ("S444IIIII",)
ALL_EVENTS = ("S44433I3I",)  # organisers of everything, and admin
FINANCE = ("S4443I33I",)
ORGANISER = ("S44433III", "S44433I3I")
ATTENDEES = ("S4443IIII", "S4443II3I")
MARKER = ("S444I3III", "S44433I3I")
DESK = ("S444IIIII", "S4443II3I")
OWN = ("SIIIIIIII", "S44444444")

TABLE: dict[str, tuple[str, ...]] = {
    # ---- the catalogue and the house
    "GET /": EVERYBODY,
    "GET /terms": EVERYBODY,
    "GET /privacy": EVERYBODY,
    "GET /accessibility": EVERYBODY,
    "GET /contact": EVERYBODY,
    "GET /sitemap.xml": EVERYBODY,
    "GET /robots.txt": EVERYBODY,
    "GET /healthz": EVERYBODY,
    "GET /readyz": EVERYBODY,
    "POST /theme": EVERYBODY,
    "GET /areas.css": EVERYBODY,
    "GET /events": EVERYBODY,
    "GET /events/<slug>": EVERYBODY,
    "GET /areas/<slug>": EVERYBODY,
    "GET /areas/<slug>.atom": EVERYBODY,
    "GET /courses/<slug>": EVERYBODY,
    "GET /programmes": EVERYBODY,
    "GET /programmes/<slug>": EVERYBODY,
    "GET /mailbox": NOBODY,  # the demo only
    "GET /mailbox/<name>": NOBODY,
    "GET /mailbox/<name>/html": NOBODY,
    # ---- calendars
    "GET /calendar": EVERYBODY,
    "GET /calendar/events.ics": EVERYBODY,
    "GET /calendar/areas/<slug>.ics": EVERYBODY,
    "GET /calendar/<token>.ics": ("IIIIIIIII", "444444444"),  # who holds the token, whoever that is
    "GET /events/<slug>.ics": EVERYBODY,
    "GET /me/calendar": SIGNED_IN,
    "POST /me/calendar": SIGNED_IN,
    "POST /me/calendar/revoke": SIGNED_IN,
    # ---- certificates: their page answers to everybody, for ever
    "GET /certificates": EVERYBODY,
    "GET /certificates/<public_id>": EVERYBODY,
    "GET /certificates/<public_id>.json": EVERYBODY,
    "GET /certificates/<public_id>.pdf": EVERYBODY,
    # ---- registering, and orders
    "GET /events/<slug>/register": EVERYBODY,
    "POST /events/<slug>/register": EVERYBODY,
    "GET /registrations/draft/<public_id>": NOBODY,  # only the browser that filled the draft in
    "POST /registrations/draft/<public_id>": NOBODY,
    "GET /registrations/draft/<public_id>/address": NOBODY,
    "POST /registrations/draft/<public_id>/address": NOBODY,
    "GET /registrations/link/<token>": EVERYBODY,
    "POST /registrations/link/<token>": EVERYBODY,
    "GET /orders/<code>": OWN,
    "GET /orders/<code>/prove": OWN,
    "POST /orders/<code>/prove": OWN,
    "POST /orders/<code>/prove/mail": OWN,
    "GET /orders/link/<token>": EVERYBODY,
    "POST /orders/link/<token>": EVERYBODY,
    "GET /orders/<code>/cancel/<public_id>": OWN,
    "POST /orders/<code>/cancel/<public_id>": OWN,
    "GET /orders/<code>/name/<public_id>": OWN,
    "POST /orders/<code>/name/<public_id>": OWN,
    "POST /orders/<code>/offer/<public_id>": OWN,
    # ---- the door
    "GET /sign-in": EVERYBODY,
    "POST /sign-in": EVERYBODY,
    "GET /sign-in/code": ("SIIIIIIII",),
    "POST /sign-in/code": EVERYBODY,
    "GET /sign-in/link/<token>": EVERYBODY,
    "POST /sign-in/link/<token>": EVERYBODY,
    "GET /sign-in/password": EVERYBODY,
    "POST /sign-in/password": EVERYBODY,
    "POST /sign-in/demo": NOBODY,  # the demo only
    "POST /sign-out": EVERYBODY,
    # ---- a person's own pages
    "GET /me": SIGNED_IN,
    "GET /me/profile": SIGNED_IN,
    "POST /me/profile": SIGNED_IN,
    "GET /me/addresses": SIGNED_IN,
    "POST /me/addresses": SIGNED_IN,
    "GET /me/addresses/code": SIGNED_IN,
    "POST /me/addresses/code": SIGNED_IN,
    "GET /me/addresses/link/<token>": SIGNED_IN,
    "POST /me/addresses/link/<token>": SIGNED_IN,
    "POST /me/addresses/primary": OWN,
    "POST /me/addresses/remove": OWN,
    "GET /me/password": SIGNED_IN,
    "POST /me/password": SIGNED_IN,
    "GET /me/password/remove": SIGNED_IN,
    "POST /me/password/remove": SIGNED_IN,
    "GET /me/sign-ins": SIGNED_IN,
    "POST /me/sign-ins/<public_id>/revoke": OWN,
    "POST /me/sign-ins/revoke-others": SIGNED_IN,
    # ---- the desk
    "GET /organise": STAFF,
    "GET /organise/events": STAFF,
    "GET /organise/events/new": ALL_EVENTS,
    "POST /organise/events/new": ALL_EVENTS,
    "GET /organise/events/<slug>": DESK,
    "GET /organise/events/<slug>/slots": DESK,
    "GET /organise/events/<slug>/history": ATTENDEES,
    "GET /organise/events/<slug>/attendees": DESK,
    "POST /organise/events/<slug>/attendees/chosen": ORGANISER,
    "GET /organise/events/<slug>/attendees/<public_id>": ATTENDEES,
    "GET /organise/events/<slug>/attendees/<public_id>/name": ORGANISER,
    "POST /organise/events/<slug>/attendees/<public_id>/name": ORGANISER,
    "GET /organise/events/<slug>/attendees/<public_id>/cancel": ORGANISER,
    "POST /organise/events/<slug>/attendees/<public_id>/cancel": ORGANISER,
    "GET /organise/events/<slug>/attendees/<public_id>/decline": ORGANISER,
    "POST /organise/events/<slug>/attendees/<public_id>/decline": ORGANISER,
    "POST /organise/events/<slug>/attendees/<public_id>/accept": ORGANISER,
    "GET /organise/events/<slug>/export": DESK,  # each role its own purposes: services/attendee_lists.py
    "POST /organise/events/<slug>/export": DESK,
    "GET /organise/events/<slug>/walk-in": ORGANISER,
    "POST /organise/events/<slug>/walk-in": ORGANISER,
    "GET /organise/events/<slug>/publish": ORGANISER,
    "POST /organise/events/<slug>/publish": ORGANISER,
    "POST /organise/events/<slug>/guarantee": ORGANISER,
    "GET /organise/events/<slug>/postpone": ORGANISER,
    "POST /organise/events/<slug>/postpone": ORGANISER,
    "GET /organise/events/<slug>/resume": ORGANISER,
    "POST /organise/events/<slug>/resume": ORGANISER,
    "GET /organise/events/<slug>/cancel": ORGANISER,
    "POST /organise/events/<slug>/cancel": ORGANISER,
    "POST /organise/events/<slug>/archive": ORGANISER,
    "GET /organise/events/<slug>/edit": ORGANISER,
    "POST /organise/events/<slug>/edit": ORGANISER,
    "GET /organise/events/<slug>/duplicate": ("S44433I3I",),
    "POST /organise/events/<slug>/duplicate": ("S44433I3I",),
    "GET /organise/events/<slug>/attendance": MARKER,
    "GET /organise/events/<slug>/attendance/<public_id>": MARKER,
    "POST /organise/events/<slug>/attendance/<public_id>": MARKER,
    "POST /organise/events/<slug>/attendance/<public_id>/everybody": MARKER,
    "POST /organise/events/<slug>/attendance/<public_id>/marks": MARKER,
    "POST /organise/events/<slug>/attendance/<public_id>/sign": MARKER,
    "POST /organise/events/<slug>/attendance/<public_id>/take-back": MARKER,
    "GET /organise/events/<slug>/close": ORGANISER,
    "POST /organise/events/<slug>/close": ORGANISER,
    "GET /organise/events/<slug>/certificates": ORGANISER,
    "POST /organise/events/<slug>/certificates": ORGANISER,
    "GET /organise/events/<slug>/certificates/<public_id>/name": ORGANISER,
    "POST /organise/events/<slug>/certificates/<public_id>/name": ORGANISER,
    "GET /organise/events/<slug>/certificates/<public_id>/revoke": ORGANISER,
    "POST /organise/events/<slug>/certificates/<public_id>/revoke": ORGANISER,
    "GET /organise/events/<slug>/certificates/letters/<registration>": ORGANISER,
    "POST /organise/events/<slug>/certificates/letters/<registration>": ORGANISER,
    "GET /organise/jobs/<public_id>": ORGANISER,
    "GET /organise/mails": ALL_EVENTS,
    "POST /organise/mails/<public_id>/retry": ALL_EVENTS,
    "GET /organise/orders": FINANCE,
    "GET /organise/orders/<code>": FINANCE,
    "POST /organise/orders/<code>": FINANCE,
}
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
    own = make_event(organisers=[cast.otto], trainers=[cast.emil])
    return World(cast, app, nora, vera, own, make_event(title="Another one"))


def path_for(world: World, rule: str, person: Person | None, *, own: bool) -> tuple[str, dict[str, str]]:
    """The address with its arguments filled in for this person, and what a button there sends."""
    event, data = (world.own if own else world.foreign), {}
    values = {"token": "A" * 43, "name": "1.eml", "slug": event.slug, "public_id": "x" * 26}
    if rule == "/calendar/<token>.ics" and own:
        values["token"] = open_feed(person or world.nora)
    elif rule.startswith("/me/addresses/"):
        data["address"] = world.cast.address(person) if own and person else "nora@home.example"
    elif rule.startswith("/me/sign-ins/"):
        whose = person if own and person else world.nora
        values["public_id"] = sign_in(world.app.test_client(), whose).public_id
    elif "<code>" in rule or "attendees/<public_id>" in rule:
        mine = own and person is not None and rule.startswith("/orders")
        values["code"], values["public_id"] = world.order_of(person if mine and person else world.nora, event)
    else:
        values |= fixed_values(world, rule, event)
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda match: values[match.group(1)], rule), data


def fixed_values(world: World, rule: str, event: Event) -> dict[str, str]:
    """The arguments that are the same whoever asks."""
    if rule.startswith(("/areas/", "/calendar/areas/")):
        return {"slug": "biopharmacy"}
    if rule.startswith("/courses/"):
        return {"slug": db.session.scalars(select(Course.slug).where(Course.id == event.course_id)).one()}
    if rule.startswith("/programmes/"):
        return {"slug": "path"}
    if rule.startswith("/organise/mails"):
        return {"public_id": "m" * 26}
    if "/attendance/<public_id>" in rule:
        return {"public_id": db.session.scalars(select(Slot.public_id).where(Slot.event_id == event.id)).first() or ""}
    if "certificates/<public_id>" in rule:
        return {"public_id": world.certificate_of(event)}
    if "/letters/" in rule:
        return {"registration": world.completed(world.vera, event).public_id}
    if rule.startswith("/organise/jobs/"):
        return {"public_id": world.job_of(event)}
    return {}


def ask(client: FlaskClient, method: str, path: str, data: dict[str, str], signed_in: bool) -> TestResponse:
    """GET, or POST with the token of a page this person can open."""
    if method == "GET":
        return client.get(path)
    token = csrf_token(client.get("/me/password" if signed_in else "/sign-in"))
    return client.post(path, data={"csrf_token": token, **data})


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
def test_the_table(world: World, row: str) -> None:
    method, rule = row.split(" ", 1)
    browsers: dict[str, FlaskClient] = {}
    for expected, own in zip(TABLE[row], (True, False), strict=False):
        found = ""
        for name in CAST:
            person = None if name == "out" else getattr(world.cast, name)
            if name not in browsers or method == "POST":  # a POST may sign its browser out
                browsers[name] = world.app.test_client()
                if person is not None:
                    sign_in(browsers[name], person)
            path, data = path_for(world, rule, person, own=own)
            found += letter(ask(browsers[name], method, path, data, person is not None), path)
        assert found == expected, f"{row}, {'own' if own else 'foreign'}: {', '.join(CAST)}"
