"""Bank statements as the bank's file tells them, and what each line was matched with."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, now, random_id
from models.orders import LedgerEntry, Order


class BankStatement(Base):
    """One statement of one account, imported once: `opening + Σ lines = closing`."""

    __tablename__ = "bank_statement"
    __table_args__ = (UniqueConstraint("account", "reference"),)

    public_id: Mapped[str] = mapped_column(String(26), unique=True, default=random_id)
    account: Mapped[str] = mapped_column(String(34))  # IBAN
    reference: Mapped[str] = mapped_column(String(80))  # the bank's own, such as 2026/117
    format: Mapped[str] = mapped_column(String(20))  # camt.053.001.02, camt.053.001.08, coda
    file_name: Mapped[str] = mapped_column(String(200), default="")
    file_sha256: Mapped[str] = mapped_column(String(64))
    currency: Mapped[str] = mapped_column(String(3), default="EUR")
    begins_on: Mapped[date | None]
    ends_on: Mapped[date]
    opening_cents: Mapped[int]
    closing_cents: Mapped[int]
    imported_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    imported_at: Mapped[datetime] = mapped_column(default=now)


class LineState(StrEnum):
    NEW = "new"  # nothing fits: a human looks
    PROPOSED = "proposed"  # something may fit: a human says yes
    MATCHED = "matched"  # its money is in the ledger
    IGNORED = "ignored"  # not ours: money out, interest, costs


class BankLine(Base):
    """One movement of the account. `key` makes a second import of the same movement nothing."""

    __tablename__ = "bank_line"
    __table_args__ = (Index("ix_bank_line_state", "state", "booked_on"),)

    public_id: Mapped[str] = mapped_column(String(26), unique=True, default=random_id)
    statement_id: Mapped[int] = mapped_column(ForeignKey("bank_statement.id"), index=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    position: Mapped[int]
    booked_on: Mapped[date]
    cents: Mapped[int]  # money in positive, money out negative
    bank_reference: Mapped[str] = mapped_column(String(80), default="")
    structured: Mapped[str] = mapped_column(String(40), default="")  # the structured reference, digits only
    free_text: Mapped[str] = mapped_column(Text, default="")
    counterparty: Mapped[str] = mapped_column(String(200), default="")
    counterparty_iban: Mapped[str] = mapped_column(String(34), default="")
    state: Mapped[LineState] = mapped_column(String(10), default=LineState.NEW)
    note: Mapped[str] = mapped_column(String(300), default="")  # why it stands where it stands
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))  # None: matched by its reference
    decided_at: Mapped[datetime | None]

    statement: Mapped[BankStatement] = relationship(lazy="raise_on_sql")
    matches: Mapped[list[BankMatch]] = relationship(lazy="raise_on_sql", order_by="BankMatch.id", back_populates="line")


class BankMatch(Base):
    """A part of a bank line for one order: proposed, or booked once it has its ledger entry."""

    __tablename__ = "bank_match"
    __table_args__ = (
        UniqueConstraint("line_id", "order_id"),
        CheckConstraint("cents <> 0", name="not_zero"),
    )

    line_id: Mapped[int] = mapped_column(ForeignKey("bank_line.id"), index=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"), index=True)
    cents: Mapped[int]
    rule: Mapped[str] = mapped_column(String(20))  # reference, invoice, proposal, hand
    ledger_entry_id: Mapped[int | None] = mapped_column(ForeignKey("ledger_entry.id"), unique=True)

    line: Mapped[BankLine] = relationship(lazy="raise_on_sql", back_populates="matches")
    order: Mapped[Order] = relationship(lazy="raise_on_sql")
    ledger_entry: Mapped[LedgerEntry | None] = relationship(lazy="raise_on_sql")
