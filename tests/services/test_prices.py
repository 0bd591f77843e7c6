"""Prices: never negative, never dependent on the order of rows, and always with the sentence that explains them."""

from __future__ import annotations

import itertools
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal

import pytest
from flask import Flask
from flask_babel import force_locale
from hypothesis import given, strategies as st

from models.base import now
from models.events import Audience, Ticket, VatTreatment
from models.orders import PaymentStatus, payment_status
from models.vouchers import Voucher, VoucherEffect
from services.prices import VAT_RATES, Offer, Reason, may_buy, offer, vat_on, why
from services.readers import GUEST, Reader

MEMBER = Reader(person_id=1, organisation_id=1, organisation_name="Lysara Biologics", is_member=True)
STRANGER = Reader(person_id=2)
STUDENT = Reader(person_id=3, is_student=True)
numbers = itertools.count(1)


def ticket(cents: int, audience: Audience = Audience.EVERYONE, **changes: object) -> Ticket:
    values = {"id": next(numbers), "position": 0, "vat": VatTreatment.STANDARD, "quota_id": 1, **changes}
    return Ticket(net_cents=cents, audience=audience, names={"en": "Place"}, **values)


tickets = st.lists(
    st.builds(
        ticket,
        st.integers(0, 500_000),
        st.sampled_from(list(Audience)),
        vat=st.sampled_from(list(VatTreatment)),
        quota_id=st.integers(1, 2),
    ),
    max_size=6,
)


def test_it_works() -> None:
    found = offer([ticket(59000), ticket(42000, Audience.MEMBERS)], MEMBER, now())
    assert found.price is not None
    assert (found.price.net_cents, found.price.vat_cents, found.price.gross_cents) == (42000, 8820, 50820)
    assert found.price.reason is Reason.MEMBER
    assert [other.net_cents for other in found.others] == [59000]


def test_a_guest_sees_the_public_price_and_what_members_pay() -> None:
    found = offer([ticket(59000), ticket(42000, Audience.MEMBERS)], GUEST, now())
    assert found.price is not None
    assert (found.price.net_cents, found.price.reason) == (59000, Reason.WITHOUT_MEMBERSHIP)
    assert [other.net_cents for other in found.others] == [42000]


def test_a_member_takes_the_public_price_when_it_is_lower() -> None:
    found = offer([ticket(1000), ticket(2000, Audience.MEMBERS)], MEMBER, now())
    assert found.price is not None
    assert (found.price.net_cents, found.price.reason) == (1000, Reason.SAME_FOR_ALL)


def test_only_members_tickets_refuse_a_stranger() -> None:
    assert offer([ticket(0, Audience.MEMBERS)], STRANGER, now()).refusal == "members_only"
    assert offer([], STRANGER, now()).refusal == "not_on_sale"
    assert offer([ticket(100, Audience.STAFF)], STRANGER, now()).refusal == "not_on_sale"


@given(tickets, st.sampled_from([GUEST, MEMBER, STRANGER]), st.randoms())
def test_the_order_of_rows_never_matters(rows: list[Ticket], reader: Reader, random: object) -> None:
    at = now()

    def amounts(found: Offer) -> tuple[object, ...]:
        mine = found.price and (found.price.net_cents, found.price.ticket.id, found.price.reason)
        return mine, sorted((other.net_cents, other.reason) for other in found.others), found.refusal

    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert amounts(offer(rows, reader, at)) == amounts(offer(shuffled, reader, at))


@given(tickets, st.sampled_from([GUEST, MEMBER, STRANGER]))
def test_never_negative_and_nobody_pays_more_than_they_must(rows: list[Ticket], reader: Reader) -> None:
    found = offer(rows, reader, now())
    if found.price is None:
        return
    assert found.price.gross_cents >= found.price.net_cents >= 0
    allowed = {Audience.EVERYONE} | ({Audience.MEMBERS} if reader.is_member else set())
    assert found.price.net_cents == min(row.net_cents for row in rows if row.audience in allowed)


@given(st.integers(0, 10_000_000), st.sampled_from(sorted(set(VAT_RATES.values()))))
def test_vat_is_rounded_half_up(net: int, rate: int) -> None:
    exact = (Decimal(net) * rate / 100).quantize(Decimal(1), rounding=ROUND_HALF_UP)
    assert vat_on(net, rate) == int(exact)


