"""A statement of the bank with a line in every state worth looking at. Read once for each database."""

from __future__ import annotations

import io
import re

from playwright.sync_api import Page
from sqlalchemy import select

from integrations.bank.writing import Transfer
from models.bank import BankLine, BankStatement
from models.base import db
from models.events import Event
from models.orders import Order
from models.registrations import Registration
from services.registrations import cancel, register
from services.statements import import_statement
from tests.cast import make_event
from tests.journeys.desk import person
from tests.services.bank_files import bank_file, transfer
from tests.services.post import wish_of

REFERENCE, PRICE = "2026/204", 38_357  # an amount that no other order of the sample season has
LONG = "Centre hospitalier interuniversitaire de Hesbaye-Condroz ASBL"
STATES = {
    "matched": "Bob Lambert", "late": "Emil Weber", "partly": "Lysara Biologics", "exact": "Nguyen Carol",
    "amount": LONG, "unknown": "Hesbaye Diagnostics SRL", "batch": "Worldline NV", "out": "Cleaning and Co",
}  # fmt: skip


def seat(event: Event, name: str) -> Order:
    who = person(name)
    code = register(who, event.id, wish_of(who), locale="en").code
    return db.session.scalars(select(Order).where(Order.code == code)).one()


def statement_id(_: str) -> str:
    """The public id of the statement."""
    query = select(BankStatement.public_id).where(BankStatement.reference == REFERENCE)
    return str(db.session.scalar(query) or read_statement())


def line_id(state: str) -> str:
    """The public id of its line in this state."""
    statement = select(BankStatement.id).where(BankStatement.public_id == statement_id(""))
    query = select(BankLine.public_id).where(BankLine.statement_id == db.session.scalars(statement).one())
    return str(db.session.scalars(query.where(BankLine.counterparty == STATES[state])).one())


def read_statement() -> str:
    event = make_event(public_cents=31_700, member_cents=None, title="Clean rooms, clean hands")
    bob, emil, dora, carol = (seat(event, name) for name in ("bob", "emil", "dora", "carol"))
    fay = seat(event, "fay")
    told: list[Transfer | list[Transfer]] = [
        transfer(bob, PRICE, name=STATES["matched"]),
        transfer(emil, PRICE, name=STATES["late"], iban=""),
        transfer(dora, PRICE - 10_000, name=STATES["partly"], iban="LU280019400644750000"),
        transfer(cents=PRICE, name=STATES["exact"], iban="", free_text="training clean rooms"),
        transfer(cents=PRICE, name=LONG, iban="", free_text="Facture 4500012345 formation salles blanches, deux personnes, merci"),
        transfer(cents=12_000, name=STATES["unknown"], structured="999999999948"),
        [transfer(fay, 20_000, name=STATES["batch"], iban=""), transfer(cents=11_111, name="Somebody")],
        transfer(cents=-4_990, name=STATES["out"], free_text="November"),
    ]  # fmt: skip
    content = bank_file(*told, reference=REFERENCE, opening=1_204_000).read().decode()
    untold = re.sub(r"(<TxDtls>)<Amt [^>]*>[^<]*</Amt>", r"\1", content)  # the batch does not tell its amounts
    found = import_statement(io.BytesIO(untold.encode()), name="november.xml", actor=person("fay"))
    place = select(Registration.public_id).where(Registration.order_id == emil.id)
    cancel(db.session.scalars(place).one(), actor=person("emil"))
    assert carol.reference
    return found.statements[0]


def send_broken_file(page: Page) -> None:
    """A file whose sums are wrong: it comes back with the line and the reason."""
    content = bank_file(transfer(cents=100), reference="broken").read().replace(b">1.00<", b">2.00<", 1)
    file = {"name": "november.xml", "mimeType": "text/xml", "buffer": content}
    page.get_by_label("File of the bank").set_input_files(file)  # type: ignore[arg-type]
    page.get_by_role("button", name="Read the file").click()
    page.locator(".problems").wait_for()


def send_wrong_code(page: Page) -> None:
    """A line matched by hand with an order that nobody has."""
    page.get_by_label("Order", exact=True).fill("XX-0000-0000")
    page.get_by_role("button", name="Book it").click()
    page.locator(".problems").wait_for()
