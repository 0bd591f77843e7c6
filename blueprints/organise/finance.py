"""The finance desk: what waits this Monday, the VAT of a period, revenue by the month it is earned in."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, current_app, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext as _

from blueprints.guards import finance_only, me
from blueprints.organise import blueprint
from blueprints.security import cluster
from integrations.sheets import Column, Kind, csv_stream
from models.base import now
from models.invoices import VatCategory
from services.audit import record
from services.dates import say_month
from services.finance_desk import monday
from services.revenue import Month, by_month, paid_lines
from services.vat_summary import VatRow, vat_summary


@blueprint.context_processor
def finance_navigation() -> dict[str, Any]:
    """The rooms of the finance desk that this application has."""
    rooms = [
        ("finance", _("Today")), ("orders", _("Orders")), ("bank", _("Bank")), ("invoices", _("Invoices")),
        ("refunds", _("Refunds")), ("disputes", _("Disputes")), ("vat", _("VAT")), ("revenue", _("Revenue")),
    ]  # fmt: skip
    return {"finance_rooms": lambda: [(words, url_for(f"organise.{room}")) for room, words in rooms if known(room)]}


def known(room: str) -> bool:
    return f"organise.{room}" in current_app.view_functions


def today() -> date:
    return now().astimezone(ZoneInfo(cluster().zone)).date()


@blueprint.get("/organise/finance")
def finance() -> ResponseReturnValue:
    """What waits for finance."""
    finance_only()
    return render_template(
        "organise/finance.html", figures=monday(now()), has_bank=known("bank"), has_invoices=known("invoices")
    )


def category_words() -> dict[VatCategory, str]:
    return {
        VatCategory.STANDARD: _("taxed"),
        VatCategory.EXEMPT: _("exempt training, art. 44 § 2, 4°"),
        VatCategory.REVERSE_CHARGE: _("reverse charge"),
        VatCategory.OUT_OF_SCOPE: _("out of scope"),
    }


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
        return file_of("vat", f"vat-{first}-{last}.csv", vat_columns(), vat_cells(rows))
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


def vat_columns() -> list[Column]:
    titles = [_("Treatment"), _("Rate %")]
    amounts = [
        _("Base invoiced"), _("VAT invoiced"), _("Base of other receipts"), _("VAT of other receipts"), _("Base"),
        _("VAT"),
    ]  # fmt: skip
    return [Column(titles[0]), Column(titles[1], Kind.NUMBER), *(Column(title, Kind.MONEY) for title in amounts)]


def vat_cells(rows: Iterable[VatRow]) -> list[tuple[Any, ...]]:
    words = category_words()
    return [
        (
            words[row.category], row.rate, row.invoiced_base_cents, row.invoiced_vat_cents, row.other_base_cents,
            row.other_vat_cents, row.base_cents, row.vat_cents,
        )
        for row in rows
    ]  # fmt: skip


@blueprint.route("/organise/finance/revenue", methods=["GET", "POST"])
def revenue() -> ResponseReturnValue:
    """Revenue by the month of the event, earned and deferred, as a table and a chart; as a file when posted."""
    finance_only()
    months = by_month(paid_lines(), now(), cluster().zone)
    if request.method == "POST":
        columns = [
            Column(_("Month"), Kind.DATE), Column(_("Earned"), Kind.MONEY), Column(_("Deferred"), Kind.MONEY),
            Column(_("Together"), Kind.MONEY), Column(_("Events"), Kind.NUMBER),
        ]  # fmt: skip
        return file_of("revenue", f"revenue-{today()}.csv", columns, month_cells(months))
    return render_template(
        "organise/revenue.html",
        months=[(say_month(month.first_day, str(get_locale()), always_year=True), month) for month in months],
        earned=sum(month.earned_cents for month in months),
        deferred=sum(month.deferred_cents for month in months),
    )


def month_cells(months: Iterable[Month]) -> list[tuple[Any, ...]]:
    return [
        (month.first_day, month.earned_cents, month.deferred_cents, month.total_cents, month.events) for month in months
    ]


def file_of(what: str, name: str, columns: list[Column], rows: list[tuple[Any, ...]]) -> Response:
    """A CSV file; that it was taken is an audit entry."""
    body = b"".join(csv_stream(columns, rows))
    record("finance.exported", me(), details={"what": what, "rows": len(rows)}, ip=request.remote_addr or "")
    answer = Response(body, content_type="text/csv; charset=utf-8")
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    answer.headers["Cache-Control"] = "no-store"
    return answer
