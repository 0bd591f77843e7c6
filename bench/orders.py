"""Orders for benches and races: many of one place each, confirmed and not yet invoiced."""

from __future__ import annotations

from pathlib import Path

from bench.storm import looking, prepare


def paid_orders(url: str, folder: Path, number: int) -> list[str]:
    """An empty database with `number` orders; their codes."""
    from models.events import Event, Quota, Ticket
    from models.orders import Order, OrderLine
    from models.people import Person
    from models.registrations import Registration
    from services.transaction import writing

    prepare(url, folder, capacity=number + 100, people=1, cents=8485)
    codes = [f"MH-TEST-{place:04d}" for place in range(number)]
    with looking(url, folder), writing() as session:
        event, quota, ticket = (session.query(model).one() for model in (Event, Quota, Ticket))
        person = session.query(Person).first()
        assert person is not None
        for code in codes:
            order = Order(code=code, buyer_id=person.id, buyer_email="x@example.org", locale="fr")
            row = Registration(
                event_id=event.id, ticket_id=ticket.id, quota_id=quota.id, status="confirmed", given_name="Anaïs",
                family_name=code, email=f"{code}@example.org", order=order, holds_place=True,
            )  # fmt: skip
            line = OrderLine(
                order=order, registration=row, description="Storm", net_cents=8485, vat="standard", vat_rate=21,
                vat_cents=1782, gross_cents=10267, why="",
            )  # fmt: skip
            session.add_all([order, row, line])
    return codes
