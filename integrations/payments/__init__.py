"""Payment providers behind one small interface. The web hook, the return page and the clock all ask `refresh`, which reads
the provider's own truth; what an event says about amounts or states is never believed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol


class ProviderError(Exception):
    """The provider answered with a refusal; the message is for staff and the log."""


class ProviderUnreachable(ProviderError):
    """No answer came, or a server error: nothing is known. Ask again later with the same key."""


class BadSignature(ProviderError):
    """A web hook that the provider did not sign, or signed too long ago: answer 400 and keep an audit entry."""


class PaidMeanwhile(ProviderError):
    """What was to be cancelled is paid, or being paid: ask `refresh`."""


class TruthState(StrEnum):
    """What a provider says of one payment; the values are those of models.payments.AttemptState."""

    OPEN = "open"
    PROCESSING = "processing"
    PAID = "paid"
    EXPIRED = "expired"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Start:
    """What a provider needs to ask for money. `key` is the attempt's public id: its idempotency key. Amounts in cents."""

    key: str
    order: str
    cents: int
    currency: str
    description: str
    email: str
    locale: str
    expires_at: datetime | None  # of a payment page, and of a demand that ends: always there for a page
    success_url: str = ""
    cancel_url: str = ""
    allows_debit: bool = False  # a direct debit: its money comes days later, and may be taken back for weeks
    communication: str = ""  # the order's structured communication, for a transfer


@dataclass(frozen=True)
class Instructions:
    """What a payer writes in the banking app; an IBAN as the cluster writes it, the amount in cents."""

    iban: str
    bic: str | None
    holder: str
    communication: str
    cents: int


@dataclass(frozen=True)
class Started:
    """Where the payer pays (no address: nowhere but in the own bank), until when, and the reference for asking again."""

    reference: str
    url: str
    expires_at: datetime | None
    instructions: Instructions | None = None


@dataclass(frozen=True)
class Truth:
    """The provider's truth about one payment. `received_cents` in `currency` (upper case ISO 4217)."""

    state: TruthState
    key: str  # the attempt's public id as the provider kept it
    asked_cents: int
    received_cents: int
    currency: str
    reference: str
    payment_reference: str | None
    at: datetime | None = None


class RefundResult(StrEnum):
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True)
class Refunded:
    """What became of a refund; when it is read: of which payment, how many cents, its key and that of the payment's
    attempt as the provider kept them."""

    result: RefundResult
    reference: str | None
    error: str = ""
    payment_reference: str = ""
    cents: int = 0
    key: str = ""
    attempt: str = ""


@dataclass(frozen=True)
class Withdrawn:
    """Money that a dispute took out of our account (negative cents), or that came back to it."""

    reference: str
    cents: int
    at: datetime


class DisputeResult(StrEnum):
    """The values are those of models.payments.DisputeState."""

    OPEN = "open"
    WON = "won"
    LOST = "lost"


@dataclass(frozen=True)
class DisputeTruth:
    """The provider's truth about a payment that the payer's bank takes back; `key` is the attempt's public id."""

    reference: str
    payment_reference: str
    key: str
    cents: int
    result: DisputeResult
    reason: str
    answer_by: datetime | None
    moved: tuple[Withdrawn, ...]


class About(StrEnum):
    """What a web hook is about: whose truth is to be read again."""

    PAYMENT = "payment"
    REFUND = "refund"
    DISPUTE = "dispute"
    NOTHING = "nothing"  # that concerns us


@dataclass(frozen=True)
class Notice:
    """A verified web hook: an id that counts once, a kind, the reference of what it is about, and what that is.

    `payload` holds `key`, the attempt's public id when the provider kept it, and no personal data.
    """

    id: str
    kind: str
    reference: str
    about: About
    payload: Mapping[str, Any] = field(default_factory=dict)


class PaymentProvider(Protocol):
    """One way to be paid: through somebody else (`stripe`), or by ourselves (`transfer`, `on_account`, `manual`).

    Nothing of it is called inside a write transaction.
    """

    @property
    def key(self) -> str:
        """The name that attempts, receipts and refunds carry."""

    @property
    def by_hand(self) -> bool:
        """Whether people of ours carry out its refunds, at the bank or from the till."""

    @property
    def needs_account(self) -> bool:
        """Whether a refund can only leave to an account that somebody names."""

    def start(self, wish: Start) -> Started:
        """Open a payment page. Repeating with the same key answers the same. Raises ProviderError."""

    def refresh(self, reference: str) -> Truth:
        """Read the truth. Raises ProviderError."""

    def cancel(self, reference: str) -> Truth:
        """Close the page, then read the truth: it may have been paid meanwhile. Raises ProviderError."""

    def refund(self, payment_reference: str, cents: int, key: str, reason: str) -> Refunded:
        """Give money back; `key` is the refund's public id. Never more than was received. Raises ProviderUnreachable."""

    def refund_truth(self, reference: str) -> Refunded:
        """Read what became of a refund. Raises ProviderError."""

    def dispute_truth(self, reference: str) -> DisputeTruth:
        """Read where a dispute stands. Raises ProviderError."""

    def about(self, kind: str) -> About:
        """What a notice of this kind is about."""

    def notices_since(self, since: datetime) -> Iterable[Notice]:
        """What happened since, for whoever missed a web hook. Raises ProviderError."""

    def parse_webhook(self, body: bytes, headers: Mapping[str, str]) -> Notice:
        """Verify and read a web hook. Raises BadSignature."""
