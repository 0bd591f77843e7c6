"""Payment attempts, refunds and disputes: what was tried with a provider. What money did stands in the ledger."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    case,
    exists,
    false,
    text,
)
from sqlalchemy.orm import Mapped, column_property, mapped_column, relationship

from models.base import Base, now, random_id
from models.orders import EntryKind, LedgerEntry, Order


class AttemptState(StrEnum):
    CREATED = "created"  # a row of ours; the provider may not know it yet
    OPEN = "open"  # the provider waits for the payer
    PROCESSING = "processing"  # accepted, the money is on its way (SEPA debit: days)
    PAID = "paid"
    EXPIRED = "expired"
    FAILED = "failed"
    CANCELLED = "cancelled"


A = AttemptState
ATTEMPT_TRANSITIONS: dict[AttemptState, frozenset[AttemptState]] = {
    A.CREATED: frozenset({A.OPEN, A.PROCESSING, A.PAID, A.EXPIRED, A.FAILED, A.CANCELLED}),
    A.OPEN: frozenset({A.PROCESSING, A.PAID, A.EXPIRED, A.FAILED, A.CANCELLED}),
    A.PROCESSING: frozenset({A.PAID, A.FAILED}),
    A.EXPIRED: frozenset({A.PAID}),  # the provider's truth may come after our clock
    A.FAILED: frozenset({A.PROCESSING, A.PAID}),
    A.CANCELLED: frozenset({A.PAID}),
    A.PAID: frozenset(),  # never goes back: a refund or a dispute is a ledger entry
}
UNSETTLED: frozenset[AttemptState] = frozenset({A.CREATED, A.OPEN, A.PROCESSING})


class AttemptTransitionRefused(ValueError):
    """The attempt cannot go from its present state to the one asked for."""


class PaymentAttempt(Base):
    """One hosted payment page, or another promise to pay, for an order. Its public id is the idempotency key."""

    __tablename__ = "payment_attempt"
    __table_args__ = (
        UniqueConstraint("provider", "provider_reference"),
        CheckConstraint("cents > 0", name="positive"),
        Index(
            "ix_payment_attempt_unsettled",
            "checked_at",
            sqlite_where=text("state IN ('created','open','processing')"),
            postgresql_where=text("state IN ('created','open','processing')"),
        ),
    )

    public_id: Mapped[str] = mapped_column(String(26), unique=True, default=random_id)
    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"), index=True)
    provider: Mapped[str] = mapped_column(String(20))  # stripe, on_account, transfer, manual
    state: Mapped[AttemptState] = mapped_column(String(10), default=AttemptState.CREATED)
    cents: Mapped[int]  # gross, what was asked for
    currency: Mapped[str] = mapped_column(String(3), default="EUR")
    provider_reference: Mapped[str | None] = mapped_column(String(120))  # the session
    payment_reference: Mapped[str | None] = mapped_column(String(120), index=True)  # the payment: refunds name it
    url: Mapped[str] = mapped_column(Text, default="")  # where the payer pays
    expires_at: Mapped[datetime | None]  # of the provider's page: the place is held longer
    review: Mapped[str] = mapped_column(String(300), default="")  # why a human must look: never paid meanwhile
    error: Mapped[str] = mapped_column(String(300), default="")
    checked_at: Mapped[datetime | None]  # when the provider was last asked
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now)

    order: Mapped[Order] = relationship(lazy="raise_on_sql")

    def move(self, to: AttemptState, at: datetime) -> bool:
        """Change the state; False when it is there already, AttemptTransitionRefused when the table does not allow it."""
        present = AttemptState(self.state)
        if to is present:
            return False
        if to not in ATTEMPT_TRANSITIONS[present]:
            raise AttemptTransitionRefused(f"a payment attempt that is {present} cannot become {to}")
        self.state = to
        self.updated_at = at
        return True


class ProviderEvent(Base):
    """The inbox of webhooks: each event of a provider once. What it says is never believed: it only says whom to ask."""

    __tablename__ = "provider_event"
    __table_args__ = (
        UniqueConstraint("provider", "event_id"),
        Index(
            "ix_provider_event_open",
            "received_at",
            sqlite_where=text("processed_at IS NULL"),
            postgresql_where=text("processed_at IS NULL"),
        ),
    )

    provider: Mapped[str] = mapped_column(String(20))
    event_id: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(80))
    reference: Mapped[str] = mapped_column(String(120), default="")  # of the object it is about
    payload: Mapped[dict[str, Any]] = mapped_column(default=dict)
    received_at: Mapped[datetime] = mapped_column(default=now)
    processed_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(String(300), default="")

    def done(self, at: datetime, note: str = "") -> None:
        """It is worked off; `note`: what there is to say of it."""
        self.tries += 1
        self.error = note
        self.processed_at = self.processed_at or at

    def failed(self, error: str) -> None:
        """It waits for another try."""
        self.tries += 1
        self.error = error[:300]


class ProviderWatermark(Base):
    """Until when we have asked a provider for everything that happened."""

    __tablename__ = "provider_watermark"

    provider: Mapped[str] = mapped_column(String(20), unique=True)
    caught_up_at: Mapped[datetime]


class RefundState(StrEnum):
    REQUESTED = "requested"  # decided, or waiting for the second pair of eyes
    PENDING = "pending"  # the provider, or finance at the bank, carries it out
    SUCCEEDED = "succeeded"
    FAILED = "failed"


REFUND_TRANSITIONS: dict[RefundState, frozenset[RefundState]] = {
    RefundState.REQUESTED: frozenset({RefundState.PENDING, RefundState.SUCCEEDED, RefundState.FAILED}),
    RefundState.PENDING: frozenset({RefundState.SUCCEEDED, RefundState.FAILED}),
    RefundState.SUCCEEDED: frozenset({RefundState.FAILED}),  # a card network may say so days later
    RefundState.FAILED: frozenset(),  # a new refund is asked for
}


class RefundTransitionRefused(ValueError):
    """The refund cannot go from its present state to the one asked for."""


class RefundFile(Base):
    """A file for the bank that pays refunds by transfer. Its bytes stay as they were: whoever takes it again has the same."""

    __tablename__ = "refund_file"
    __table_args__ = (CheckConstraint("transfers > 0 AND cents > 0", name="positive"),)

    public_id: Mapped[str] = mapped_column(String(26), unique=True, default=random_id)  # MsgId: the bank takes it once
    account: Mapped[str] = mapped_column(String(34))  # IBAN that pays
    executes_on: Mapped[date]
    transfers: Mapped[int]
    cents: Mapped[int]
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    sha256: Mapped[str] = mapped_column(String(64))
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime] = mapped_column(default=now)
    withdrawn_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    withdrawn_at: Mapped[datetime | None]  # the bank never had it: its refunds wait for another one


class Refund(Base):
    """Money that goes back for one receipt. Its ledger entry is written when it succeeds."""

    __tablename__ = "refund"
    __table_args__ = (
        UniqueConstraint("provider", "provider_reference"),
        CheckConstraint("cents > 0", name="positive"),
        Index("ix_refund_state", "state"),
    )

    public_id: Mapped[str] = mapped_column(String(26), unique=True, default=random_id)  # the idempotency key
    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"), index=True)
    receipt_id: Mapped[int] = mapped_column(ForeignKey("ledger_entry.id"), index=True)  # the money it gives back
    credit_note_id: Mapped[int | None] = mapped_column(ForeignKey("invoice.id"), index=True)
    provider: Mapped[str] = mapped_column(String(20))  # of the receipt; transfer: finance pays it from the bank
    state: Mapped[RefundState] = mapped_column(String(10), default=RefundState.REQUESTED)
    cents: Mapped[int]
    reason: Mapped[str] = mapped_column(String(300), default="")
    iban: Mapped[str] = mapped_column(String(34), default="")  # where to, for a transfer
    holder: Mapped[str] = mapped_column(String(120), default="")
    provider_reference: Mapped[str | None] = mapped_column(String(120))
    error: Mapped[str] = mapped_column(String(300), default="")
    file_id: Mapped[int | None] = mapped_column(
        ForeignKey("refund_file.id"), index=True
    )  # the bank's file it stands in
    needs_approval: Mapped[bool] = mapped_column(default=False)  # above the amount of four eyes
    requested_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))  # None: the clock
    approved_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))  # never who asked
    approved_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now)

    order: Mapped[Order] = relationship(lazy="raise_on_sql")
    receipt: Mapped[LedgerEntry] = relationship(lazy="raise_on_sql", foreign_keys=[receipt_id])
    file: Mapped[RefundFile | None] = relationship(lazy="raise_on_sql")

    def move(self, to: RefundState, at: datetime) -> bool:
        """Change the state; False when it is there already, RefundTransitionRefused when the table does not allow it."""
        present = RefundState(self.state)
        if to is present:
            return False
        if to not in REFUND_TRANSITIONS[present]:
            raise RefundTransitionRefused(f"a refund that is {present} cannot become {to}")
        self.state = to
        self.updated_at = at
        return True


class DisputeState(StrEnum):
    OPEN = "open"  # the provider waits for our answer, or the payer's bank for its own
    WON = "won"
    LOST = "lost"  # finance has to decide
    ASKED = "asked"  # lost, and the payer is asked to pay again
    LET_BE = "let_be"  # lost, and nobody is asked


UNASKED = (DisputeState.OPEN, DisputeState.LOST, DisputeState.LET_BE)
"""While a dispute stands here, the money it took is not asked for again: the order is paid in the eyes of its people."""


class Dispute(Base):
    """A payer's bank takes a card payment back. The money that left, and came again, stands in the ledger."""

    __tablename__ = "dispute"
    __table_args__ = (UniqueConstraint("provider", "provider_reference"),)

    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"), index=True)
    receipt_id: Mapped[int | None] = mapped_column(ForeignKey("ledger_entry.id"))
    provider: Mapped[str] = mapped_column(String(20))
    provider_reference: Mapped[str] = mapped_column(String(120))
    state: Mapped[DisputeState] = mapped_column(String(10), default=DisputeState.OPEN)
    cents: Mapped[int]
    reason: Mapped[str] = mapped_column(String(120), default="")
    answer_by: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now)

    order: Mapped[Order] = relationship(lazy="raise_on_sql")


LedgerEntry.contested = column_property(
    case(
        (
            LedgerEntry.kind.in_((EntryKind.DISPUTE, EntryKind.DISPUTE_WON)),
            exists().where(Dispute.receipt_id == LedgerEntry.receipt_id, Dispute.state.in_(UNASKED)),
        ),
        else_=false(),
    )
)


class PaymentReminder(Base):
    """One step of reminding an order, once. The first costs nothing (Book XIX of the Belgian Code of Economic Law)."""

    __tablename__ = "payment_reminder"
    __table_args__ = (UniqueConstraint("order_id", "step"),)

    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"), index=True)
    step: Mapped[str] = mapped_column(String(20))  # notice, first, second, human
    sent_at: Mapped[datetime] = mapped_column(default=now)


class Withdrawal(Base):
    """A consumer's withdrawal from a contract made at a distance, and when it reached us (CEL art. VI.47)."""

    __tablename__ = "withdrawal"

    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"), unique=True)
    name: Mapped[str] = mapped_column(String(240), default="")
    email: Mapped[str] = mapped_column(String(254), default="")
    received_at: Mapped[datetime] = mapped_column(default=now)
