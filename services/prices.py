"""The one price function, used by catalogue, registration and order: an amount, and the sentence that explains it.

Pure: it depends on the tickets, the reader, the voucher and the instant only, never on the order of rows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from flask_babel import get_locale, gettext as _

from models.base import in_language
from models.events import Audience, Ticket, VatTreatment
from models.vouchers import Voucher
from services.customers import Customer, treatment
from services.dates import say_deadline
from services.money import say_money
from services.readers import Reader

VAT_RATES: dict[str, int] = {
    VatTreatment.STANDARD: 21,
    VatTreatment.EXEMPT_TRAINING: 0,
    VatTreatment.OUT_OF_SCOPE: 0,
    VatTreatment.REVERSE_CHARGE: 0,
}


class Reason(StrEnum):
    """Why a reader pays this price, before any voucher."""

    SAME_FOR_ALL = "same_for_all"
    WITHOUT_MEMBERSHIP = "without_membership"
    MEMBER = "member"
    STUDENT = "student"
    STAFF = "staff"


@dataclass(frozen=True)
class Price:
    """What one place costs one reader, in cents. Net is the truth; VAT is rounded half up on the line."""

    ticket: Ticket
    net_cents: int
    vat: VatTreatment  # for whoever pays
    vat_cents: int
    reason: Reason
    organisation: str = ""
    until: datetime | None = None  # an early price: from then on it is `later_cents`
    later_cents: int = 0  # net
    voucher: Voucher | None = None  # the one that was applied
    before_cents: int = 0  # net, as it would be without the voucher
    customer: Customer = Customer.PERSON  # who pays

    @property
    def vat_rate(self) -> int:
        """In percent."""
        return VAT_RATES[self.vat]

    @property
    def gross_cents(self) -> int:
        return self.net_cents + self.vat_cents

    @property
    def first_cents(self) -> int:
        """The figure that is read first."""
        return self.said(self.net_cents)

    def said(self, net_cents: int) -> int:
        """An amount before VAT as this reader reads amounts: without VAT for a company, with it for everybody else."""
        return net_cents if self.customer.is_business else net_cents + vat_on(net_cents, self.vat_rate)

    @property
    def is_free(self) -> bool:
        return self.net_cents == 0


@dataclass(frozen=True)
class Offer:
    """What an event offers one reader: the price to pay, what other readers pay, or why there is nothing to buy."""

    price: Price | None
    others: list[Price] = field(default_factory=list)
    refusal: str | None = None  # members_only, students_only, not_on_sale
    opens: datetime | None = None  # when something that the reader may buy goes on sale, while nothing is


def vat_on(net_cents: int, rate: int) -> int:
    """VAT in cents on a net amount in cents (≥ 0), rounded half up (EN 16931 BR-CO-17)."""
    return (net_cents * rate + 50) // 100


def may_buy(ticket: Ticket, reader: Reader) -> bool:
    """Whether the ticket's audience includes the reader. Who says to be a student may buy theirs: see services.students."""
    match ticket.audience:
        case Audience.EVERYONE:
            return True
        case Audience.MEMBERS:
            return reader.is_member
        case Audience.STAFF:
            return reader.is_staff
        case _:
            return reader.is_student


def price_of(ticket: Ticket, reader: Reader, *, members_pay_less: bool = False) -> Price:
    """What `ticket` costs `reader`, with the reason."""
    vat = vat_of(ticket, reader.customer)
    match ticket.audience:
        case Audience.MEMBERS:
            reason = Reason.MEMBER
        case Audience.STUDENTS:
            reason = Reason.STUDENT
        case Audience.STAFF:
            reason = Reason.STAFF
        case _:
            reason = Reason.WITHOUT_MEMBERSHIP if members_pay_less else Reason.SAME_FOR_ALL
    organisation = reader.organisation_name if reason is Reason.MEMBER else ""
    vat_cents = vat_on(ticket.net_cents, VAT_RATES[vat])
    return Price(ticket, ticket.net_cents, vat, vat_cents, reason, organisation, customer=reader.customer)


def vat_of(ticket: Ticket, customer: Customer) -> VatTreatment:
    """How VAT applies to the ticket for this customer. Only a business abroad asks where the place is."""
    if customer in (Customer.PERSON, Customer.HOME):
        return VatTreatment(ticket.vat)
    return treatment(ticket.vat, ticket.modality, customer)


def paid_by(price: Price, customer: Customer) -> Price:
    """The price when somebody else pays: net is the truth, VAT follows whoever pays."""
    vat = vat_of(price.ticket, customer)
    return replace(price, vat=vat, vat_cents=vat_on(price.net_cents, VAT_RATES[vat]), customer=customer)


def with_voucher(price: Price, voucher: Voucher | None) -> Price:
    """The price once a voucher is applied: never negative, never higher. Whether the voucher may be used is asked elsewhere."""
    if voucher is None:
        return price
    net = voucher.applied_to(price.net_cents)
    vat = vat_on(net, price.vat_rate)
    return replace(price, net_cents=net, vat_cents=vat, voucher=voucher, before_cents=price.net_cents)


