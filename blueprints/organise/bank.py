"""The bank at the desk, for finance: a file is read, what is certain is booked, and a human decides about the rest."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext as _, lazy_gettext as _l
from flask_wtf.file import FileField, FileRequired
from wtforms import StringField
from wtforms.validators import InputRequired

from blueprints.forms import Form, filled, form_view, longest, status_of
from blueprints.guards import finance_only, me
from blueprints.organise import blueprint
from blueprints.organise.bank_words import (
    accepted_words,
    headline,
    note_words,
    reason_choices,
    rule_words,
    state_words,
)
from blueprints.organise.event_form import MoneyField
from blueprints.organise.events import page_number, pager
from models.bank import BankStatement
from services.bank_acts import (
    AlreadyDecided,
    NothingToTakeBack,
    OrderUnknown,
    PaidBack,
    TooMuch,
    accept,
    accept_exact,
    ignore,
    look_again,
    match_by_hand,
    undo,
)
from services.bank_lines import (
    PAGE,
    SHOWN,
    LineRow,
    latest_statements,
    list_lines,
    load_line,
    load_statement,
    orders_for,
)
from services.bank_summaries import summaries_of, summary_of
from services.money import say_money
from services.payment_reminders import handed_over
from services.statement_words import iban_words, imported_words, reference_words, refusal_words, summary_words
from services.statements import BrokenFile, import_statement

LARGEST_UPLOAD = 65 * 1024 * 1024


class StatementForm(Form):
    """A file as the bank gives it."""

    file = FileField(
        _l("File of the bank"),
        [FileRequired(_l("Choose the file that you downloaded from the bank."))],
        description=_l("CAMT.053 or CODA, as your bank gives it. Drop it here, or choose it. The same file twice does no harm."),
    )  # fmt: skip


def large_upload(view: Callable[..., ResponseReturnValue]) -> Callable[..., ResponseReturnValue]:
    """A statement may be larger than what forms may hold otherwise; for finance only."""

    @wraps(view)
    def wider(*args: Any, **kwargs: Any) -> ResponseReturnValue:
        finance_only()
        request.max_content_length = LARGEST_UPLOAD
        return view(*args, **kwargs)

    return wider


@blueprint.route("/organise/bank", methods=["GET", "POST"])
@large_upload
@form_view
def bank() -> ResponseReturnValue:
    """A file to read, and the lines that wait for a human."""
    form = StatementForm()
    if form.validate_on_submit() and (found := read_file(form)):
        return redirect(
            url_for("organise.statement", public_id=found[0]) if len(found) == 1 else url_for("organise.bank"), 303
        )
    page = render_template("organise/bank.html", form=form, **lines_page("organise.bank", None), **beside())
    return page, status_of(form)


def beside() -> dict[str, Any]:
    """What stands beside the lines, unless somebody looks for one of them."""
    if request.args.get("q", "").strip():
        return {"handed_over": [], "statements": []}
    rows = latest_statements()
    told = summaries_of(rows)
    return {
        "handed_over": handed_over(),
        "statements": [(row, summary_words(told[row.id], str(get_locale()))) for row in rows],
    }


def read_file(form: StatementForm) -> tuple[str, ...]:
    """Import the file of a valid form and say what it brought; a refusal becomes a problem at the field."""
    upload = form.file.data
    try:
        found = import_statement(upload.stream, name=upload.filename or "", actor=me(), ip=request.remote_addr or "")
    except BrokenFile as error:
        form.file.errors = [refusal_words(error)]
        return ()
    words = summary_words(summary_of(found.statements), str(get_locale())) + "."
    flash(" ".join(part for part in (words, imported_words(found.lines, found.new)) if part), "success")
    return found.statements


def lines_page(endpoint: str, statement: BankStatement | None, **address: Any) -> dict[str, Any]:
    """What the list of lines needs, of one statement or of all."""
    query = request.args.get("q", "").strip()[:120]
    asked = request.args.get("show", "")
    shown = asked if asked in SHOWN else "all" if query or statement else "waiting"
    found = list_lines(shown, query, page_number(), statement=statement)
    words = {"waiting": _("Waiting"), "matched": _("Matched"), "ignored": _("Set aside"), "all": _("All")}
    return {
        "found": found,
        "shown": shown,
        "query": query,
        "choices": [(name, words[name], found.counts[name]) for name in SHOWN],
        "here": url_for(endpoint, **address),
        "reasons": reason_choices(),
        "state_words": state_words,
        "note_words": note_words,
        "reference_words": reference_words,
        "rule_words": rule_words,
        "pager": pager(endpoint, found.page, PAGE, found.total, q=query or None, show=asked or None, **address),
    }


@blueprint.get("/organise/bank/statements/<public_id>")
def statement(public_id: str) -> ResponseReturnValue:
    """One statement: its summary in words, and its lines."""
    finance_only()
    found = load_statement(public_id) or abort(404)
    summary = summary_of([public_id])
    return render_template(
        "organise/bank_statement.html",
        statement=found,
        title=headline(summary),
        summary=summary_words(summary, str(get_locale())),
        **lines_page("organise.statement", found, public_id=public_id),
    )


@blueprint.post("/organise/bank/proposals")
def accept_proposals() -> ResponseReturnValue:
    """All exact proposals as one act; those of one statement when it is named."""
    finance_only()
    public_id = request.form.get("statement", "")
    named = load_statement(public_id) if public_id else None
    done = accept_exact(actor=me(), statement_id=named.id if named else None)
    flash(accepted_words(done), "success" if not done.left else "warning")
    return redirect(url_for("organise.statement", public_id=public_id) if named else url_for("organise.bank"), 303)


class HandForm(Form):
    """A line, or a part of it, for an order that a human chose."""

    code = StringField(_l("Order"), [filled(), longest(12)], description=_l("Its code, such as MH-4K7Q-92XD."))
    amount = MoneyField(_l("Amount"), [InputRequired()])


@blueprint.route("/organise/bank/lines/<public_id>", methods=["GET", "POST"])
@form_view
def bank_line(public_id: str) -> ResponseReturnValue:
    """One line: its proposals, and the forms that match it by hand or set it aside."""
    finance_only()
    row = load_line(public_id) or abort(404)
    query = request.args.get("q", "").strip()[:120]
    offered = orders_for(row, query) if row.is_open else []
    form = HandForm(data={"code": request.args.get("order", ""), "amount": abs(row.left_cents) or None})
    if form.validate_on_submit() and matched(form, row):
        return redirect(url_for("organise.bank_line", public_id=public_id), 303)
    row = load_line(public_id) or abort(404)
    page = render_template(
        "organise/bank_line.html", row=row, form=form, query=query, offered=offered, reasons=reason_choices(),
        state_words=state_words, note_words=note_words, rule_words=rule_words, reference_words=reference_words,
        iban_words=iban_words,
    )  # fmt: skip
    return page, status_of(form)


def matched(form: HandForm, row: LineRow) -> bool:
    """Book the match of a valid form; a refusal becomes a problem at its field."""
    try:
        match_by_hand(row.line.public_id, form.code.data, form.amount.data or 0, actor=me())
    except OrderUnknown:
        form.code.errors = [_("No order has this code. Look at its letters again, or search below.")]
    except AlreadyDecided:
        form.code.errors = [decided_words()]
    except NothingToTakeBack:
        form.code.errors = [
            _("This order neither waits for a refund of this amount nor received as much from the bank.")
        ]
    except TooMuch as error:
        left = say_money(error.left_cents, str(get_locale()))
        form.amount.errors = [_("Write an amount above zero, and at most the %(amount)s that is left.", amount=left)]
    else:
        flash(_("%(amount)s is booked.", amount=say_money(form.amount.data, str(get_locale()))), "success")
        return True
    return False


def decided_words() -> str:
    return _("Somebody decided about this line meanwhile. Look at where it stands now.")


@blueprint.post("/organise/bank/lines/<public_id>/<act>")
def decide_line(public_id: str, act: str) -> ResponseReturnValue:
    """One click about a line: accept a proposal, set it aside, take it up again, undo a match."""
    finance_only()
    row = load_line(public_id) or abort(404)
    do = ACTS.get(act) or abort(404)
    try:
        flash(do(row, request.form.get("value", "").strip()), "success")
    except (AlreadyDecided, OrderUnknown, NothingToTakeBack):
        flash(decided_words(), "error")
    except PaidBack:
        flash(_("This match stands: its money was paid back already, or it is money that left."), "error")
    back = request.form.get("statement", "")
    if back and load_statement(back):
        return redirect(url_for("organise.statement", public_id=back), 303)
    return redirect(url_for("organise.bank_line", public_id=public_id), 303)


def do_accept(row: LineRow, code: str) -> str:
    accept(row.line.public_id, code, actor=me())
    return _("The proposal is booked on %(code)s.", code=code)


def do_ignore(row: LineRow, reason: str) -> str:
    ignore(row.line.public_id, reason or reason_choices()[-1], actor=me())
    return _("The line is set aside.")


def do_again(row: LineRow, _value: str) -> str:
    look_again(row.line.public_id, actor=me())
    return _("The line waits again.")


def do_undo(row: LineRow, code: str) -> str:
    undo(row.line.public_id, code, actor=me())
    return _("The match with %(code)s is undone: the ledger shows both entries, and the line waits again.", code=code)


ACTS: dict[str, Callable[[LineRow, str], str]] = {
    "accept": do_accept,
    "ignore": do_ignore,
    "again": do_again,
    "undo": do_undo,
}
