"""Publishing an event: only what is unlawful or broken blocks."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from models.base import now
from models.courses import Publication
from models.events import Event, Modality, Run
from services.event_plans import TicketPlan
from services.events import create, edit, load_plan
from services.publication import AlreadyPublished, NotReady, State, checklist, load_for_checklist, publish
from tests.cast import Cast, make_event
from tests.services.test_events import networking

LANGUAGES = ["fr", "en", "nl"]


def draft(cast: Cast, **changes: Any) -> Event:
    values: dict[str, Any] = {"venue": "Le Delta", "city": "Namur", "policies": {"en": "Free until the day before."}}
    return create(networking(**{**values, **changes}), cast.alice)


def blocking(event: Event) -> list[str]:
    items = checklist(load_for_checklist(event.id), LANGUAGES, now())
    return [item.code for item in items if item.state is State.MUST]


def test_it_works(cast: Cast) -> None:
    event = publish(draft(cast).id, LANGUAGES, cast.alice)
    assert (event.publication, event.run, event.version) == (Publication.PUBLISHED, Run.GUARANTEED, 2)
    assert event.guaranteed_at is not None
    with pytest.raises(AlreadyPublished):
        publish(event.id, LANGUAGES, cast.alice)


def test_a_minimum_starts_tentative(cast: Cast) -> None:
    event = publish(draft(cast, minimum=8).id, LANGUAGES, cast.alice)
    assert (event.run, event.guaranteed_at) == (Run.TENTATIVE, None)


@pytest.mark.parametrize(
    "changes, codes",
    [
        ({}, []),
        ({"slots": ()}, ["dates_missing"]),
        ({"venue": ""}, ["venue_missing"]),
        ({"places": {Modality.ONSITE: 0}, "tickets": ()}, ["places_missing", "tickets_missing"]),
        ({"policies": {}}, []),  # free: nothing is owed
        ({"policies": {}, "tickets": (TicketPlan({"en": "Paid"}, net_cents=100),)}, ["policy_missing"]),
        ({"titles": {"fr": "Un soir"}, "summaries": {}}, []),
    ],
)
def test_what_blocks(cast: Cast, changes: dict[str, Any], codes: list[str]) -> None:
    event = draft(cast, **changes)
    assert blocking(event) == codes
    if codes:
        with pytest.raises(NotReady) as refused:
            publish(event.id, LANGUAGES, cast.alice)
        assert [item.code for item in refused.value.items] == codes
        assert load_plan(event.id)[0].publication == Publication.DRAFT


def test_dates_that_are_over_block(cast: Cast) -> None:
    past = (now() - timedelta(hours=3), now() - timedelta(hours=1))
    event = make_event(publication=Publication.DRAFT, slots=[past])
    assert blocking(event) == ["dates_past"]


def test_a_minimum_above_the_places_blocks(cast: Cast) -> None:
    event = make_event(publication=Publication.DRAFT, capacity=4, minimum=9)
    assert blocking(event) == ["minimum_too_high"]


def test_missing_languages_may_wait(cast: Cast) -> None:
    items = checklist(load_for_checklist(draft(cast).id), LANGUAGES, now())
    title = next(item for item in items if item.code == "title_in_some")
    assert (title.state, title.facts) == (State.MAY, {"languages": ["fr", "nl"]})
    assert "link_missing" not in [item.code for item in items]


def test_an_online_link_may_wait(cast: Cast) -> None:
    event = draft(cast)
    _, plan = load_plan(event.id)
    online = replace(
        plan, venue="", places={Modality.ONLINE: 50}, tickets=(TicketPlan({"en": "Online"}, modality=Modality.ONLINE),)
    )
    edit(event.id, online, 1, cast.alice)
    items = {item.code: item.state for item in checklist(load_for_checklist(event.id), LANGUAGES, now())}
    assert items["link_missing"] is State.MAY
    assert "venue_missing" not in items
