"""The random life of places has teeth: let one operation forget to promote who waits, and the invariants complain as soon as it
frees a place. Scripted, from the full house with which every life begins."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from flask import Flask

from models.events import Event
from services import approvals, date_changes, event_news, modality_switch, registrations, voucher_desk, withdrawals
from services.soundness import violations
from tests.services.test_places_machine import FIRST, SECOND, PlacesLife

Step = Callable[[PlacesLife, int], None]
"""One operation, on the registration (or order, or voucher) of this number."""


def switch_to_a_free_place(life: PlacesLife, number: int) -> None:
    life.the_capacity_changes(FIRST, 4, online=True)
    life.somebody_switches(number, code=False)


FORGETFUL: dict[str, tuple[ModuleType, Step]] = {
    "somebody cancels": (registrations, lambda life, number: life.somebody_cancels(number, by_organiser=False)),
    "the organiser cancels": (registrations, lambda life, number: life.somebody_cancels(number, by_organiser=True)),
    "an offer is declined": (registrations, lambda life, number: life.an_offer_is_answered(number, take=False)),
    "time runs out": (registrations, lambda life, number: life.time_passes(170)),
    "a request is declined": (approvals, lambda life, number: life.a_request_is_answered(number, yes=False)),
    "many are declined": (approvals, lambda life, number: life.many_requests_are_answered([number, 0], yes=False)),
    "somebody moves to another date": (
        date_changes,
        lambda life, number: life.somebody_moves(number, back=False, code=False),
    ),
    "somebody comes online instead": (modality_switch, lambda life, number: switch_to_a_free_place(life, number)),
    "a consumer withdraws": (withdrawals, lambda life, number: life.a_consumer_withdraws(number)),
    "there are more places": (event_news, lambda life, number: life.the_capacity_changes(FIRST, 5, online=False)),
    "a voucher ends that kept a place": (voucher_desk, lambda life, number: life.a_voucher_is_withdrawn(number)),
}


@pytest.fixture
def life(app: Flask, engine_name: str) -> PlacesLife:
    """As it begins: every event but the second date is full, and people wait for each; one of them has an offer."""
    begun: PlacesLife = type("LifeHere", (PlacesLife,), {"app": app, "engine": engine_name})()
    begun.begin([2, 1, 1, 1, 1])
    begun.somebody_cancels(1, by_organiser=True)
    begun.everything_holds()
    return begun


def forgotten(event: Event, *_moment: Any, **_how: Any) -> list[Any]:
    return []


@pytest.mark.parametrize("operation", FORGETFUL)
def test_a_forgotten_promotion_is_noticed(operation: str, life: PlacesLife, monkeypatch: pytest.MonkeyPatch) -> None:
    module, step = FORGETFUL[operation]
    monkeypatch.setattr(module, "promote_locked", forgotten)
    for number in range(12):
        step(life, number)
        if any("wait while" in said for said in violations(life.clock)):
            with pytest.raises(AssertionError, match="wait while"):
                life.everything_holds()
            return
    pytest.fail(f"{operation}: twelve times nobody was missed")


def test_a_forgotten_cap_is_noticed(life: PlacesLife, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lysara holds as many places of the second date as it may: the next of its people would be one too many."""
    monkeypatch.setattr(registrations, "holding_locked", lambda *_event, **_whose: 0)
    for who in range(1, 6):
        life.somebody_registers(who, SECOND, particular=False, code=False)
    with pytest.raises(AssertionError, match="4 places"):
        life.everything_holds()