def test_every_reason_has_its_sentence(app: Flask) -> None:
    member = offer([ticket(42000, Audience.MEMBERS)], MEMBER, now()).price
    free = offer([ticket(0, Audience.MEMBERS)], MEMBER, now()).price
    stranger = offer([ticket(42000), ticket(1, Audience.MEMBERS)], STRANGER, now()).price
    everybody = offer([ticket(42000)], STRANGER, now()).price
    nothing = offer([ticket(0)], STRANGER, now()).price
    assert member
    assert free
    assert stranger
    assert everybody
    assert nothing
    day = "24 November 2026"
    with force_locale("en"):
        sentences = [why(price, day) for price in (member, free, stranger, everybody, nothing)]
    assert sentences == [
        "Member price, because Lysara Biologics was a member on 24 November 2026.",
        "Free, because Lysara Biologics was a member on 24 November 2026.",
        "Price without membership.",
        "The same price for everybody.",
        "Free for everybody.",
    ]


@pytest.mark.parametrize(
    "owed, received, refunded, expected",
    [
        (0, 0, 0, PaymentStatus.NOT_REQUIRED),
        (100, 0, 0, PaymentStatus.UNPAID),
        (100, 40, 0, PaymentStatus.PARTLY_PAID),
        (100, 100, 0, PaymentStatus.PAID),
        (100, 140, 0, PaymentStatus.OVERPAID),
        (100, 140, 40, PaymentStatus.PAID),
        (0, 100, 0, PaymentStatus.REFUND_DUE),
        (0, 100, 40, PaymentStatus.REFUND_DUE),
        (0, 100, 100, PaymentStatus.REFUNDED),
    ],
)
def test_the_payment_status_is_derived(owed: int, received: int, refunded: int, expected: PaymentStatus) -> None:
    assert payment_status(owed, received, refunded) == expected


vouchers = st.one_of(
    st.builds(Voucher, code=st.just("V"), effect=st.just(VoucherEffect.PERCENT), value=st.integers(1, 100)),
    st.builds(
        Voucher,
        code=st.just("V"),
        effect=st.sampled_from([VoucherEffect.AMOUNT, VoucherEffect.FIXED]),
        value=st.integers(0, 600_000),
    ),
)


@given(tickets, st.sampled_from([GUEST, MEMBER, STRANGER, STUDENT]), vouchers, st.randoms())
def test_a_voucher_never_makes_a_price_negative_or_higher_and_rows_do_not_matter(
    rows: list[Ticket], reader: Reader, voucher: Voucher, random: object
) -> None:
    at, shuffled = now(), list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    bare, price = offer(rows, reader, at).price, offer(rows, reader, at, voucher=voucher).price
    assert price == offer(shuffled, reader, at, voucher=voucher).price
    if bare is None or price is None:
        assert bare is price
        return
    assert 0 <= price.net_cents <= bare.net_cents == price.before_cents
    assert price.vat_cents == vat_on(price.net_cents, price.vat_rate)
    assert price.gross_cents == price.net_cents + price.vat_cents
    allowed = [row.net_cents for row in rows if may_buy(row, reader)]
    assert price.net_cents == min(voucher.applied_to(cents) for cents in allowed)  # the best there is, with the voucher


@given(st.integers(0, 500_000), st.integers(0, 500_000))
def test_an_early_price_is_said_exactly_when_it_rises(early: int, later: int) -> None:
    at = now()
    closes = at + timedelta(days=3)
    price = offer([ticket(early, sale_closes_at=closes), ticket(later, sale_opens_at=closes)], GUEST, at).price
    assert price is not None
    assert (price.until, price.later_cents) == ((closes, later) if later > early else (None, 0))


def test_students_have_a_price_when_they_say_so() -> None:
    rows = [ticket(42000), ticket(5000, Audience.STUDENTS)]
    said, unsaid = offer(rows, STUDENT, now()), offer(rows, STRANGER, now())
    assert said.price
    assert unsaid.price
    assert (said.price.net_cents, said.price.reason) == (5000, Reason.STUDENT)
    assert (unsaid.price.net_cents, [other.reason for other in unsaid.others]) == (42000, [Reason.STUDENT])
    assert offer([ticket(5000, Audience.STUDENTS)], STRANGER, now()).refusal == "students_only"


def test_a_ticket_at_its_limit_is_the_last_choice() -> None:
    cheap, dear = ticket(100), ticket(200)
    both = offer([cheap, dear], GUEST, now(), sold_out={cheap.id}).price
    only = offer([cheap], GUEST, now(), sold_out={cheap.id}).price
    assert both
    assert only
    assert (both.ticket, only.ticket) == (dear, cheap)
