"""The one price function, used by catalogue, registration and order: an amount, and the sentence that explains it.

Pure: it depends on the ticket, the reader and the instant only, never on the order of rows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from flask_babel import gettext as _

from models.events import Audience, Ticket, VatTreatment
from services.readers import Reader

VAT_RATES: dict[str, int] = {
    VatTreatment.STANDARD: 21,
    VatTreatment.EXEMPT_TRAINING: 0,
    VatTreatment.OUT_OF_SCOPE: 0,
}


class Reason(StrEnum):
    """Why a reader pays this price."""

    SAME_FOR_ALL = "same_for_all"
    WITHOUT_MEMBERSHIP = "without_membership"
    MEMBER = "member"
    STAFF = "staff"


@dataclass(frozen=True)
class Price:
    """What one place costs one reader, in cents. Net is the truth; VAT is rounded half up on the line."""

    ticket: Ticket
    net_cents: int
    vat_rate: int
    vat_cents: int
    reason: Reason
    organisation: str = ""

    @property
    def gross_cents(self) -> int:
        return self.net_cents + self.vat_cents

    @property
    def is_free(self) -> bool:
        return self.net_cents == 0


@dataclass(frozen=True)
class Offer:
    """What an event offers one reader: the price to pay, what other readers pay, or why there is nothing to buy."""

    price: Price | None
    others: list[Price] = field(default_factory=list)
    refusal: str | None = None  # members_only, not_on_sale


def vat_on(net_cents: int, rate: int) -> int:
    """VAT in cents on a net amount in cents (≥ 0), rounded half up (EN 16931 BR-CO-17)."""
    return (net_cents * rate + 50) // 100


def may_buy(ticket: Ticket, reader: Reader) -> bool:
    """Whether the ticket's audience includes the reader. A student says so to the organiser, who adds them."""
    match ticket.audience:
        case Audience.EVERYONE:
            return True
        case Audience.MEMBERS:
            return reader.is_member
        case Audience.STAFF:
            return reader.is_staff
        case _:
            return False


def price_of(ticket: Ticket, reader: Reader, *, members_pay_less: bool = False) -> Price:
    """What `ticket` costs `reader`, with the reason."""
    rate = VAT_RATES[ticket.vat]
    match ticket.audience:
        case Audience.MEMBERS:
            reason = Reason.MEMBER
        case Audience.STAFF:
            reason = Reason.STAFF
        case _:
            reason = Reason.WITHOUT_MEMBERSHIP if members_pay_less else Reason.SAME_FOR_ALL
    organisation = reader.organisation_name if reason is Reason.MEMBER else ""
    return Price(ticket, ticket.net_cents, rate, vat_on(ticket.net_cents, rate), reason, organisation)


def members_pay_less(tickets: Iterable[Ticket], at: datetime) -> bool:
    """Whether, among the tickets on sale, members pay less than everybody else."""
    on_sale = [t for t in tickets if t.is_on_sale(at)]
    everyone = [t.net_cents for t in on_sale if t.audience == Audience.EVERYONE]
    members = [t.net_cents for t in on_sale if t.audience == Audience.MEMBERS]
    return bool(everyone and members and min(members) < min(everyone))


def offer(tickets: Iterable[Ticket], reader: Reader, at: datetime, *, quota_id: int | None = None) -> Offer:
    """The best price of `reader` among the tickets on sale (of one quota when given), and the others' prices."""
    on_sale = [t for t in tickets if t.is_on_sale(at) and (quota_id is None or t.quota_id == quota_id)]
    on_sale.sort(key=lambda t: (t.net_cents, t.position, t.id))
    public = [t for t in on_sale if t.audience in (Audience.EVERYONE, Audience.MEMBERS)]
    less = members_pay_less(on_sale, at)
    mine = next((t for t in on_sale if may_buy(t, reader)), None)
    others: dict[str, Price] = {}
    for ticket in public:
        if mine is None or ticket.audience != mine.audience:
            others.setdefault(ticket.audience, price_of(ticket, reader, members_pay_less=less))
    if mine is None:
        return Offer(None, list(others.values()), "members_only" if public else "not_on_sale")
    return Offer(price_of(mine, reader, members_pay_less=less), list(others.values()))


def why(price: Price, day: str) -> str:
    """The sentence that explains a price on an order, in the present language. `day` is the day in words."""
    if price.reason is Reason.MEMBER and price.is_free:
        return _("Free, because %(organisation)s was a member on %(day)s.", organisation=price.organisation, day=day)
    if price.reason is Reason.MEMBER:
        return _(
            "Member price, because %(organisation)s was a member on %(day)s.", organisation=price.organisation, day=day
        )
    if price.reason is Reason.STAFF:
        return _("Price for people who work at the cluster.")
    if price.is_free:
        return _("Free for everybody.")
    if price.reason is Reason.WITHOUT_MEMBERSHIP:
        return _("Price without membership.")
    return _("The same price for everybody.")
