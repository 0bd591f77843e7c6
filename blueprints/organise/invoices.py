"""Invoices at the desk, for finance: found, read, issued by hand, credited, and sent as e-invoices."""

from __future__ import annotations

from typing import Any

from flask import Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext as _, lazy_gettext as _l
from sqlalchemy.exc import NoResultFound
from wtforms import FieldList, RadioField, StringField

from blueprints.forms import Form, filled, form_view, longest, status_of
from blueprints.guards import finance_only, me
from blueprints.invoice_words import action_words, channel_words, duty_words, state_words
from blueprints.organise import blueprint
from blueprints.organise.event_form import MoneyField
from blueprints.organise.events import page_number, pager
from blueprints.organise.finance import asked_words
from models.invoices import Invoice, InvoiceKind
from services.credit_notes import CreditTooLarge, NothingToCredit, left_of_lines
from services.einvoicing import NotReachable, send_e_invoice
from services.invoice_desk import credit, issue
from services.invoice_files import file_of
from services.invoice_lists import PAGE, SHOWN, invoice_page, list_invoices
from services.invoicing import NothingToInvoice, PurchaseOrderAwaited
from services.money import say_money

MIMETYPES = {"pdf": "application/pdf", "ubl": "application/xml"}
ENDINGS = {"pdf": "pdf", "ubl": "xml"}


def shown_words() -> dict[str, str]:
    return {
        "all": _("All"),
        "open": _("Not paid yet"),
        "invoices": _("Invoices"),
        "credit_notes": _("Credit notes"),
        "e_invoice": _("E-invoice to send"),
    }


@blueprint.get("/organise/invoices")
def invoices() -> ResponseReturnValue:
    """The issued documents."""
    finance_only()
    query = asked_words()
    asked = request.args.get("show", "")
    shown = asked if asked in SHOWN else "all"
    found = list_invoices(shown, query, page_number())
    return render_template(
        "organise/invoices.html",
        found=found,
        shown=shown,
        query=query,
        choices=[(name, words, found.counts[name]) for name, words in shown_words().items()],
        pager=pager("organise.invoices", found.page, PAGE, found.total, q=query or None, show=asked or None),
    )


@blueprint.get("/organise/invoices/<public_id>")
def invoice(public_id: str) -> ResponseReturnValue:
    """One document: its facts, its papers, its ways, its history."""
    finance_only()
    page = invoice_page(public_id) or abort(404)
    return render_template(
        "organise/invoice.html",
        page=page,
        invoice=page.invoice,
        duty=duty_words(page.duty),
        state_words=state_words,
        channel_words=channel_words,
        action_words=action_words,
    )


@blueprint.get("/organise/invoices/<public_id>.pdf", defaults={"kind": "pdf"})
@blueprint.get("/organise/invoices/<public_id>.xml", defaults={"kind": "ubl"})
def invoice_file(public_id: str, kind: str) -> ResponseReturnValue:
    """A paper of the document, for finance."""
    finance_only()
    return paper(public_id, kind)


def paper(public_id: str, kind: str) -> Response:
    """The PDF or the e-invoice as a download; never kept by a proxy."""
    try:
        file = file_of(public_id, kind)
        page = invoice_page(public_id) or abort(404)
    except NoResultFound:
        abort(404)
    answer = Response(file.content, mimetype=MIMETYPES[kind])
    answer.headers.set("Content-Disposition", "attachment", filename=f"{page.invoice.label}.{ENDINGS[kind]}")
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer


@blueprint.post("/organise/invoices/<public_id>/send")
def send_invoice(public_id: str) -> ResponseReturnValue:
    """Hand the e-invoice to the transmitter."""
    finance_only()
    try:
        send_e_invoice(public_id, me())
        flash(_("The e-invoice is on its way."), "success")
    except NotReachable:
        flash(
            _("The buyer has no Peppol address. Write it on the organisation’s page; a new invoice carries it."),
            "error",
        )
    except NoResultFound:
        abort(404)
    return redirect(url_for("organise.invoice", public_id=public_id), 303)


@blueprint.post("/organise/orders/<code>/invoice")
def issue_invoice(code: str) -> ResponseReturnValue:
    """Issue everything the order owes, paid or not."""
    finance_only()
    try:
        issued = issue(code, me())
    except NothingToInvoice:
        flash(_("Nothing is left to invoice: each price stands on an invoice, or nothing is owed."), "info")
    except PurchaseOrderAwaited:
        flash(_("The invoice waits for the purchase-order number of the payer. Write it on the order first."), "error")
    except NoResultFound:
        abort(404)
    else:
        flash(_("Invoice %(number)s is issued and mailed.", number=issued[0].label), "success")
        return redirect(url_for("organise.invoice", public_id=issued[0].public_id), 303)
    return redirect(url_for("organise.order", code=code), 303)


class CreditForm(Form):
    """What is given back of an invoice, and why."""

    what = RadioField(_l("How much"), default="all")
    amounts = FieldList(MoneyField(_l("Amount with VAT")))
    reason = StringField(
        _l("Why"),
        [filled(), longest(300)],
        description=_l("It is printed on the credit note: write it in the buyer’s language."),
    )

    def chosen(self, lefts: list[int]) -> list[int]:
        """Cents for each line of the invoice."""
        return lefts if self.what.data == "all" else [int(field.data or 0) for field in self.amounts]


@blueprint.route("/organise/invoices/<public_id>/credit", methods=["GET", "POST"])
@form_view
def credit_invoice(public_id: str) -> ResponseReturnValue:
    """A credit note by hand: all that is left, or an amount for each line."""
    finance_only()
    page = invoice_page(public_id) or abort(404)
    if page.invoice.kind != InvoiceKind.INVOICE:
        abort(404)
    lefts = [left_of_lines(page.invoice)[line.id] for line in page.invoice.lines]
    form = CreditForm()
    form.what.choices = [("all", _("Everything that is left")), ("some", _("An amount for each line"))]
    fit(form, len(lefts))
    if form.validate_on_submit() and (note := credited(form, page.invoice, lefts)):
        flash(_("Credit note %(number)s is issued and mailed.", number=note.label), "success")
        return redirect(url_for("organise.invoice", public_id=note.public_id), 303)
    page = invoice_page(public_id) or abort(404)
    shown = render_template("organise/invoice_credit.html", form=form, invoice=page.invoice, lefts=lefts)
    return shown, status_of(form)


def fit(form: CreditForm, number: int) -> None:
    """As many amounts as the invoice has lines, whatever was sent."""
    while len(form.amounts.entries) > number:
        form.amounts.pop_entry()
    while len(form.amounts.entries) < number:
        form.amounts.append_entry()


def credited(form: CreditForm, invoice: Invoice, lefts: list[int]) -> Any:
    """The credit note of a valid form; a refusal becomes a problem at its field."""
    try:
        return credit(invoice.public_id, form.chosen(lefts), form.reason.data, me())
    except CreditTooLarge as refusal:
        left = say_money(refusal.left_cents, str(get_locale()))
        form.what.errors = [_("That is more than what is left: %(amount)s with VAT.", amount=left)]
    except NothingToCredit:
        form.what.errors = [_("Nothing is left to credit, or no amount was written.")]
    return None
