"""What an attendee list holds: the purpose fixes the columns, and no list holds more than its purpose needs.

A column knows its title, its kind, the SQL it reads and how the value is said. Money is in cents, instants are shown
by the event's clock. Only column selects: an export loads no entity.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import Any

from flask import current_app
from flask_babel import force_locale, gettext as _
from sqlalchemy import ColumnElement, Text, and_, case, cast, func, or_, select, true
from sqlalchemy.orm import aliased

from integrations.sheets import Column, Kind
from models.attendance import AttendanceMark
from models.base import in_language
from models.certificates import Certificate
from models.events import Event, Slot, Ticket
from models.orders import LedgerEntry, Order, OrderLine, payment_status
from models.organisations import Organisation
from models.people import Person
from models.registrations import HOLDING, LIVE, Registration, Status
from services.answer_columns import Wording
from services.attendee_words import outcome_words, payment_words, presence_words, status_words
from services.dates import say_clock, say_short_day


class Purpose(StrEnum):
    SIGN_IN = "sign_in"
    BADGES = "badges"
    CATERING = "catering"
    FULL = "full"
    ACCOUNTING = "accounting"


class Scope(StrEnum):
    """Whose registrations. `expected`: those who stand on the attendance list; `live`: also who waits for a place,
    money or approval; `all`: also who left."""

    EXPECTED = "expected"
    LIVE = "live"
    ALL = "all"


SLOTS = "slots"  # one column for each slot
ANSWERS = "answers"  # one column for each question

COLUMNS: dict[Purpose, tuple[str, ...]] = {
    Purpose.SIGN_IN: ("family_name", "given_name", "organisation", SLOTS),
    Purpose.BADGES: ("family_name", "given_name", "organisation", "ticket"),
    Purpose.CATERING: ("need", "people"),
    Purpose.FULL: (
        "family_name", "given_name", "email", "phone", "organisation", "member", "ticket", "studies", "price", "status",
        "registered_at", "needs", "visible_to_guests", "order_code", "payment", SLOTS, "outcome", "certificate", ANSWERS,
    ),
    Purpose.ACCOUNTING: (
        "order_code", "reference", "purchase_order", "payer", "organisation", "status", "net", "vat_rate", "vat",
        "gross", "received", "refunded", "payment", "ordered_on", "due_on", "paid_on",
    ),
}  # fmt: skip
"""What each purpose may hold, and nothing else."""

PAPER: dict[Purpose, tuple[str, ...]] = {
    Purpose.SIGN_IN: ("family_name", "given_name", "organisation"),
    Purpose.BADGES: ("family_name", "given_name", "organisation", "code"),
}
"""What is printed. `code` is the registration's public id, in the badge's QR code."""

ON_SITE = frozenset({Purpose.CATERING, Purpose.BADGES})
"""Purposes that concern only people with a place in the room."""


@dataclass(frozen=True)
class Cell:
    """One column: its key, how a sheet shows it, what it reads, and how what was read becomes its cell (None: as it is)."""

    key: str
    column: Column
    sql: tuple[Any, ...]
    say: Callable[..., Any] | None = None


@dataclass(frozen=True)
class Matter:
    """What the columns are about: an event, its slots in order, the language of the words, whose registrations, and the
    questions they answered."""

    event: Event
    slots: Sequence[Slot] = field(default=())
    locale: str = "en"
    scope: Scope = Scope.EXPECTED
    wordings: Sequence[Wording] = field(default=())


def within(scope: Scope, row: type[Registration] = Registration) -> ColumnElement[bool]:
    """The registrations of a scope; `expected` is the rule of services/attendance.attends for any alias."""
    if scope is Scope.EXPECTED:
        return or_(row.status == Status.CONFIRMED, and_(row.status == Status.AWAITING_PAYMENT, row.source == "walk_in"))
    return row.status.in_(LIVE) if scope is Scope.LIVE else true()


def cells(keys: Sequence[str], matter: Matter) -> list[Cell]:
    """The columns with these keys, in the matter's language."""
    with force_locale(matter.locale):
        found: list[Cell] = []
        for key in keys:
            found += GROUPS[key](matter) if key in GROUPS else [MAKERS[key](key, matter)]
        return found


