"""Reading an attendee list: one query of columns, a block of rows at a time, on a connection of its own.

No list holds more than a block, beyond what sorting a usual list by name takes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from operator import itemgetter
from typing import Any

from flask_babel import force_locale, gettext as _
from sqlalchemy import ColumnElement, Connection, Engine, Select, and_, func, select, true

from integrations.sheets import Column, Kind
from models.base import db
from models.certificates import Certificate, CertificateStatus
from models.events import Modality, Quota, Slot, Ticket
from models.orders import Order, OrderLine
from models.organisations import Organisation
from models.people import Person
from models.registrations import Registration
from models.search import folded
from services.answer_columns import Wording, wordings
from services.attendee_columns import ANSWERS, COLUMNS, ON_SITE, SLOTS, Cell, Matter, Purpose, Scope, cells, within

BLOCK = 500
SORTED = 5_000  # a longer list stays in the order of status and registration: sorting would hold all of it

Row = tuple[Any, ...]
Rows = Generator[Row, None, None]


@dataclass
class Table:
    """A list being read: its columns, its rows (once), and how many have been read."""

    keys: list[str]
    header: list[Column]
    rows: Rows
    read: int = 0

    def counted(self) -> Iterator[Row]:
        for row in self.rows:
            self.read += 1
            yield row


def read_table(purpose: Purpose, matter: Matter, keys: tuple[str, ...] = ()) -> Table:
    """The list of a purpose (only its columns `keys`, when given). The rows are read when they are asked for, outside
    of any request too, and the connection is given back when they end or are closed. `matter` needs the slots if the columns name them."""
    if purpose is Purpose.CATERING:
        return read_needs(matter)
    found = cells(keys or COLUMNS[purpose], matter)
    names = [cell.key for cell in found]
    return Table(names, [cell.column for cell in found], rows_of(db.engine, found, names, matter, purpose))


def live_slots(event_id: int, purpose: Purpose) -> list[Slot]:
    """The slots that the columns of this purpose name; none when it names none."""
    if SLOTS not in COLUMNS[purpose]:
        return []
    query = select(Slot).where(Slot.event_id == event_id, Slot.cancelled_at.is_(None))
    return list(db.session.scalars(query.order_by(Slot.starts_at, Slot.id)))


def asked_wordings(event_id: int, purpose: Purpose) -> list[Wording]:
    """The questions that the columns of this purpose name; none when it names none."""
    return wordings(event_id) if ANSWERS in COLUMNS[purpose] else []


def block_by_block(engine: Engine) -> Connection:
    """A read-only connection of its own, with a cursor at the server: a stream outlives the request that began it."""
    return engine.connect().execution_options(yield_per=BLOCK)


def rows_of(engine: Engine, found: list[Cell], names: list[str], matter: Matter, purpose: Purpose) -> Rows:
    with block_by_block(engine) as connection:
        makers = list(makers_of(found))
        read = connection.execute(of_columns(found, matter, purpose))
        yield from in_order((tuple([make(row) for make in makers]) for row in read), names)


def of_columns(found: list[Cell], matter: Matter, purpose: Purpose) -> Select[Any]:
    """One row per registration, in the order of the index (event, status, id): nothing is sorted, so nothing is held."""
    issued = and_(Certificate.registration_id == Registration.id, Certificate.status == CertificateStatus.ISSUED)
    return (
        select(*(value for cell in found for value in cell.sql))
        .select_from(Registration)
        .join(Ticket, Ticket.id == Registration.ticket_id)
        .join(Quota, Quota.id == Registration.quota_id)
        .join(OrderLine, OrderLine.registration_id == Registration.id)
        .join(Order, Order.id == Registration.order_id)
        .join(Person, Person.id == Order.buyer_id)
        .outerjoin(Organisation, Organisation.id == Order.payer_organisation_id)
        .outerjoin(Certificate, issued)
        .where(concerned(matter, purpose))
        .order_by(Registration.status, Registration.id)
    )


def concerned(matter: Matter, purpose: Purpose) -> ColumnElement[bool]:
    """Whose registrations a list names: of the event, in the scope, on site where only that matters."""
    place = Quota.modality == Modality.ONSITE if purpose in ON_SITE else true()
    return and_(Registration.event_id == matter.event.id, within(matter.scope), place)


def makers_of(found: list[Cell]) -> Iterator[Callable[[Any], Any]]:
    """For each column, what makes its cell of a row that was read."""
    at = 0
    for cell in found:
        first, at = at, at + len(cell.sql)
        yield maker_of(cell, first, at)


def maker_of(cell: Cell, first: int, after: int) -> Callable[[Any], Any]:
    say = cell.say
    if say is None:
        return itemgetter(first)
    if after == first + 1:
        return lambda row: say(row[first])
    return lambda row: say(*row[first:after])


def in_order(rows: Iterator[Row], names: list[str]) -> Iterator[Row]:
    """By last and first name, or by the day of the order; as they come when there are more than SORTED."""
    head = list(islice(rows, SORTED + 1))
    if len(head) <= SORTED and "family_name" in names:
        family, given = names.index("family_name"), names.index("given_name")
        head.sort(key=lambda row: (by_letters(row[family]), by_letters(row[given])))
    elif len(head) <= SORTED and "ordered_on" in names:
        head.sort(key=itemgetter(names.index("ordered_on"), names.index("order_code")))
    return chain(head, rows)


STROKED = str.maketrans("đøłħŧæœ", "dolhtao")  # letters that no decomposition takes apart


def by_letters(name: str) -> str:
    """A name as an alphabet of plain letters orders it: Đặng among the D."""
    return folded(name).translate(STROKED)


def read_needs(matter: Matter) -> Table:
    """What the kitchen and the door must know, without a name: each need of those expected on site, and for how many."""
    with force_locale(matter.locale):
        header = [Column(_("Need"), Kind.TEXT, 60), Column(_("People"), Kind.NUMBER)]
        nothing, everybody = _("Nothing special"), _("In all")
    return Table(list(COLUMNS[Purpose.CATERING]), header, need_rows(db.engine, matter, nothing, everybody))


def need_rows(engine: Engine, matter: Matter, nothing: str, everybody: str) -> Rows:
    """Needs that differ only in case and spaces are one; the spelling met first stands."""
    expected = Matter(matter.event, scope=Scope.EXPECTED)
    query = (
        select(Registration.needs, func.count())
        .join(Quota, Quota.id == Registration.quota_id)
        .where(concerned(expected, Purpose.CATERING))
        .group_by(Registration.needs)
        .order_by(Registration.needs)
    )
    spellings: dict[str, str] = {}
    counts: Counter[str] = Counter()
    with block_by_block(engine) as connection:
        for needs, people in connection.execute(query):
            words = " ".join(needs.split())
            counts[spellings.setdefault(words.casefold(), words)] += people
    without = counts.pop("", 0)
    yield nothing, without
    yield from sorted(counts.items(), key=lambda item: (-item[1], folded(item[0])))
    yield everybody, without + counts.total()
