"""The page of one event: who sees it, what it says, and the one thing each reader may do."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import delete, select

from models.base import now
from models.courses import Publication
from models.events import Event, EventKind, Modality, Quota, Run, Ticket, VatTreatment, Visibility
from services.dates import say_deadline
from services.registrations import register
from services.transaction import writing
from services.wishes import Wish
from tests.cast import Cast, make_event, morning_in, sign_in, words
from tests.counting import queries


def structured(client: FlaskClient, path: str) -> dict[str, Any]:
    page = client.get(path).get_data(as_text=True)
    found = re.search(r'<script type="application/ld\+json"[^>]*>(.*?)</script>', page, re.S)
    assert found, "no JSON-LD"
    data: dict[str, Any] = json.loads(found.group(1))
    return data


def said(client: FlaskClient, event: Event) -> str:
    return words(client.get(f"/events/{event.slug}?lang=en")).replace("\N{NO-BREAK SPACE}", " ")


def fill(event: Event, taken: int) -> None:
    with writing() as session:
        session.query(Quota).filter_by(event_id=event.id).one().taken = taken


def wish(name: str) -> Wish:
    return Wish(name, "Example", f"{name}@example.org")


def test_it_works(client: FlaskClient, cast: Cast) -> None:
    event = make_event(
        title="Reading plates", trainers=[cast.emil], address="rue des Verriers 14", contact_name="Alice Renard",
        contact_email="alice@mosan.example",
    )  # fmt: skip
    page = client.get(f"/events/{event.slug}?lang=en")
    text = said(client, event)
    assert page.status_code == 200
    for part in (
        "Reading plates", "Training in English, with a certificate", "9:00 – 12:30", "Le Delta, rue des Verriers 14, Namur",
        "Dress for a clean room", "Emil Vasseur", "€508.20 for you, without membership. €302.50 for members.",
        "VAT 21 % included: €420.00 without VAT.", "20 places left of 20", "Enrol", "From 80 % attendance", "Alice Renard",
        "Free until",
    ):  # fmt: skip
        assert part in text, part
    html = page.get_data(as_text=True)
    assert "https://www.openstreetmap.org/search?query=rue+des+Verriers+14%2C+Namur" in html
    assert f'href="/events/{event.slug}.ics' in html
    assert "https://calendar.google.com/calendar/render?action=TEMPLATE" in html
    assert "https://outlook.office.com/calendar/" in html
    assert f'href="/events/{event.slug}/register"' in html


def test_an_unknown_event_is_not_found(client: FlaskClient, cast: Cast) -> None:
    assert client.get("/events/nothing-here").status_code == 404
    assert client.get("/events/%00").status_code == 404


@pytest.mark.parametrize("who, status", [(None, 404), ("bob", 404), ("fay", 200), ("alice", 200), ("ada", 200)])
def test_a_draft_is_for_the_desk_only(client: FlaskClient, cast: Cast, who: str | None, status: int) -> None:
    event = make_event(publication=Publication.DRAFT)
    if who:
        sign_in(client, getattr(cast, who))
    page = client.get(f"/events/{event.slug}?lang=en")
    assert page.status_code == status
    if status == 200:
        assert "Only organisers see this page" in words(page)
        assert "application/ld+json" not in page.get_data(as_text=True)


def test_an_unlisted_event_is_reached_by_its_link_and_kept_from_crawlers(client: FlaskClient, cast: Cast) -> None:
    event = make_event(visibility=Visibility.UNLISTED)
    page = client.get(f"/events/{event.slug}")
    assert page.status_code == 200
    assert '<meta name="robots" content="noindex">' in page.get_data(as_text=True)


def test_a_member_pays_the_member_price_and_reads_why(client: FlaskClient, cast: Cast) -> None:
    event = make_event()
    sign_in(client, cast.bob)
    assert "€302.50 for you, because Lysara Biologics is a member. €508.20 for others." in said(client, event)


def test_who_has_a_place_is_led_to_it(client: FlaskClient, cast: Cast) -> None:
    event = make_event(public_cents=0, member_cents=None)
    order = register(cast.bob, event.id, wish("bob"), locale="en")
    sign_in(client, cast.bob)
    page = client.get(f"/events/{event.slug}?lang=en")
    assert "You have a place" in words(page)
    assert f'href="/orders/{order.code}"' in page.get_data(as_text=True)


def test_a_full_event_offers_the_waiting_list_and_the_position(client: FlaskClient, cast: Cast) -> None:
    event = make_event(capacity=1, public_cents=0, member_cents=None)
    register(cast.carol, event.id, wish("carol"), locale="en")
    assert "Join the waiting list You would be the first on it" in said(client, event)
    register(cast.dora, event.id, wish("dora"), locale="en")
    text = said(client, event)
    assert "You would be number 2" in text
    assert "Members come first, then the order of time." in text
    assert "The only place is taken" in text
    register(cast.bob, event.id, wish("bob"), locale="en")
    sign_in(client, cast.dora)
    waiting = words(client.get(f"/events/{event.slug}?lang=en"))
    assert "Number 1 in line" in waiting
    assert "Members come first, then the order of time." in waiting


def test_a_full_event_without_waiting_list_says_so(client: FlaskClient, cast: Cast) -> None:
    event = make_event(capacity=1, has_waiting_list=False)
    fill(event, 1)
    text = said(client, event)
    assert "All places are taken, and there is no waiting list." in text
    assert "Enrol" not in text


def test_a_members_event_asks_strangers_to_sign_in(client: FlaskClient, cast: Cast) -> None:
    event = make_event(visibility=Visibility.MEMBERS, kind=EventKind.WORKSHOP)
    with writing() as session:
        session.execute(delete(Ticket).where(Ticket.event_id == event.id, Ticket.audience == "everyone"))
    html = client.get(f"/events/{event.slug}?lang=en").get_data(as_text=True)
    assert "Sign in to register" in html
    assert f'href="/sign-in?next=/events/{event.slug}/register"' in html
    sign_in(client, cast.carol)
    assert "This event is for people who work at a member organisation." in said(client, event)
    sign_in(client, cast.bob)
    assert "Check and confirm on the next page" in said(client, event)


@pytest.mark.parametrize(
    "changes, sentence",
    [
        ({"run": Run.CANCELLED}, "This event is cancelled"),
        ({"run": Run.CANCELLED, "notices": {"en": "The speaker is ill."}}, "The speaker is ill."),
        ({"run": Run.POSTPONED}, "Registration opens again once there is a new date."),
        ({"run": Run.CLOSED}, "This event is over."),
        ({"registration_closes_at": "past"}, "Registration closed on"),
        ({"registration_opens_at": "future"}, "Registration opens on"),
    ],
)
def test_why_nobody_can_register(client: FlaskClient, cast: Cast, changes: dict[str, Any], sentence: str) -> None:
    moments = {"past": now() - timedelta(days=1), "future": now() + timedelta(days=1)}
    values: dict[str, Any] = {name: moments.get(str(value), value) for name, value in changes.items()}
    event = make_event(**values)
    text = said(client, event)
    assert sentence in text
    assert "Check and confirm on the next page" not in text


def test_a_tentative_event_says_what_is_missing(client: FlaskClient, cast: Cast) -> None:
    event = make_event(run=Run.TENTATIVE, minimum=5, decides_at=now() + timedelta(days=5))
    fill(event, 3)
    text = said(client, event)
    assert "As soon as 2 more people register." in text
    assert "Decided by" in text


def test_a_guaranteed_event_says_since_when(client: FlaskClient, cast: Cast) -> None:
    event = make_event(minimum=5, guaranteed_at=now() - timedelta(days=2))
    assert "Guaranteed since" in said(client, event)


@pytest.mark.parametrize(
    "day, sentence",
    [
        (16, "Cancelling Free until Sunday 22 November; then half the price; from Friday 27 November the full price."),
        (24, "from Friday 27 November the full price. Leaving now costs 50 % of the price"),
    ],
)
def test_cancelling_is_said_with_its_day(client: FlaskClient, cast: Cast, day: int, sentence: str) -> None:
    with time_machine.travel(datetime(2026, 11, day, 9, tzinfo=UTC), tick=False):
        event = make_event(
            starts_at=datetime(2026, 12, 1, 8, tzinfo=UTC), policies={"en": "Half after that."},
            tiers=[{"days": 6, "percent": 0}, {"days": 2, "percent": 50}, {"days": 0, "percent": 100}],
        )  # fmt: skip
        assert sentence in said(client, event)


def test_vat_is_explained(client: FlaskClient, cast: Cast) -> None:
    exempt = make_event(vat=VatTreatment.EXEMPT_TRAINING)
    assert "No VAT: vocational training, article 44" in said(client, exempt)
    free = make_event(public_cents=0, member_cents=None)
    assert "Free for everyone." in said(client, free)
    assert "VAT" not in said(client, free)


def test_a_join_link_is_for_confirmed_people_only(client: FlaskClient, cast: Cast) -> None:
    event = make_event(
        kind=EventKind.WEBINAR, online_url="https://meet.example/secret", public_cents=0, member_cents=None, city="", venue=""
    )  # fmt: skip
    with writing() as session:
        session.query(Quota).filter_by(event_id=event.id).one().modality = Modality.ONLINE
    assert "meet.example" not in client.get(f"/events/{event.slug}").get_data(as_text=True)
    sign_in(client, cast.bob)
    assert "meet.example" not in client.get(f"/events/{event.slug}").get_data(as_text=True)
    register(cast.bob, event.id, wish("bob"), locale="en")
    assert "https://meet.example/secret" in client.get(f"/events/{event.slug}").get_data(as_text=True)


def test_texts_of_organisers_cannot_break_the_page(client: FlaskClient, cast: Cast) -> None:
    event = make_event(
        title="</script><script>alert(1)</script>", slug="odd", summaries={"en": '"><img src=x onerror=alert(1)>'},
        descriptions={"en": "Hello <script>alert(2)</script> **there** [x](javascript:alert(3))"}, venue="</title>",
    )  # fmt: skip
    html = client.get(f"/events/{event.slug}?lang=en").get_data(as_text=True)
    assert "<script>alert" not in html
    assert "<img src=x" not in html
    assert 'href="javascript' not in html
    assert "<strong>there</strong>" in html
    assert structured(client, f"/events/{event.slug}?lang=en")["name"] == "</script><script>alert(1)</script>"


def test_structured_data_has_what_schema_org_asks(client: FlaskClient, cast: Cast) -> None:
    event = make_event(title="Reading plates", trainers=[cast.emil], slots=2)
    data = structured(client, f"/events/{event.slug}?lang=en")
    assert (data["@context"], data["@type"]) == ("https://schema.org", "EducationEvent")
    for needed in ("name", "startDate", "endDate", "location", "eventStatus", "organizer", "description", "url"):
        assert data[needed], needed
    assert data["startDate"].endswith(("+01:00", "+02:00"))
    assert data["eventStatus"] == "https://schema.org/EventScheduled"
    assert data["eventAttendanceMode"] == "https://schema.org/OfflineEventAttendanceMode"
    assert data["location"]["address"]["addressLocality"] == "Namur"
    assert [offer["price"] for offer in data["offers"]] == ["508.20", "302.50"]
    assert data["performer"] == [{"@type": "Person", "name": "Emil Vasseur"}]
    assert len(data["subEvent"]) == 2
    assert "emil@vasseur.example" not in json.dumps(data)


@pytest.mark.parametrize(
    "run, status",
    [(Run.CANCELLED, "EventCancelled"), (Run.POSTPONED, "EventPostponed"), (Run.TENTATIVE, "EventScheduled")],
)
def test_structured_data_says_the_state(client: FlaskClient, cast: Cast, run: Run, status: str) -> None:
    event = make_event(run=run)
    assert structured(client, f"/events/{event.slug}")["eventStatus"] == f"https://schema.org/{status}"


def test_an_online_event_is_virtual(client: FlaskClient, cast: Cast) -> None:
    event = make_event(kind=EventKind.WEBINAR, venue="", city="", online_url="https://meet.example/secret")
    with writing() as session:
        session.query(Quota).filter_by(event_id=event.id).one().modality = Modality.ONLINE
    data = structured(client, f"/events/{event.slug}")
    assert data["location"] == {"@type": "VirtualLocation", "url": f"http://localhost/events/{event.slug}"}
    assert data["eventAttendanceMode"] == "https://schema.org/OnlineEventAttendanceMode"
    assert "secret" not in json.dumps(data)


def test_each_language_names_the_others(client: FlaskClient, cast: Cast) -> None:
    event = make_event()
    html = client.get(f"/events/{event.slug}?lang=nl").get_data(as_text=True)
    address = f"http://localhost/events/{event.slug}"
    assert f'<link rel="canonical" href="{address}?lang=nl">' in html
    assert re.findall(r'rel="alternate" hreflang="([^"]+)" href="([^"]+)"', html) == [
        ("fr", f"{address}?lang=fr"), ("en", f"{address}?lang=en"), ("nl", f"{address}?lang=nl"), ("x-default", address),
    ]  # fmt: skip
    assert '<meta property="og:title"' in html
    assert '<html lang="nl"' in html


def test_a_title_in_another_language_carries_its_language(client: FlaskClient, cast: Cast) -> None:
    event = make_event()
    with writing() as session:
        session.get_one(Event, event.id).titles = {"fr": "Libérer un lot"}
    assert '<h1 lang="fr">Libérer un lot</h1>' in client.get(f"/events/{event.slug}?lang=en").get_data(as_text=True)


def test_a_past_event_keeps_its_page(client: FlaskClient, cast: Cast) -> None:
    event = make_event(starts_at=morning_in(-30), run=Run.ENDED)
    assert "This event is over." in said(client, event)


@pytest.mark.parametrize("who", [None, "bob", "alice", "emil"])
@pytest.mark.parametrize("taken", [0, 20])
def test_eight_queries_at_most(client: FlaskClient, cast: Cast, who: str | None, taken: int) -> None:
    event = make_event(trainers=[cast.emil], slots=4)
    fill(event, taken)
    if who:
        sign_in(client, getattr(cast, who))
    path = f"/events/{event.slug}"
    client.get(path)
    with queries() as sent:
        assert client.get(path).status_code == 200
    assert len(sent) <= 8, "\n".join(sent)


def test_before_the_sale_opens_it_says_when(client: FlaskClient, cast: Cast) -> None:
    event = make_event(member_cents=None)
    with writing() as session:
        ticket = session.scalars(select(Ticket).where(Ticket.event_id == event.id)).one()
        ticket.sale_opens_at = event.starts_at - timedelta(days=2)
    day = say_deadline(event.starts_at - timedelta(days=2), "en")
    assert f"Places go on sale on {day}.".replace("\N{NO-BREAK SPACE}", " ") in said(client, event)
    for who in (None, cast.bob):
        if who:
            sign_in(client, who)
        assert "Places go on sale on" in words(client.get(f"/events/{event.slug}/register?lang=en"))
