"""What an order costs in both figures, rounded as its invoice will be: VAT once for each rate, on the sum of its lines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from models.orders import OrderLine
from services.vat import CATEGORIES, Tax, net_of, taxes_of


@dataclass(frozen=True)
class Totals:
    """Cents. gross = net + Σ VAT + rounding, and gross is the sum of the lines: what is asked for."""

    net_cents: int
    taxes: list[Tax]
    rounding_cents: int
    gross_cents: int

    @property
    def vat_cents(self) -> int:
        return sum(tax.vat_cents for tax in self.taxes)


def totals_of(lines: Iterable[OrderLine]) -> Totals:
    """The totals of what these lines ask for now (registrations loaded): the price of a place that is held, else the fee of
    leaving late. Where nothing is owed, such as on a waiting list, of what they would ask for."""
    lines = list(lines)
    live = [line for line in lines if line.registration.is_live]
    asked = [line for line in lines if line.owed_cents] or live or lines
    rows = [(CATEGORIES[line.vat], line.vat_rate, *figures(line)) for line in asked]
    net, gross = sum(row[2] for row in rows), sum(row[3] for row in rows)
    taxes = taxes_of((category, rate, cents) for category, rate, cents, _gross in rows)
    return Totals(net, taxes, gross - net - sum(tax.vat_cents for tax in taxes), gross)


def figures(line: OrderLine) -> tuple[int, int]:
    """Net and gross of what a line asks for."""
    if line.fee_cents and not line.is_owed:
        return net_of(line.fee_cents, line.vat_rate), line.fee_cents
    return line.net_cents, line.gross_cents