Maker = Callable[[str, Matter], Cell]


def plain(title: Callable[[], str], sql: Any, kind: Kind = Kind.TEXT, width: int | None = None) -> Maker:
    """A column that shows what it reads."""
    return lambda key, matter: Cell(key, Column(title(), kind, width, matter.event.tz), (sql,))


def named(title: Callable[[], str], sql: Any, words: Callable[[], Mapping[Any, str]], width: int) -> Maker:
    """A column of words for the values of an axis."""
    return lambda key, matter: Cell(key, Column(title(), Kind.TEXT, width), (sql,), words().get)


def yes_or_no(title: Callable[[], str], sql: Any) -> Maker:
    """A column of words, since what a program shows for a true value is not the reader's language."""
    return named(title, sql, lambda: {True: _("yes"), False: _("no")}, 12)


def slot_cells(matter: Matter) -> list[Cell]:
    """How each slot went for a registration: the latest mark by device time, then by client id (models/attendance)."""
    words = presence_words()
    found = []
    for number, slot in enumerate(matter.slots, start=1):
        day = say_short_day(slot.starts_at, matter.locale, matter.event.zone)
        title = f"{day}, {say_clock(slot.starts_at, matter.locale, matter.event.zone)}"
        presence = (
            select(AttendanceMark.presence)
            .where(AttendanceMark.registration_id == Registration.id, AttendanceMark.slot_id == slot.id)
            .order_by(AttendanceMark.marked_at.desc(), AttendanceMark.client_id.desc())
            .limit(1)
            .correlate(Registration)
            .scalar_subquery()
        )
        found.append(Cell(f"slot_{number}", Column(title, Kind.TEXT, 16), (presence,), words.get))
    return found


def answer_cells(matter: Matter) -> list[Cell]:
    """What each registration answered."""
    zone = matter.event.zone
    return [
        Cell(
            f"answer_{number}", Column(wording.title(matter.locale), wording.kind, 24), wording.sql(),
            wording.say(matter.locale, zone),
        )
        for number, wording in enumerate(matter.wordings, start=1)
    ]  # fmt: skip


GROUPS: dict[str, Callable[[Matter], list[Cell]]] = {SLOTS: slot_cells, ANSWERS: answer_cells}


def ticket_cell(key: str, matter: Matter) -> Cell:
    """The ticket's name; read as text, so that each name is parsed once."""
    name = cache(lambda names: in_language(json.loads(names), matter.locale))
    return Cell(key, Column(_("Ticket"), Kind.TEXT, 20), (cast(Ticket.names, Text),), name)


def payment_cell(key: str, matter: Matter) -> Cell:
    words = payment_words()

    def say(owed: int, came: int, returned: int, contested: int) -> str:
        return words[payment_status(owed, came, returned, contested)]

    amounts = (owed_cents(), received_cents(), refunded_cents(), contested_cents())
    return Cell(key, Column(_("Payment"), Kind.TEXT, 16), amounts, say)


def certificate_cell(key: str, matter: Matter) -> Cell:
    prefix = current_app.extensions["cluster"].certificate_prefix

    def say(year: int | None, serial: int | None) -> str | None:
        return f"{prefix}-{year}-{serial:05d}" if year else None

    return Cell(key, Column(_("Certificate"), Kind.TEXT, 16), (Certificate.year, Certificate.serial), say)


def payer_cell(key: str, matter: Matter) -> Cell:
    """The organisation that pays, the name of the bill, or the buyer."""

    def say(organisation: str | None, bill: str | None, given: str, family: str) -> str:
        return organisation or bill or f"{given} {family}".strip()

    billed = Order.billing["name"].as_string()
    return Cell(
        key, Column(_("Payer"), Kind.TEXT, 28), (Organisation.legal_name, billed, Person.given_name, Person.family_name), say
    )  # fmt: skip


