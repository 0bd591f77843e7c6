"""A document goes out by mail with both its papers, once."""

from __future__ import annotations

from flask import Flask

from integrations.mail import compose_message
from models.base import db
from models.invoices import Transmission
from models.outbox import Delivery, OutboxMessage
from services.credit_notes import Credit
from services.invoice_files import file_of
from services.letters import compose
from tasks.delivery import deliver_due
from tasks.invoices import finish_papers
from tests.cast import Cast
from tests.services.billed import as_company, credited, issued, ordered, pay, team_ordered


def mail_about(public_id: str) -> OutboxMessage:
    return db.session.query(OutboxMessage).filter_by(unique_key=f"invoice:{public_id}").one()


def test_a_company_gets_it_at_its_billing_address(cast: Cast) -> None:
    as_company(cast)
    order = team_ordered(cast)
    invoice = issued(order)
    message = mail_about(invoice.public_id)
    letter = compose(message)
    assert (message.recipient, message.recipient_name) == ("pay@lysara.example", "Dora Wouters")
    assert letter.subject == f"Invoice {invoice.label}"
    assert "€605.00" in letter.text
    assert str(order.reference) in letter.text
    names = [part.name for part in letter.attachments]
    assert names == [f"{invoice.label}.pdf", f"{invoice.label}.xml"]
    assert letter.attachments[0].content.startswith(b"%PDF")
    assert b"+xml" not in compose_message(letter).as_bytes()[:200]


def test_the_mail_holds_the_bytes_that_are_kept(cast: Cast) -> None:
    invoice = issued(ordered(cast.carol))
    sent = compose(mail_about(invoice.public_id)).attachments
    assert finish_papers() == 1
    assert finish_papers() == 0
    assert [part.content for part in sent] == [file_of(invoice.public_id, kind).content for kind in ("pdf", "ubl")]


def test_a_paid_one_asks_for_nothing(cast: Cast) -> None:
    order = ordered(cast.carol)
    pay(order, 50820)
    text = compose(mail_about(issued(order).public_id)).text
    assert "It is paid." in text
    assert "IBAN" not in text


def test_a_credit_note_says_what_it_corrects_and_why(cast: Cast) -> None:
    invoice = issued(team_ordered(cast))
    note = credited(invoice, Credit(30250, invoice.lines[0]))
    letter = compose(mail_about(note.public_id))
    assert letter.subject == f"Credit note {note.label}"
    assert f"It corrects invoice {invoice.label}. Reason: Cancelled in time" in letter.text


def test_it_leaves_once(app: Flask, cast: Cast) -> None:
    invoice = issued(ordered(cast.carol))
    deliver_due()
    deliver_due()
    message = mail_about(invoice.public_id)
    assert message.delivery == Delivery.SENT
    (way,) = db.session.query(Transmission).all()
    assert (way.channel, way.remote_id) == ("email", message.public_id)
    folder = app.extensions["atrium"].instance / "mail"
    assert len(list(folder.glob(f"{message.public_id}*.eml"))) == 1
