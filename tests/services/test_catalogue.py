"""The catalogue: what is listed, what each filter leaves, what the counts say, and what a card says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask

from models.base import now
from models.courses import Publication
from models.events import Event, EventKind, Modality, Quota, Run, VatTreatment, Visibility
from services.cards import Card, cards
from services.catalogue import FREE, PAGE, Filters, Listing, listing, month_entries
from services.customers import Customer
from services.readers import GUEST, Reader, reader_for
from services.search import index_event_locked
from services.transaction import writing
from tests.cast import BRUSSELS, Cast, make_event, morning_in
from tests.counting import queries


@pytest.fixture(autouse=True)
def speaking_english(app: Flask) -> object:
    with app.test_request_context("/?lang=en"):
        yield


def found(filters: Filters | None = None, reader: Reader = GUEST) -> list[int]:
    return list(listing(filters or Filters(), reader, now()).ids)


def card_of(event: Event, reader: Reader = GUEST) -> Card:
    [card] = cards([event.id], reader, "en", now())
    return card


def change(event: Event, **values: object) -> None:
    with writing() as session:
        row = session.get_one(Event, event.id)
        for name, value in values.items():
            setattr(row, name, value)


def fill(event: Event, taken: int) -> None:
    with writing() as session:
        quota = session.query(Quota).filter_by(event_id=event.id).one()
        quota.taken = taken


def test_it_lists_coming_events_soonest_first(cast: Cast) -> None:
    later = make_event(title="Later", starts_at=morning_in(20))
    soon = make_event(title="Soon", starts_at=morning_in(2))
    assert found() == [soon.id, later.id]


@pytest.mark.parametrize(
    "changes",
    [
        {"publication": Publication.DRAFT},
        {"publication": Publication.ARCHIVED},
        {"visibility": Visibility.UNLISTED},
    ],
)
def test_what_is_not_public_is_not_listed(cast: Cast, changes: dict[str, Any]) -> None:
    make_event(**changes)
    assert found() == []


def test_members_events_are_listed_for_everybody(cast: Cast) -> None:
    event = make_event(visibility=Visibility.MEMBERS)
    assert found() == [event.id]


def test_what_is_running_still_comes_and_what_is_over_is_past(cast: Cast) -> None:
    running = make_event(title="Running", starts_at=morning_in(-1), slots=3)
    over = make_event(title="Over", starts_at=morning_in(-9), slots=1)
    assert found() == [running.id]
    assert found(Filters(past=True)) == [over.id]
    assert card_of(running).places == "Under way"
    assert card_of(over).places == "Over"


def test_each_filter(cast: Cast) -> None:
    paid = make_event(title="Paid", areas=["biopharmacy"], city="Liège", language="fr", starts_at=morning_in(40))
    free = make_event(
        title="Free", kind=EventKind.NETWORKING, areas=["digital-health"], public_cents=0, member_cents=None
    )
    assert found(Filters(areas=("biopharmacy",))) == [paid.id]
    assert found(Filters(areas=("biopharmacy", "digital-health"))) == [free.id, paid.id]
    assert found(Filters(kinds=("networking",))) == [free.id]
    assert found(Filters(languages=("fr",))) == [paid.id]
    assert found(Filters(city="Liège")) == [paid.id]
    assert found(Filters(price=FREE)) == [free.id]
    assert found(Filters(price="1000")) == [free.id, paid.id]
    assert found(Filters(price="250")) == [free.id]
    assert found(Filters(first_day=(now() + timedelta(days=30)).date())) == [paid.id]
    assert found(Filters(last_day=(now() + timedelta(days=30)).date())) == [free.id]
    assert found(Filters(areas=("biopharmacy",), kinds=("networking",))) == []


def test_a_member_filters_by_the_member_price(cast: Cast) -> None:
    event = make_event(public_cents=42000, member_cents=25000)
    assert found(Filters(price="500"), reader_for(cast.bob, now())) == [event.id]
    assert found(Filters(price="500"), reader_for(cast.carol, now())) == []


def test_a_price_is_filtered_as_it_is_read(cast: Cast) -> None:
    taxed = make_event(public_cents=42000, member_cents=None)  # €420 without VAT, €508.20 with it
    exempt = make_event(
        public_cents=50000, member_cents=None, vat=VatTreatment.EXEMPT_TRAINING, starts_at=morning_in(40)
    )
    company = replace(GUEST, customer=Customer.HOME)
    assert found(Filters(price="500"), GUEST) == [exempt.id]
    assert found(Filters(price="500"), company) == [taxed.id, exempt.id]
    assert found(Filters(price="1000"), GUEST) == [taxed.id, exempt.id]


def test_places_left_certainty_and_modality(cast: Cast) -> None:
    full = make_event(title="Full", capacity=2)
    fill(full, 2)
    unsure = make_event(title="Unsure", run=Run.TENTATIVE, minimum=5)
    online = make_event(title="Online", kind=EventKind.WEBINAR)
    with writing() as session:
        session.query(Quota).filter_by(event_id=online.id).one().modality = Modality.ONLINE
    assert set(found(Filters(with_places=True))) == {unsure.id, online.id}
    assert set(found(Filters(sure=True))) == {full.id, online.id}
    assert found(Filters(online=True)) == [online.id]


def test_counts_say_what_a_choice_would_show(cast: Cast) -> None:
    make_event(title="A", areas=["biopharmacy"])
    make_event(title="B", areas=["biopharmacy", "digital-health"], kind=EventKind.WEBINAR)
    make_event(title="C", areas=["digital-health"], kind=EventKind.WEBINAR)
    counts = listing(Filters(areas=("biopharmacy",)), GUEST, now()).counts
    assert dict(counts.areas) == {"biopharmacy": 2, "digital-health": 2}  # areas count beyond the area chosen
    assert dict(counts.kinds) == {"training": 1, "webinar": 1}  # kinds count within it
    both = listing(Filters(areas=("biopharmacy",), kinds=("webinar",)), GUEST, now())
    assert both.total == 1
    assert dict(both.counts.areas) == {"biopharmacy": 1, "digital-health": 2}
    assert dict(both.counts.kinds) == {"training": 1, "webinar": 1}


def test_search_narrows_the_list(cast: Cast) -> None:
    event = make_event(title="Techniques aseptiques")
    make_event(title="Cooking")
    with writing():
        index_event_locked(event)
    assert found(Filters(query="ASEPTIQUE")) == [event.id]
    assert found(Filters(query="aseptique", kinds=("webinar",))) == []
    assert found(Filters(query="***")) == []


def test_pages(app: Flask) -> None:
    ids = Listing(tuple(range(50)), counts=listing(Filters(), GUEST, now()).counts)
    assert (ids.pages(), len(ids.page(1)), len(ids.page(3)), ids.page(99)) == (3, PAGE, 2, (48, 49))
    assert ids.page(-5) == ids.page(1)


def test_a_month_shows_each_day_of_a_training(cast: Cast) -> None:
    with time_machine.travel(datetime(2026, 11, 24, 9, tzinfo=UTC), tick=False):
        nine = datetime(2026, 11, 30, 9, tzinfo=BRUSSELS).astimezone(UTC)
        event = make_event(starts_at=nine, slots=3)
        entries, shown = month_entries(date(2026, 12, 1), Filters(), GUEST, now())
        assert shown.ids == (event.id,)
        assert [(entry.day, entry.number, entry.of) for entry in entries] == [
            (date(2026, 12, 1), 2, 3),
            (date(2026, 12, 2), 3, 3),
        ]


def test_prices_are_the_readers_own(cast: Cast) -> None:
    event = make_event(public_cents=59000, member_cents=42000)
    assert (card_of(event).amount, card_of(event).why) == ("€713.90", "or €508.20 for members")
    bob = card_of(event, reader_for(cast.bob, now()))
    assert (bob.amount, bob.why, bob.vat) == ("€508.20", "as a member", "VAT included, €420 without")


def test_prices_of_free_and_members_events(cast: Cast) -> None:
    free = make_event(title="Free", public_cents=0, member_cents=None)
    assert (card_of(free).amount, card_of(free).why) == ("Free", "for everyone")
    half = make_event(title="Half", public_cents=3500, member_cents=0)
    assert (card_of(half).amount, card_of(half).why) == ("€42.35", "or free for members")


@pytest.mark.parametrize(
    "changes, taken, words, tone",
    [
        ({}, 0, "20 places left", ""),
        ({}, 17, "3 places left", "few"),
        ({}, 19, "1 place left", "few"),
        ({}, 20, "Full, waiting list open", "none"),
        ({"has_waiting_list": False}, 20, "Full", "none"),
        ({"run": Run.TENTATIVE, "minimum": 8}, 6, "Takes place with 2 more people", ""),
        ({"approval": "organiser"}, 0, "On request", ""),
        ({"registration_closes_at": datetime(2020, 1, 1, tzinfo=UTC)}, 0, "Registration closed", "none"),
    ],
)
def test_how_full_it_is(cast: Cast, changes: dict[str, Any], taken: int, words: str, tone: str) -> None:
    event = make_event(capacity=20, **changes)
    fill(event, taken)
    assert (card_of(event).places, card_of(event).tone) == (words, tone)


@pytest.mark.parametrize(
    "run, words, pill", [("cancelled", "Cancelled", "state-stop"), ("postponed", "Postponed", "state-wait")]
)
def test_what_does_not_take_place_says_so(cast: Cast, run: str, words: str, pill: str) -> None:
    event = make_event()
    change(event, run=run)
    assert (card_of(event).places, card_of(event).pill) == (words, pill)


def test_a_title_in_another_language_says_which(cast: Cast) -> None:
    event = make_event()
    change(event, titles={"fr": "Libérer un lot"})
    assert (card_of(event).title, card_of(event).title_lang) == ("Libérer un lot", "fr")


def test_a_page_of_cards_costs_three_queries_whatever_their_number(cast: Cast) -> None:
    ids = [make_event(title=f"Event {number}").id for number in range(6)]
    cards(ids[:1], GUEST, "en", now())  # the areas are read once per process
    with queries() as sent:
        made = cards(ids, GUEST, "en", now())
    assert (len(made), len(sent)) == (6, 3)
