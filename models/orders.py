"""Orders: what one buyer asked for at once, and the money that moved for it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, now
from models.organisations import Organisation
from models.people import Person
from models.policies import Tier
from models.registrations import HOLDING, Registration


class PaymentStatus(StrEnum):
    """Derived from lines and ledger, never stored."""

    NOT_REQUIRED = "not_required"
    UNPAID = "unpaid"
    PARTLY_PAID = "partly_paid"
    PAID = "paid"
    OVERPAID = "overpaid"
    REFUND_DUE = "refund_due"
    REFUNDED = "refunded"


class Order(Base):
    """What one buyer asked for at once: one or many registrations, one payer. Free registrations have one too."""

    __tablename__ = "order"

    code: Mapped[str] = mapped_column(String(12), unique=True)  # unambiguous, such as MH-4K7Q-92X8
    reference: Mapped[str | None] = mapped_column(
        String(20), unique=True
    )  # +++123/4567/89012+++ when money is asked for
    buyer_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    buyer_email: Mapped[str] = mapped_column(String(254))
    payer_organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    billing: Mapped[dict[str, Any]] = mapped_column(default=dict)  # snapshot: name, address, VAT number
    purchase_order: Mapped[str | None] = mapped_column(String(60))
    currency: Mapped[str] = mapped_column(String(3), default="EUR")
    locale: Mapped[str] = mapped_column(String(5), default="en")
    terms_version: Mapped[str] = mapped_column(String(40), default="")
    terms_sha256: Mapped[str] = mapped_column(String(64), default="")  # of the accepted text: models/terms.py
    policy: Mapped[str] = mapped_column(String(600), default="")  # the cancellation sentence as shown and accepted
    tiers: Mapped[list[Tier]] = mapped_column(JSON, default=list)  # of cancelling, as accepted: models/policies.py
    is_on_account: Mapped[bool] = mapped_column(default=False)  # a company pays its invoice later: places are confirmed
    awaits_purchase_order: Mapped[bool] = mapped_column(default=False)  # its invoice waits for the payer's number
    due_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)

    buyer: Mapped[Person] = relationship(lazy="raise_on_sql")
    payer_organisation: Mapped[Organisation | None] = relationship(lazy="raise_on_sql")
    registrations: Mapped[list[Registration]] = relationship(
        lazy="raise_on_sql", order_by=Registration.id, back_populates="order"
    )
    lines: Mapped[list[OrderLine]] = relationship(lazy="raise_on_sql", order_by="OrderLine.id", back_populates="order")
    ledger: Mapped[list[LedgerEntry]] = relationship(
        lazy="raise_on_sql", order_by="LedgerEntry.id", back_populates="order"
    )


class OrderLine(Base):
    """One registration's price, frozen when the order is placed. Net is the truth; VAT and gross are derived and kept."""

    __tablename__ = "order_line"
    __table_args__ = (
        CheckConstraint("net_cents >= 0 AND vat_cents >= 0 AND gross_cents = net_cents + vat_cents", name="adds_up"),
    )

    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"), index=True)
    registration_id: Mapped[int] = mapped_column(ForeignKey("registration.id"), unique=True)
    description: Mapped[str] = mapped_column(String(300))
    net_cents: Mapped[int]
    vat: Mapped[str] = mapped_column(String(20))  # VatTreatment of that day
    vat_rate: Mapped[int]  # percent
    vat_cents: Mapped[int]
    gross_cents: Mapped[int]
    why: Mapped[str] = mapped_column(String(400))  # the sentence that explains the price, in the order's language
    voucher_id: Mapped[int | None] = mapped_column(ForeignKey("voucher.id"), index=True)
    fee_cents: Mapped[int] = mapped_column(default=0)  # gross, still owed after a late cancellation

    order: Mapped[Order] = relationship(lazy="raise_on_sql", back_populates="lines")
    registration: Mapped[Registration] = relationship(lazy="raise_on_sql")

    @property
    def is_owed(self) -> bool:
        """A line is owed from the moment its registration takes a place (an offer is owed once accepted)."""
        return self.registration.status in HOLDING and self.registration.status != "offered"

    @property
    def owed_cents(self) -> int:
        """What is owed for this line now: its price while it holds a place, else the fee of a late cancellation."""
        return self.gross_cents if self.is_owed else self.fee_cents


class EntryKind(StrEnum):
    RECEIPT = "receipt"
    REFUND = "refund"
    DISPUTE = "dispute"  # a card payment taken back by the payer's bank
    DISPUTE_WON = "dispute_won"  # and given again
    REFUND_FAILED = "refund_failed"  # a refund that came back


class LedgerEntry(Base):
    """What money really did. Append-only; unique per (provider, reference), so money counts once."""

    __tablename__ = "ledger_entry"
    __table_args__ = (
        UniqueConstraint("provider", "provider_reference"),
        CheckConstraint("cents <> 0", name="not_zero"),
    )

    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"), index=True)
    attempt_id: Mapped[int | None] = mapped_column(ForeignKey("payment_attempt.id"), index=True)
    receipt_id: Mapped[int | None] = mapped_column(ForeignKey("ledger_entry.id"), index=True)  # what is taken back
    kind: Mapped[EntryKind] = mapped_column(String(20))
    provider: Mapped[str] = mapped_column(String(20))  # transfer, stripe, manual
    provider_reference: Mapped[str] = mapped_column(String(120))
    cents: Mapped[int]  # money in positive, money out negative
    note: Mapped[str] = mapped_column(String(300), default="")
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    booked_at: Mapped[datetime]  # when the money moved
    created_at: Mapped[datetime] = mapped_column(default=now)

    order: Mapped[Order] = relationship(lazy="raise_on_sql", back_populates="ledger")

    if TYPE_CHECKING:
        contested: Mapped[bool]  # a dispute moved it, and nobody asks the payer again: models/payments.py


def payment_status(
    owed_cents: int, received_cents: int, refunded_cents: int = 0, contested_cents: int = 0
) -> PaymentStatus:
    """The payment status of an order from its owed lines and its ledger. Amounts in cents, all ≥ 0.

    `contested_cents` of what went back counts as paid: a payer's bank took it, and nobody asks for it again (yet).
    """
    balance = received_cents - refunded_cents
    balance += min(contested_cents, max(owed_cents - balance, 0))
    if received_cents == 0:
        return PaymentStatus.UNPAID if owed_cents else PaymentStatus.NOT_REQUIRED
    if owed_cents == 0:
        return PaymentStatus.REFUND_DUE if balance > 0 else PaymentStatus.REFUNDED
    if balance == owed_cents:
        return PaymentStatus.PAID
    return (
        PaymentStatus.OVERPAID
        if balance > owed_cents
        else PaymentStatus.PARTLY_PAID
        if balance
        else PaymentStatus.UNPAID
    )
