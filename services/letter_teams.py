"""What a mail says of an order for several people: who orders, and where each of them stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from models.base import db
from models.orders import Order, OrderLine
from models.registrations import LIVE, Registration, Status
from services.dates import say_day
from services.money import say_money
from services.order_totals import Totals, totals_of
from services.orders import balance
from services.vat import mention


@dataclass(frozen=True)
class TeamFacts:
    """An order for several. `lines` are “Nadia Haddad: place held”; `due` is '' when nothing is to be paid."""

    buyer: str
    organisation: str
    lines: tuple[str, ...]
    places: int  # that are held or confirmed
    unnamed: int
    amount: str
    vat: str  # of the amount, when nothing of it is paid yet
    due: str
    purchase_order: str


def team_facts(registration: Registration, locale: str) -> TeamFacts:
    """The whole order of a registration as it is when the mail leaves."""
    order = db.session.execute(
        select(Order)
        .where(Order.id == registration.order_id)
        .options(
            joinedload(Order.buyer), joinedload(Order.payer_organisation), selectinload(Order.ledger),
            selectinload(Order.lines).joinedload(OrderLine.registration), selectinload(Order.registrations),
        )
        .execution_options(populate_existing=True)
    ).scalar_one()  # fmt: skip
    live = [row for row in order.registrations if row.is_live]
    money = balance(order)
    holds: list[datetime] = [row.hold_until for row in live if row.hold_until]
    due = min(holds, default=order.due_at)
    return TeamFacts(
        buyer=order.buyer.name,
        organisation=order.payer_organisation.name if order.payer_organisation else "",
        lines=tuple(f"{name_words(row)}: {standing_words(Status(row.status))}" for row in live),
        places=sum(row.holds_place for row in live),
        unnamed=sum(row.is_unnamed for row in live),
        amount=say_money(money.to_pay_cents, locale) if money.to_pay_cents else "",
        vat=vat_words(totals_of(order.lines), locale) if money.to_pay_cents == money.owed_cents else "",
        due=say_day(due, locale) if money.to_pay_cents and due else "",
        purchase_order=order.purchase_order or "",
    )


def vat_words(totals: Totals, locale: str) -> str:
    """“€840.00 without VAT, VAT €176.40.”"""
    if not totals.vat_cents:
        return " ".join(filter(None, (mention(tax.category, locale) for tax in totals.taxes)))
    vat = say_money(totals.gross_cents - totals.net_cents, locale)
    return _("%(net)s without VAT, VAT %(vat)s.", net=say_money(totals.net_cents, locale), vat=vat)


def has_unnamed(order_id: int) -> bool:
    """Whether a place of the order still has no name."""
    query = select(Registration.id).where(Registration.order_id == order_id, Registration.person_id.is_(None))
    return db.session.scalar(query.where(Registration.status.in_(LIVE)).limit(1)) is not None


def for_name(context: dict[str, Any]) -> str:
    """For whom the mail to a buyer is; '' in every other mail."""
    if "for" not in context:
        return ""
    return str(context["for"]) or _("a colleague you name later")


def name_words(registration: Registration) -> str:
    return registration.name or _("to be named")


def standing_words(status: Status) -> str:
    """Where somebody stands, in two or three words."""
    return {
        Status.CONFIRMED: _("has a place"),
        Status.AWAITING_PAYMENT: _("place held until it is paid"),
        Status.PENDING_APPROVAL: _("the organiser decides"),
        Status.OFFERED: _("place offered"),
        Status.WAITLISTED: _("on the waiting list"),
    }[status]
