"""The ways to be paid that need nobody else: a bank transfer, a company's account with us, the till at the door.

None has a page of its own: the order is the demand, and what came for it stands in our own books. So their truth is read
there (`Books`, made by the services), and a refund is an instruction that people of ours carry out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import ClassVar, Protocol

from integrations.payments import (
    About,
    BadSignature,
    DisputeTruth,
    Instructions,
    Notice,
    ProviderError,
    Refunded,
    RefundResult,
    Start,
    Started,
    Truth,
    TruthState,
)


class Books(Protocol):
    """Our own books, as far as these providers ask; each answers None for what is not in them."""

    def demand(self, provider: str, order: str) -> Truth | None:
        """What an order asks for, and what came for it by this provider."""

    def may_go_back(self, provider: str, payment_reference: str, key: str) -> int | None:
        """What of a receipt can still go back, in cents; the refund of this key does not stand in its own way."""

    def refund(self, provider: str, reference: str) -> Refunded | None:
        """What became of a refund, by its key or by the name under which it was paid."""


class Embedded:
    """What these providers have in common. `reference` of a demand is the order's code."""

    key: ClassVar[str]
    by_hand: ClassVar[bool] = True
    needs_account: ClassVar[bool] = False

    def __init__(self, books: Books) -> None:
        self.books = books

    def start(self, wish: Start) -> Started:
        """Nothing is to be opened: the order asks already, as often as it is looked at."""
        return Started(wish.order, "", wish.expires_at)

    def refresh(self, reference: str) -> Truth:
        """Read our books. Raises ProviderError for an order that is not in them."""
        found = self.books.demand(self.key, reference)
        if found is None:
            raise ProviderError(f"no order {reference}")
        return found

    def cancel(self, reference: str) -> Truth:
        """Nobody can be kept from paying, so nothing has to be closed: what comes later is late money. What came, came."""
        truth = self.refresh(reference)
        return replace(truth, state=TruthState.CANCELLED) if truth.state is TruthState.OPEN else truth

    def refund(self, payment_reference: str, cents: int, key: str, reason: str) -> Refunded:
        """An instruction for finance, named by its key: it is pending until somebody has paid it. Never too much."""
        left = self.books.may_go_back(self.key, payment_reference, key)
        if left is None or cents > left:
            return Refunded(RefundResult.FAILED, None, f"only {left or 0} cents of {payment_reference} can go back")
        return Refunded(RefundResult.PENDING, key, payment_reference=payment_reference, cents=cents, key=key)

    def refund_truth(self, reference: str) -> Refunded:
        """Read what became of an instruction. Raises ProviderError."""
        found = self.books.refund(self.key, reference)
        if found is None:
            raise ProviderError(f"no refund {reference}")
        return found

    def dispute_truth(self, reference: str) -> DisputeTruth:
        """Nobody takes such money back but we ourselves. Raises ProviderError."""
        raise ProviderError(f"{self.key} knows no disputes")

    def about(self, kind: str) -> About:
        return About.NOTHING

    def notices_since(self, since: datetime) -> Iterable[Notice]:
        return ()

    def parse_webhook(self, body: bytes, headers: Mapping[str, str]) -> Notice:
        """Nobody may tell us of such money over the network. Raises BadSignature."""
        raise BadSignature(f"{self.key} sends no web hooks")


class Transfer(Embedded):
    """A transfer to our account, known by its structured communication; the bank's file says what came."""

    key = "transfer"
    needs_account = True

    def __init__(self, books: Books, iban: str = "", bic: str | None = None, holder: str = "") -> None:
        super().__init__(books)
        self.iban, self.bic, self.holder = iban, bic, holder

    def start(self, wish: Start) -> Started:
        """What the payer writes, or scans, in the banking app."""
        said = Instructions(self.iban, self.bic, self.holder, wish.communication, wish.cents)
        return replace(super().start(wish), instructions=said)


class OnAccount(Embedded):
    """A company pays its invoice later; its money then comes by transfer, so that none ever goes back by this way."""

    key = "on_account"
    by_hand = False

    def refund(self, payment_reference: str, cents: int, key: str, reason: str) -> Refunded:
        """What is not owed any more is a credit note, not money."""
        return Refunded(RefundResult.FAILED, None, "no money came on account: a credit note settles it")


class Manual(Embedded):
    """Cash or the card terminal at the door: finance writes down what came, and what was handed back."""

    key = "manual"
