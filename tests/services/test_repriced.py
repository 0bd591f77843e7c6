"""Whoever pays may change until the invoice: net stays, VAT follows, and the sums hold whatever the amounts."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings, strategies as st
from sqlalchemy import update

from models.events import Modality, Quota
from models.orders import OrderLine
from services.billing import Billing, bill_to
from services.prices import VAT_RATES, vat_on
from services.transaction import writing
from tests.cast import Cast, make_event
from tests.services.billed import issued, lines_of, ordered

SELF = Billing("Carol", "Rue Haute 1", "5000", "Namur", "BE")
HERE = Billing("Kelvin", "Rue Haute 1", "5000", "Namur", "BE", is_business=True, vat_number="BE0101357179")
PARIS = Billing("Kelvin", "Rue Haute 1", "75001", "Paris", "FR", is_business=True, vat_number="FR40303265045")
BOSTON = Billing("Kelvin", "High Street 1", "02108", "Boston", "US", is_business=True)
ONLINE = {SELF: "standard", HERE: "standard", PARIS: "reverse_charge", BOSTON: "out_of_scope"}


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(1, 300_000), st.booleans(), st.lists(st.sampled_from(list(ONLINE)), min_size=1, max_size=4))
def test_net_stays_and_vat_follows_whoever_pays(cast: Cast, net: int, online: bool, payers: list[Billing]) -> None:
    event = make_event(public_cents=net, member_cents=None)
    if online:
        with writing() as session:
            session.execute(update(Quota).where(Quota.event_id == event.id).values(modality=Modality.ONLINE))
    order = ordered(cast.carol, event)
    for payer in payers:
        bill_to(order.code, payer, cast.carol)
        (line,) = lines_of(order)
        expected = ONLINE[payer] if online else "standard"
        assert (line.net_cents, line.vat, line.vat_rate) == (net, expected, VAT_RATES[expected])
        assert line.gross_cents == net + line.vat_cents == net + vat_on(net, line.vat_rate)
    invoice = issued(order)
    (line,) = lines_of(order)
    assert (invoice.net_cents, invoice.gross_cents, invoice.rounding_cents) == (net, line.gross_cents, 0)
    bill_to(order.code, PARIS if payers[-1] is not PARIS else HERE, cast.carol)  # the invoice stands: nothing changes
    (after,) = lines_of(order)
    assert frozen(after) == frozen(line)


def frozen(line: OrderLine) -> tuple[str, int, int]:
    return line.vat, line.vat_cents, line.gross_cents
