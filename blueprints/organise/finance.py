"""The finance desk: what waits this Monday, the VAT of a period, revenue by the month it is earned in."""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext as _

from blueprints.guards import finance_only, me
from blueprints.organise import blueprint
from blueprints.organise.bank_words import state_words as line_state_words
from blueprints.organise.card_payments import dispute_words
from blueprints.refund_words import state_words
from blueprints.security import cluster
from models.base import now
from services.accounting import accounting_file
from services.audit import record
from services.dates import say_month
from services.finance_desk import monday
from services.finance_files import category_words, revenue_file, vat_file
from services.finance_search import search_finance
from services.finance_words import LONGEST
from services.revenue import by_month, paid_lines
from services.vat_summary import vat_summary


@blueprint.context_processor
def finance_navigation() -> dict[str, Any]:
    """The rooms of the finance desk that this application has."""
    rooms = [
        ("finance", _("Today")), ("orders", _("Orders")), ("bank", _("Bank")), ("invoices", _("Invoices")),
        ("refunds", _("Refunds")), ("disputes", _("Disputes")), ("vat", _("VAT")), ("revenue", _("Revenue")),
    ]  # fmt: skip
    return {"finance_rooms": lambda: [(words, url_for(f"organise.{room}"), here(room)) for room, words in rooms]}


def here(room: str) -> str:
    """'page' on the room's own page, 'true' on a page behind it, else ''."""
    address = url_for(f"organise.{room}")
    if request.path == address:
        return "page"
    return "true" if room != "finance" and request.path.startswith(f"{address}/") else ""


def today() -> date:
    return now().astimezone(ZoneInfo(cluster().zone)).date()


@blueprint.get("/organise/finance")
def finance() -> ResponseReturnValue:
    """What waits for finance."""
    finance_only()
    return render_template("organise/finance.html", figures=monday(now()))


@blueprint.get("/organise/finance/search")
def finance_search() -> ResponseReturnValue:
    """What finance looks for, in every list at once."""
    finance_only()
    query = asked_words()
    return render_template(
        "organise/finance_search.html", query=query, found=search_finance(query), state_words=state_words,
        line_words=line_state_words, dispute_words=dispute_words,
    )  # fmt: skip


def asked_words() -> str:
    """The words of the query, which lists of finance filter by."""
    return request.args.get("q", "").strip()[:LONGEST]


def quarter_of(day: date) -> tuple[date, date]:
    """The first and last day of the calendar quarter: the period of most Belgian VAT returns."""
    first = date(day.year, 3 * ((day.month - 1) // 3) + 1, 1)
    month = first.month + 2
    return first, date(first.year, month, monthrange(first.year, month)[1])


def asked_period() -> tuple[date, date]:
    """The period of the query, else the quarter of today; a day that is none is passed over."""
    first, last = quarter_of(today())
    try:
        first = date.fromisoformat(request.values.get("from", ""))
        last = date.fromisoformat(request.values.get("to", ""))
    except ValueError:
        return quarter_of(today()) if not request.values.get("from") else (first, max(first, last))
    return min(first, last), max(first, last)


@blueprint.route("/organise/finance/vat", methods=["GET", "POST"])
def vat() -> ResponseReturnValue:
    """The VAT of a period as a table and a chart; as a file when posted."""
    finance_only()
    first, last = asked_period()
    rows = vat_summary(first, last, cluster().zone)
    if request.method == "POST":
        return file_of("vat", f"vat-{first}-{last}.csv", vat_file(rows), len(rows))
    return render_template(
        "organise/vat.html", rows=rows, first=first, last=last, words=category_words(), quarters=quarters(first)
    )


def quarters(first: date) -> list[tuple[str, date, date]]:
    """The last five quarters up to today, for one click each."""
    found, day = [], today()
    for _turn in range(5):
        begins, ends = quarter_of(day)
        found.append((_("Q%(number)s %(year)s", number=(begins.month + 2) // 3, year=begins.year), begins, ends))
        day = date.fromordinal(begins.toordinal() - 1)
    return found


@blueprint.route("/organise/finance/revenue", methods=["GET", "POST"])
def revenue() -> ResponseReturnValue:
    """Revenue by the month of the event, earned and deferred, as a table and a chart; as a file when posted."""
    finance_only()
    months = by_month(paid_lines(), now(), cluster().zone)
    if request.method == "POST":
        return file_of("revenue", f"revenue-{today()}.csv", revenue_file(months), len(months))
    return render_template(
        "organise/revenue.html",
        months=[(month_words(month.first_day), month) for month in months],
        earned=sum(month.earned_cents for month in months),
        deferred=sum(month.deferred_cents for month in months),
    )


def month_words(first_day: date | None) -> str:
    return say_month(first_day, str(get_locale()), always_year=True) if first_day else _("no date yet")


@blueprint.post("/organise/finance/accounting")
def accounting() -> ResponseReturnValue:
    """One line for each movement of money of a period, for the accountant's program."""
    finance_only()
    first, last = asked_period()
    body, rows = accounting_file(first, last)
    return file_of("accounting", f"accounting-{first}-{last}.csv", body, rows)


def file_of(what: str, name: str, body: bytes, rows: int) -> Response:
    """A CSV file; that it was taken is an audit entry."""
    record("finance.exported", me(), details={"what": what, "rows": rows}, ip=request.remote_addr or "")
    answer = Response(body, content_type="text/csv; charset=utf-8")
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    answer.headers["Cache-Control"] = "no-store"
    return answer
