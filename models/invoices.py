"""Invoices and credit notes: frozen when issued. A mistake is a credit note and a new invoice.

The rows of an issued document are never changed nor deleted: database triggers forbid it on both engines (`FREEZING`).
What happens to a document afterwards (its PDF, its way to the buyer) stands in rows of its own.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
    event,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, now, random_id
from models.orders import Order, OrderLine


class InvoiceKind(StrEnum):
    INVOICE = "invoice"  # UNTDID 1001: 380
    CREDIT_NOTE = "credit_note"  # 381


class VatCategory(StrEnum):
    """The VAT category codes of EN 16931 (UNCL5305) that we use."""

    STANDARD = "S"
    EXEMPT = "E"
    REVERSE_CHARGE = "AE"
    OUT_OF_SCOPE = "O"


class InvoiceSeries(Base):
    """The last number given in a series and year. Locked, raised and read in the issuing transaction: no gap."""

    __tablename__ = "invoice_series"
    __table_args__ = (UniqueConstraint("kind", "year"),)

    kind: Mapped[InvoiceKind] = mapped_column(String(12))
    year: Mapped[int]
    last: Mapped[int] = mapped_column(default=0)


class Invoice(Base):
    """An issued invoice or credit note, frozen. Amounts in cents, positive on both kinds.

    `gross_cents` is what is to be paid: net + VAT (rounded per rate) + rounding. On a credit note it is what is given back.
    """

    __tablename__ = "invoice"
    __table_args__ = (
        UniqueConstraint("kind", "year", "number"),
        CheckConstraint("gross_cents = net_cents + vat_cents + rounding_cents", name="adds_up"),
        CheckConstraint("number > 0 AND net_cents >= 0 AND vat_cents >= 0", name="positive"),
        CheckConstraint("(kind = 'credit_note') = (corrects_id IS NOT NULL)", name="credit_note_corrects"),
    )

    public_id: Mapped[str] = mapped_column(String(26), unique=True, default=random_id)
    kind: Mapped[InvoiceKind] = mapped_column(String(12))
    year: Mapped[int]
    number: Mapped[int]
    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"), index=True)
    corrects_id: Mapped[int | None] = mapped_column(ForeignKey("invoice.id"), index=True)
    issued_on: Mapped[date]
    due_on: Mapped[date | None]
    supply_on: Mapped[date | None]
    locale: Mapped[str] = mapped_column(String(5))
    currency: Mapped[str] = mapped_column(String(3), default="EUR")
    seller: Mapped[dict[str, Any]]
    buyer: Mapped[dict[str, Any]]
    purchase_order: Mapped[str] = mapped_column(String(60), default="")
    payment_reference: Mapped[str] = mapped_column(String(20), default="")  # the order's structured communication
    reason: Mapped[str] = mapped_column(String(300), default="")  # of a credit note
    notes: Mapped[list[str]] = mapped_column(JSON, default=list)  # legal sentences, in its language
    net_cents: Mapped[int]
    vat_cents: Mapped[int]
    rounding_cents: Mapped[int] = mapped_column(default=0)  # BT-114: so that it asks what the order said
    gross_cents: Mapped[int]
    prepaid_cents: Mapped[int] = mapped_column(default=0)  # received before it was issued
    issued_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime] = mapped_column(default=now)

    order: Mapped[Order] = relationship(lazy="raise_on_sql")
    corrects: Mapped[Invoice | None] = relationship(lazy="raise_on_sql", remote_side="Invoice.id")
    lines: Mapped[list[InvoiceLine]] = relationship(
        lazy="raise_on_sql", order_by="InvoiceLine.position", back_populates="invoice"
    )
    taxes: Mapped[list[InvoiceTax]] = relationship(
        lazy="raise_on_sql", order_by="InvoiceTax.id", back_populates="invoice"
    )

    @property
    def label(self) -> str:
        """The number as printed: 2026-00042, and CN-2026-00042 for a credit note."""
        prefix = "CN-" if self.kind == InvoiceKind.CREDIT_NOTE else ""
        return f"{prefix}{self.year}-{self.number:05d}"


class InvoiceLine(Base):
    """One line as printed. Net is the truth; VAT is rounded per rate on the document, not here."""

    __tablename__ = "invoice_line"
    __table_args__ = (UniqueConstraint("invoice_id", "position"),)

    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"), index=True)
    position: Mapped[int]
    order_line_id: Mapped[int | None] = mapped_column(ForeignKey("order_line.id"), index=True)
    description: Mapped[str] = mapped_column(String(300))
    detail: Mapped[str] = mapped_column(String(400), default="")
    quantity: Mapped[int] = mapped_column(default=1)
    unit_net_cents: Mapped[int]
    net_cents: Mapped[int]
    gross_cents: Mapped[int]  # its part of what the document asks; not printed
    vat_category: Mapped[VatCategory] = mapped_column(String(2))
    vat_rate: Mapped[int]  # percent

    invoice: Mapped[Invoice] = relationship(lazy="raise_on_sql", back_populates="lines")
    order_line: Mapped[OrderLine | None] = relationship(lazy="raise_on_sql")


class InvoiceTax(Base):
    """The VAT of one category and rate (EN 16931 BG-23): base, amount, and the reason of an exemption."""

    __tablename__ = "invoice_tax"
    __table_args__ = (UniqueConstraint("invoice_id", "vat_category", "vat_rate"),)

    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"), index=True)
    vat_category: Mapped[VatCategory] = mapped_column(String(2))
    vat_rate: Mapped[int]
    base_cents: Mapped[int]
    vat_cents: Mapped[int]
    mention: Mapped[str] = mapped_column(String(300), default="")  # legal words, in the invoice's language
    reason_code: Mapped[str] = mapped_column(String(30), default="")  # VATEX-EU-132-1I, VATEX-EU-AE, …

    invoice: Mapped[Invoice] = relationship(lazy="raise_on_sql", back_populates="taxes")


class InvoiceFile(Base):
    """The bytes of an issued document as they went out, kept for ten years (Belgian VAT Code art. 60 §4)."""

    __tablename__ = "invoice_file"
    __table_args__ = (UniqueConstraint("invoice_id", "kind"),)

    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"), index=True)
    kind: Mapped[str] = mapped_column(String(10))  # pdf, ubl
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    sha256: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(default=now)


class TransmissionState(StrEnum):
    QUEUED = "queued"
    SENT = "sent"
    DELIVERED = "delivered"
    REJECTED = "rejected"
    FAILED = "failed"


class Transmission(Base):
    """One way of one document to its buyer, and how far it came."""

    __tablename__ = "transmission"
    __table_args__ = (UniqueConstraint("invoice_id", "channel"),)

    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"), index=True)
    channel: Mapped[str] = mapped_column(String(20))  # email, folder, or an access point's name
    recipient: Mapped[str] = mapped_column(String(254), default="")
    state: Mapped[TransmissionState] = mapped_column(String(10), default=TransmissionState.QUEUED)
    remote_id: Mapped[str] = mapped_column(String(120), default="")
    error: Mapped[str] = mapped_column(String(300), default="")
    tries: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now)

    invoice: Mapped[Invoice] = relationship(lazy="raise_on_sql")


FROZEN = ("invoice", "invoice_line", "invoice_tax", "ledger_entry")
"""The tables whose rows are written once."""

SQLITE_FREEZING = [
    f"CREATE TRIGGER frozen_{table}_{act.lower()} BEFORE {act} ON {table} "
    f"BEGIN SELECT RAISE(ABORT, '{table} is frozen'); END"
    for table in FROZEN
    for act in ("UPDATE", "DELETE")
]
POSTGRESQL_FREEZING = [
    "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is frozen'; END $$",
    *(
        f"CREATE TRIGGER frozen_{table} BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        for table in FROZEN
    ),
]


def freeze(table: Table, connection: Any, **options: Any) -> None:
    """Forbid the change of rows of a frozen table that create_all has just made (migrations do the same)."""
    mine = SQLITE_FREEZING if connection.dialect.name == "sqlite" else POSTGRESQL_FREEZING
    for statement in mine:
        if f" ON {table.name} " in statement or "FUNCTION refuse_change() RETURNS" in statement:
            connection.exec_driver_sql(statement)


for name in FROZEN:
    event.listen(Base.metadata.tables[name], "after_create", freeze)