def once_per_order(sql: Callable[[], ColumnElement[int]], title: Callable[[], str]) -> Maker:
    """Money of an order, on the first of its lines in the list only: the column adds up."""

    def make(key: str, matter: Matter) -> Cell:
        other = aliased(Registration)
        first = (
            select(func.min(other.id))
            .where(other.order_id == Registration.order_id, other.event_id == Registration.event_id)
            .where(within(matter.scope, other))
            .correlate(Registration)
            .scalar_subquery()
        )
        cents = case((first == Registration.id, sql()), else_=0)
        return Cell(key, Column(title(), Kind.MONEY, 14), (cents,))

    return make


def owed_cents() -> ColumnElement[int]:
    """What the whole order of a registration owes now (models/orders: OrderLine.is_owed)."""
    line, row = aliased(OrderLine), aliased(Registration)
    return (
        select(func.coalesce(func.sum(line.gross_cents), 0))
        .join(row, row.id == line.registration_id)
        .where(line.order_id == Registration.order_id, row.status.in_(HOLDING - {Status.OFFERED}))
        .correlate(Registration)
        .scalar_subquery()
    )


def ledger(value: ColumnElement[Any], *only: ColumnElement[bool]) -> ColumnElement[Any]:
    """Something of the ledger of a registration's order."""
    here = LedgerEntry.order_id == Registration.order_id
    return select(value).where(here, *only).correlate(Registration).scalar_subquery()


def received_cents() -> ColumnElement[int]:
    return ledger(func.coalesce(func.sum(LedgerEntry.cents), 0), LedgerEntry.cents > 0)


def refunded_cents() -> ColumnElement[int]:
    return ledger(func.coalesce(-func.sum(LedgerEntry.cents), 0), LedgerEntry.cents < 0)


def contested_cents() -> ColumnElement[int]:
    return ledger(func.coalesce(-func.sum(LedgerEntry.cents), 0), LedgerEntry.contested.is_(True))


MAKERS: dict[str, Maker] = {
    "family_name": plain(lambda: _("Last name"), Registration.family_name),
    "given_name": plain(lambda: _("First name"), Registration.given_name, width=18),
    "email": plain(lambda: _("E-mail"), Registration.email, width=32),
    "phone": plain(lambda: _("Phone"), Registration.phone, width=18),
    "organisation": plain(lambda: _("Organisation"), Registration.organisation_name, width=28),
    "member": yes_or_no(lambda: _("Member"), Registration.is_member),
    "ticket": ticket_cell,
    "studies": plain(lambda: _("Studies"), Registration.studies, width=28),
    "price": plain(lambda: _("Price without VAT"), OrderLine.net_cents, Kind.MONEY),
    "status": named(lambda: _("Status"), Registration.status, status_words, 18),
    "registered_at": plain(lambda: _("Registered"), Registration.created_at, Kind.DATETIME),
    "needs": plain(lambda: _("Needs"), Registration.needs, width=36),
    "visible_to_guests": yes_or_no(lambda: _("Visible to guests"), Registration.visible_to_guests),
    "order_code": plain(lambda: _("Order"), Order.code, width=15),
    "payment": payment_cell,
    "outcome": named(lambda: _("Outcome"), Registration.outcome, outcome_words, 16),
    "certificate": certificate_cell,
    "code": plain(lambda: _("Code"), Registration.public_id),
    "reference": plain(lambda: _("Reference"), Order.reference, width=23),
    "purchase_order": plain(lambda: _("Purchase order"), Order.purchase_order, width=18),
    "payer": payer_cell,
    "net": plain(lambda: _("Net"), OrderLine.net_cents, Kind.MONEY),
    "vat_rate": plain(lambda: _("VAT rate"), OrderLine.vat_rate, Kind.NUMBER),
    "vat": plain(lambda: _("VAT"), OrderLine.vat_cents, Kind.MONEY),
    "gross": plain(lambda: _("Gross"), OrderLine.gross_cents, Kind.MONEY),
    "received": once_per_order(received_cents, lambda: _("Received")),
    "refunded": once_per_order(refunded_cents, lambda: _("Paid back")),
    "ordered_on": plain(lambda: _("Ordered on"), Order.created_at, Kind.DATE),
    "due_on": plain(lambda: _("Due on"), Order.due_at, Kind.DATE),
    "paid_on": plain(lambda: _("Paid on"), ledger(func.max(LedgerEntry.booked_at), LedgerEntry.cents > 0), Kind.DATE),
}  # fmt: skip
