"""The papers of a document: PDF/A-3 with the e-invoice inside, the same bytes whenever they are made."""

from __future__ import annotations

import hashlib
from io import BytesIO

import pytest
from flask import Flask
from pypdf import PdfReader
from sqlalchemy import select

from models.base import db
from models.invoices import InvoiceFile
from services.credit_notes import Credit
from services.invoice_files import ensure_files, file_of, pdf_of, ubl_of, whole_invoice, without_files
from services.transaction import writing
from tests.cast import Cast, make_event
from tests.services.billed import as_company, credited, issued, ordered, pay, team_ordered


def page_of(public_id: str) -> str:
    pages = PdfReader(BytesIO(file_of(public_id, "pdf").content)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def test_the_pdf_holds_the_e_invoice(cast: Cast) -> None:
    as_company(cast)
    invoice = issued(team_ordered(cast, purchase_order="PO 77"))
    pdf, xml = file_of(invoice.public_id, "pdf").content, file_of(invoice.public_id, "ubl").content
    reader = PdfReader(BytesIO(pdf))
    assert reader.attachments[f"{invoice.label}.xml"] == [xml]
    assert b"pdfaid:part>3<" in pdf.replace(b" ", b"") or b'pdfaid:part="3"' in pdf or b"<pdfaid:part>3" in pdf
    assert invoice.label.encode() in xml


def test_what_is_printed_is_what_was_frozen(cast: Cast) -> None:
    as_company(cast)
    invoice = issued(team_ordered(cast, purchase_order="PO 77"))
    page = page_of(invoice.public_id)
    for words in (invoice.label, "Lysara Biologics SA", "PO 77", "€500.00", "€105.00", "€605.00", "BE 0101.357.179",
                  invoice.payment_reference, "BE68 5390 0754 7034", "RPM Liège"):  # fmt: skip
        assert words in page


@pytest.mark.parametrize("locale, title", [("fr", "Facture"), ("nl", "Factuur"), ("en", "Invoice")])
def test_it_is_in_the_language_of_the_order(cast: Cast, locale: str, title: str) -> None:
    invoice = issued(ordered(cast.carol, locale=locale))
    assert title in page_of(invoice.public_id)


def test_a_paid_one_says_so_and_asks_for_nothing(cast: Cast) -> None:
    order = ordered(cast.carol)
    pay(order, 50820)
    page = page_of(issued(order).public_id)
    assert "Paid in full on" in page
    assert "Balance to pay €0.00" in page
    assert "How to pay" not in page


def test_a_credit_note_names_its_invoice(cast: Cast) -> None:
    invoice = issued(team_ordered(cast))
    note = credited(invoice, Credit(30250, invoice.lines[0]))
    page = page_of(note.public_id)
    assert "Credit note" in page
    assert invoice.label in page
    assert "Reason: Cancelled in time" in page
    assert invoice.label.encode() in file_of(note.public_id, "ubl").content


def test_the_bytes_are_kept_and_are_the_same_again(cast: Cast) -> None:
    public_id = issued(ordered(cast.carol)).public_id
    assert without_files() == [public_id]
    ensure_files(public_id)
    ensure_files(public_id)
    assert without_files() == []
    rows = list(db.session.scalars(select(InvoiceFile).order_by(InvoiceFile.kind)))
    assert [row.kind for row in rows] == ["pdf", "ubl"]
    assert all(hashlib.sha256(row.content).hexdigest() == row.sha256 for row in rows)
    again = whole_invoice(public_id)
    assert file_of(public_id, "ubl").content == ubl_of(again)
    assert file_of(public_id, "pdf").content == pdf_of(again, ubl_of(again))


def test_letters_that_no_typeface_has_stop_no_invoice(app: Flask, cast: Cast) -> None:
    as_company(cast, legal_name="有限公司 Lysara شركة")
    invoice = issued(team_ordered(cast, event=make_event(title="細胞 culture")))
    page = page_of(invoice.public_id)
    assert "???? Lysara" in page
    assert "the e-invoice inside this file has all of them" in page
    assert "有限公司 Lysara شركة" in file_of(invoice.public_id, "ubl").content.decode()


def test_a_paper_outlives_what_it_was_made_from(cast: Cast) -> None:
    as_company(cast)
    public_id = issued(team_ordered(cast)).public_id
    before = ubl_of(whole_invoice(public_id))
    db.session.rollback()
    with writing():
        db.session.merge(cast.lysara).legal_name = "Lysara Holding SA"
    assert ubl_of(whole_invoice(public_id)) == before


def test_lines_are_without_vat_to_a_company_and_with_it_to_a_private_person(cast: Cast) -> None:
    as_company(cast)
    company, person = issued(team_ordered(cast, 1)), issued(ordered(cast.carol))
    assert "VAT incl." not in page_of(company.public_id)
    assert "1 €250.00 21 % €250.00" in page_of(company.public_id).replace("\N{NO-BREAK SPACE}", " ")
    assert "VAT incl." in page_of(person.public_id)
    assert "1 €420.00 21 % €508.20" in page_of(person.public_id).replace("\N{NO-BREAK SPACE}", " ")


def test_a_long_name_and_address_push_the_rest_down(cast: Cast) -> None:
    as_company(cast, legal_name="Société internationale de radiopharmacie " * 4, street="Avenue de la Reine " * 8)
    page = page_of(issued(team_ordered(cast, 1)).public_id)
    assert page.index("BE 0101.357.179") < page.index("Number")
