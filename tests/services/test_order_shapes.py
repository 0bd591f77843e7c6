"""An order's total is the sum of its lines, whatever was sold to whom: tickets for everybody, members and students, early
and late ones, every VAT rate, every kind of voucher, one place or a team's of which some wait. It is never negative, and
the rows of the database may stand in any order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal

from hypothesis import HealthCheck, given, settings, strategies as st

from models.base import db, now
from models.events import Audience, Event, Quota, Ticket, VatTreatment
from models.orders import Order
from models.people import Person
from models.registrations import Status
from models.vouchers import Voucher, VoucherEffect
from services.invoice_desk import issue
from services.orders import balance, load_order
from services.prices import VAT_RATES
from services.registrations import MembersOnly, TicketGone, register
from services.team_lists import TeamWish
from services.team_orders import order_for_team
from services.transaction import writing
from services.voucher_desk import VoucherPlan, add_voucher
from services.vouchers import VoucherNotNeeded
from tests.cast import Cast, make_event
from tests.services.billed import as_company
from tests.services.lives import wrong_orders
from tests.services.post import wish_of

CAPACITY = 5
E, M, S = Audience.EVERYONE, Audience.MEMBERS, Audience.STUDENTS


@dataclass(frozen=True)
class Sold:
    """A ticket. `closes` and `opens` are days from now; an early one closes, a late one has not opened."""

    audience: Audience
    cents: int
    vat: VatTreatment
    closes: int | None = None
    opens: int | None = None


@dataclass(frozen=True)
class Code:
    effect: VoucherEffect
    value: int

    def of(self, cents: int) -> int:
        """Said again, in decimals."""
        match self.effect:
            case VoucherEffect.PERCENT:
                return cents - int((Decimal(cents) * self.value / 100).quantize(Decimal(1), rounding=ROUND_HALF_UP))
            case VoucherEffect.AMOUNT:
                return max(cents - self.value, 0)
            case _:
                return min(cents, self.value)


cents = st.one_of(st.integers(0, 3), st.integers(0, 500_000))
sold = st.builds(
    Sold, st.sampled_from([E, M, S]), cents, st.sampled_from(list(VatTreatment)), closes=st.sampled_from([None, None, 2]),
    opens=st.sampled_from([None, None, None, 3]),
)  # fmt: skip
codes = st.one_of(
    st.builds(Code, st.just(VoucherEffect.PERCENT), st.integers(1, 100)),
    st.builds(Code, st.sampled_from([VoucherEffect.AMOUNT, VoucherEffect.FIXED]), st.integers(1, 500_000)),
)


def selling(tickets: Sequence[Sold], rows: Iterable[int]) -> Event:
    """An event that sells these tickets, written to the database in the order `rows`."""
    event = make_event(capacity=CAPACITY, public_cents=0, member_cents=None)
    with writing() as session:
        quota = session.query(Quota).filter_by(event_id=event.id).one()
        session.query(Ticket).filter_by(event_id=event.id).one().withdrawn_at = now()
        for position in rows:
            one = tickets[position]
            session.add(
                Ticket(
                    event=session.get_one(Event, event.id), quota=quota, position=position, names={"en": "Place"},
                    audience=one.audience, net_cents=one.cents, vat=one.vat,
                    sale_closes_at=one.closes and now() + timedelta(days=one.closes),
                    sale_opens_at=one.opens and now() + timedelta(days=one.opens),
                )
            )  # fmt: skip
            session.flush()
    return event


@dataclass(frozen=True)
class Total:
    """An order as it was placed: what each line asks and why, and what all of them owe."""

    code: str
    lines: list[tuple[int, int, int, str, str]]
    owed_cents: int


def placed(place: Callable[[str], Order], code: str) -> Total | None:
    """The order, with the code when it lowers the price; None when nothing is sold to them."""
    for voucher in (code, ""):
        try:
            return total_of(place(voucher).code)
        except VoucherNotNeeded:
            continue
        except (TicketGone, MembersOnly):
            return None
    raise AssertionError("without a code nothing is not needed")


def total_of(code: str) -> Total:
    """Every line is its net and the VAT on it; the order owes those of its lines that have a place."""
    order = load_order(code)
    assert order is not None
    for line in order.lines:
        assert line.net_cents >= 0
        exact = Decimal(line.net_cents) * VAT_RATES[line.vat] / 100
        assert line.vat_cents == int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))
        assert line.gross_cents == line.net_cents + line.vat_cents
    holding = (Status.CONFIRMED, Status.AWAITING_PAYMENT)
    owed = balance(order).to_pay_cents
    assert owed == sum(line.gross_cents for line in order.lines if line.registration.status in holding)
    assert bool(order.reference) == any(line.gross_cents for line in order.lines)
    lines = [(line.net_cents, line.vat_cents, line.gross_cents, line.vat, line.why) for line in order.lines]
    db.session.rollback()
    return Total(code, lines, owed)


def cheapest(tickets: Sequence[Sold], audiences: set[Audience]) -> int | None:
    """The net price of the best ticket now, for somebody of these audiences."""
    return min((one.cents for one in tickets if one.audience in audiences and not one.opens), default=None)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(sold, min_size=1, max_size=5), codes, st.integers(1, 4), st.randoms(use_true_random=False))
def test_the_total_is_the_sum_of_the_lines(
    cast: Cast, tickets: list[Sold], code: Code, places: int, chance: object
) -> None:
    as_company(cast)
    number = db.session.query(Voucher).count()
    db.session.rollback()
    text = add_voucher(VoucherPlan(code.effect, code.value, code=f"CODE-{number}"), cast.ada).code
    rows = list(range(len(tickets)))
    chance.shuffle(rows)  # type: ignore[attr-defined]
    found = []
    for event in (selling(tickets, range(len(tickets))), selling(tickets, rows)):
        orders = [placed(place, text) for place in everybody(cast, event, places)]
        for order, audiences in zip(orders, ({E, M}, {E}, {E, S}, {E, M}), strict=True):
            net = cheapest(tickets, audiences)
            assert (order and order.lines[0][0]) == (None if net is None else code.of(net))
        invoiced(orders[-1])
        found.append([order and (order.lines, order.owed_cents) for order in orders])
    assert found[0] == found[1]
    assert wrong_orders() == []
    db.session.rollback()


def everybody(cast: Cast, event: Event, places: int) -> list[Callable[[str], Order]]:
    """Bob the member, Carol the stranger, Emil who studies, and Dora for a team; each takes a code or ''."""

    def alone(person: Person, **changes: object) -> Callable[[str], Order]:
        return lambda code: register(person, event.id, wish_of(person, voucher=code, **changes), locale="en")

    def team(code: str) -> Order:
        wish = TeamWish(unnamed=places, may_wait=True, voucher=code)
        return order_for_team(cast.dora, cast.lysara, event.id, wish, locale="en").order

    return [alone(cast.bob), alone(cast.carol), alone(cast.emil, studies="ULiège, pharmacy"), team]


def invoiced(order: Total | None) -> None:
    """What the documents of the order ask is what it owes."""
    if order is not None and order.owed_cents:
        assert sum(document.gross_cents for document in issue(order.code, None)) == order.owed_cents
