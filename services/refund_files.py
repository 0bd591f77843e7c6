"""Files for the bank: refunds by transfer, paid all at once. A refund stands in one file at most, so nobody pays it twice.

The bank's statement says when each was paid (services/bank_refunds.py), by the end-to-end id: the refund's public id.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

from flask import current_app
from flask_babel import force_locale, pgettext
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import joinedload

from integrations.bank.transfers_out import SEPA, Payer, TransferOut, credit_transfers
from integrations.references import compact_iban, formatted_iban
from models.base import db, now, random_id
from models.orders import Order
from models.payments import Refund, RefundFile, RefundState
from models.people import Person
from services.audit import record_locked
from services.places import FRESH
from services.providers import NEEDS_ACCOUNT
from services.transaction import require_writing, writing

MOST = 500  # transfers in one file: some banks take no more


class NothingToPay(Exception):
    """No refund waits for a file: there is none, or somebody has just made one."""


class FileWithdrawn(Exception):
    """The file was taken back, or is being paid: it cannot be taken back any more, or not be taken at all."""


class NotToBePaid(Exception):
    """A refund of the file is not to be paid any more: the file would pay it."""


@dataclass(frozen=True)
class Waiting:
    """What a file would hold now, in cents, and how many accounts a SEPA transfer cannot reach."""

    transfers: int
    cents: int
    unreachable: int


@dataclass(frozen=True)
class FilePage:
    """A file with its refunds, and who made and took it back ('' when nobody did)."""

    file: RefundFile
    refunds: list[Refund]
    made_by: str
    withdrawn_by: str

    @property
    def account(self) -> str:
        """The account that pays, as people read it."""
        return formatted_iban(self.file.account)

    @property
    def paid(self) -> int:
        """How many of its refunds the bank's statement, or finance, has shown as paid."""
        return sum(refund.state == RefundState.SUCCEEDED for refund in self.refunds)

    @property
    def may_be_withdrawn(self) -> bool:
        return self.file.withdrawn_at is None and not self.paid

    @property
    def stopped(self) -> list[Refund]:
        """Refunds that are not to be paid any more: the file may not leave with them."""
        return [refund for refund in self.refunds if refund.state == RefundState.FAILED]


def in_line() -> tuple[ColumnElement[bool], ...]:
    """Refunds that only wait for a transfer."""
    return (
        Refund.state == RefundState.PENDING,
        Refund.provider.in_(NEEDS_ACCOUNT),
        Refund.iban != "",
        Refund.file_id.is_(None),
    )


def is_reachable() -> ColumnElement[bool]:
    return func.substr(Refund.iban, 1, 2).in_(sorted(SEPA))


def waiting() -> Waiting:
    """What the next file would hold. One query."""
    far = func.count().filter(~is_reachable())
    query = select(func.count().filter(is_reachable()), func.sum(Refund.cents).filter(is_reachable()), far).where(
        *in_line()
    )
    transfers, cents, unreachable = db.session.execute(query).one()
    return Waiting(int(transfers), int(cents or 0), int(unreachable))


def make_file(*, actor: Person | None, at: datetime | None = None) -> str:
    """Write a file of every refund that waits for a transfer, the oldest 500 first; its public id. Raises NothingToPay.

    Two at once: one of them has the refunds, the other finds none left.
    """
    at = at or now()
    with writing() as session:
        query = (
            select(Refund)
            .where(*in_line(), is_reachable())
            .options(joinedload(Refund.order))
            .order_by(Refund.id)
            .limit(MOST)
            .with_for_update(of=Refund)
            .execution_options(**FRESH)
        )
        refunds = list(session.scalars(query))
        if not refunds:
            raise NothingToPay
        file = file_of(refunds, actor, at)
        session.add(file)
        session.flush()
        for refund in refunds:
            refund.file_id, refund.updated_at = file.id, at
        details = {"file": file.public_id, "transfers": file.transfers, "cents": file.cents}
        record_locked("refund_file.made", actor, details=details)
        return file.public_id