def early(price: Price, tickets: Iterable[Ticket], reader: Reader) -> Price:
    """The price with the day until which it holds, when what the reader may buy from that instant on is dearer."""
    closes = price.ticket.sale_closes_at
    if closes is None:
        return price
    later = [t.net_cents for t in tickets if t.is_on_sale(closes) and may_buy(t, reader)]
    if not later or min(later) <= price.net_cents:
        return price
    return replace(price, until=closes, later_cents=min(later))


def members_pay_less(tickets: Iterable[Ticket], at: datetime) -> bool:
    """Whether, among the tickets on sale, members pay less than everybody else."""
    on_sale = [t for t in tickets if t.is_on_sale(at)]
    everyone = [t.net_cents for t in on_sale if t.audience == Audience.EVERYONE]
    members = [t.net_cents for t in on_sale if t.audience == Audience.MEMBERS]
    return bool(everyone and members and min(members) < min(everyone))


def offer(
    tickets: Iterable[Ticket],
    reader: Reader,
    at: datetime,
    *,
    quota_id: int | None = None,
    voucher: Voucher | None = None,
    sold_out: Collection[int] = (),
) -> Offer:
    """The best price of `reader` among the tickets on sale (of one quota when given), and the others' prices.

    `sold_out` holds the ids of tickets whose own limit is reached: the next one is offered before they are.
    """
    tickets = [t for t in tickets if quota_id is None or t.quota_id == quota_id]
    on_sale = [t for t in tickets if t.is_on_sale(at)]
    on_sale.sort(key=lambda t: (t.id in sold_out, t.net_cents, t.position, t.id))
    public = [t for t in on_sale if t.audience != Audience.STAFF]
    less = members_pay_less(on_sale, at)
    mine = next((t for t in on_sale if may_buy(t, reader)), None)
    others: dict[str, Price] = {}
    for ticket in public:
        if mine is None or ticket.audience != mine.audience:
            others.setdefault(ticket.audience, price_of(ticket, reader, members_pay_less=less))
    if mine is None:
        refusal = refusal_of({Audience(t.audience) for t in public})
        return Offer(None, list(others.values()), refusal, next_sale(tickets, reader, at))
    price = early(price_of(mine, reader, members_pay_less=less), tickets, reader)
    return Offer(with_voucher(price, voucher), list(others.values()))


def next_sale(tickets: Iterable[Ticket], reader: Reader, at: datetime) -> datetime | None:
    """When the first ticket that the reader may buy goes on sale; None when none will."""
    ahead = [t for t in tickets if t.withdrawn_at is None and t.sale_opens_at is not None and t.sale_opens_at > at]
    return min((t.sale_opens_at for t in ahead if t.sale_opens_at and may_buy(t, reader)), default=None)


def refusal_of(audiences: Collection[Audience]) -> str:
    """Why a reader may buy none of the public tickets on sale."""
    if Audience.MEMBERS in audiences:
        return "members_only"
    return "students_only" if audiences else "not_on_sale"


def why(price: Price, day: str, zone: str = "Europe/Brussels") -> str:
    """The sentence that explains a price on an order, in the present language. `day` is the day in words."""
    return " ".join([basis(price, day), *notes_on(price, zone)])


def notes_on(price: Price, zone: str) -> list[str]:
    """What a page says after the reason: until when an early price holds, and what a voucher does."""
    return [words for words in (early_words(price, zone), voucher_words(price)) if words]


def basis(price: Price, day: str) -> str:
    """Whose price it is. Whether it is free is said of the price before a voucher."""
    free = not (price.net_cents if price.voucher is None else price.before_cents)
    if price.reason is Reason.MEMBER and free:
        return _("Free, because %(organisation)s was a member on %(day)s.", organisation=price.organisation, day=day)
    if price.reason is Reason.MEMBER:
        return _(
            "Member price, because %(organisation)s was a member on %(day)s.", organisation=price.organisation, day=day
        )
    if price.reason is Reason.STAFF:
        return _("Price for people who work at the cluster.")
    if price.reason is Reason.STUDENT:
        return _("Free for students.") if free else _("Price for students.")
    if free:
        return _("Free for everybody.")
    if price.reason is Reason.WITHOUT_MEMBERSHIP:
        return _("Price without membership.")
    return _("The same price for everybody.")


def early_words(price: Price, zone: str) -> str:
    """Until when an early price holds, and what it is afterwards; '' for any other."""
    if price.until is None:
        return ""
    locale = str(get_locale())
    return _(
        "Early price until %(moment)s, then %(amount)s.",
        moment=say_deadline(price.until, locale, zone),
        amount=say_money(price.said(price.later_cents), locale, short=True),
    )


def voucher_words(price: Price) -> str:
    """What the voucher does: its code and name, the price with it and without it; '' without one."""
    voucher, locale = price.voucher, str(get_locale())
    if voucher is None:
        return ""
    name = in_language(voucher.names, locale)
    code = f"{voucher.code} ({name})" if name else voucher.code
    before = say_money(price.said(price.before_cents), locale, short=True)
    if price.net_cents == price.before_cents:
        return _("A place kept for the code %(code)s.", code=code)
    if price.is_free:
        return _("Free with the code %(code)s, instead of %(before)s.", code=code, before=before)
    amount = say_money(price.first_cents, locale, short=True)
    return _("%(amount)s with the code %(code)s, instead of %(before)s.", amount=amount, code=code, before=before)
