"""Sixty web hooks of five payments come together to two processes of eight threads, on both engines: five receipts stand in the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bench.deliveries import deliver, paid_pages, paying, settings_with
from integrations.stripe_simulator.server import Simulator
from models.base import db
from models.orders import LedgerEntry
from models.payments import AttemptState, PaymentAttempt, ProviderEvent
from models.registrations import Registration, Status
from services.soundness import violations

pytestmark = pytest.mark.engines


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator() as running:
        yield running


def receipts(url: str, folder: Path, simulator: Simulator) -> list[int]:
    with paying(settings_with(url, folder, simulator)):
        return list(db.session.scalars(select(LedgerEntry.cents)))


def test_without_its_guards_the_ledger_counts_twice(both_engines: str, tmp_path: Path, simulator: Simulator) -> None:
    """The race is real, so the next test cannot pass by luck."""
    for _ in range(5):
        hooks = paid_pages(both_engines, tmp_path, simulator, 5)
        deliver(both_engines, tmp_path, simulator, hooks * 12, guard=False)
        if len(receipts(both_engines, tmp_path, simulator)) > 5:
            return
    pytest.fail("five storms without a guard counted nothing twice")


def test_sixty_deliveries_of_five_events_make_five_entries(
    both_engines: str, tmp_path: Path, simulator: Simulator
) -> None:
    hooks = paid_pages(both_engines, tmp_path, simulator, 5)
    result = deliver(both_engines, tmp_path, simulator, hooks * 12)
    assert result.errors == []
    assert len(result.each) == 60
    assert receipts(both_engines, tmp_path, simulator) == [12100] * 5
    with paying(settings_with(both_engines, tmp_path, simulator)):
        assert db.session.scalar(select(func.count()).select_from(ProviderEvent)) == 5
        assert not db.session.scalar(select(func.count()).where(ProviderEvent.processed_at.is_(None)))
        assert set(db.session.scalars(select(PaymentAttempt.state))) == {AttemptState.PAID}
        assert set(db.session.scalars(select(Registration.status))) == {Status.CONFIRMED}
        assert violations() == []