def file_of(refunds: list[Refund], actor: Person | None, at: datetime) -> RefundFile:
    cluster = current_app.extensions["cluster"]
    payer = Payer(
        cluster.bank.get("holder") or cluster.legal_name, compact_iban(cluster.bank["iban"]), cluster.bank.get("bic", ""),
        "".join(char for char in cluster.enterprise_number if char.isdigit()),
    )  # fmt: skip
    key, day = random_id(), working_day(at.astimezone(ZoneInfo(cluster.zone)).date())
    content = credit_transfers(key, payer, [transfer_of(refund) for refund in refunds], at, day)
    return RefundFile(
        public_id=key,
        account=payer.iban,
        executes_on=day,
        transfers=len(refunds),
        cents=sum(refund.cents for refund in refunds),
        content=content,
        sha256=sha256(content).hexdigest(),
        created_by_id=actor.id if actor else None,
        created_at=at,
    )


def working_day(day: date) -> date:
    """The day itself, or the Monday after a weekend. A bank carries out on the next of its days by itself."""
    return day + timedelta(days=max(7 - day.weekday(), 0) if day.weekday() > 4 else 0)


def transfer_of(refund: Refund) -> TransferOut:
    order = refund.order
    with force_locale(order.locale):
        words = pgettext("bank transfer", "Refund %(order)s", order=order.code)
    return TransferOut(refund.public_id, refund.cents, refund.holder or order.buyer_email, refund.iban, words)


def page_of(public_id: str) -> FilePage | None:
    """One file for its page, or None. Three queries."""
    file = db.session.scalar(select(RefundFile).where(RefundFile.public_id == public_id))
    if file is None:
        return None
    query = select(Refund).where(Refund.file_id == file.id).options(joinedload(Refund.order).joinedload(Order.buyer))
    people = {file.created_by_id, file.withdrawn_by_id} - {None}
    names = {person.id: person.name for person in db.session.scalars(select(Person).where(Person.id.in_(people)))}
    refunds = list(db.session.scalars(query.order_by(Refund.id)))
    return FilePage(file, refunds, names.get(file.created_by_id or 0, ""), names.get(file.withdrawn_by_id or 0, ""))


def latest_files(limit: int = 5) -> list[RefundFile]:
    return list(db.session.scalars(select(RefundFile).order_by(RefundFile.id.desc()).limit(limit)))


def content_of(public_id: str) -> bytes:
    """The bytes of a file, the same each time. Raises FileWithdrawn and NotToBePaid; NoResultFound for an unknown id."""
    query = select(RefundFile.id, RefundFile.content, RefundFile.withdrawn_at).where(RefundFile.public_id == public_id)
    file_id, content, withdrawn_at = db.session.execute(query).one()
    if withdrawn_at is not None:
        raise FileWithdrawn(public_id)
    stopped = select(func.count()).where(Refund.file_id == file_id, Refund.state == RefundState.FAILED)
    if db.session.scalar(stopped):
        raise NotToBePaid(public_id)
    return bytes(content)


def withdraw(public_id: str, *, actor: Person, at: datetime | None = None) -> None:
    """The bank never had this file: its refunds wait for another one. Raises FileWithdrawn once one of them is paid."""
    at = at or now()
    with writing() as session:
        query = select(RefundFile).where(RefundFile.public_id == public_id).with_for_update()
        file = session.execute(query.execution_options(**FRESH)).scalar_one()
        refunds = refunds_locked(file.id)
        if file.withdrawn_at is not None or any(refund.state == RefundState.SUCCEEDED for refund in refunds):
            raise FileWithdrawn(public_id)
        for refund in refunds:
            refund.file_id = None
        file.withdrawn_at, file.withdrawn_by_id = at, actor.id
        record_locked("refund_file.withdrawn", actor, details={"file": file.public_id, "transfers": len(refunds)})


def refunds_locked(file_id: int) -> list[Refund]:
    query = select(Refund).where(Refund.file_id == file_id).order_by(Refund.id).with_for_update()
    return list(require_writing().scalars(query.execution_options(**FRESH)))
