"""The figures of the finance desk as files: CSV as Belgian spreadsheets open it, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask_babel import gettext as _

from integrations.sheets import Column, Kind, csv_stream
from models.invoices import VatCategory
from services.revenue import Month
from services.vat_summary import VatRow


def category_words() -> dict[VatCategory, str]:
    return {
        VatCategory.STANDARD: _("taxed"),
        VatCategory.EXEMPT: _("exempt training, art. 44 § 2, 4°"),
        VatCategory.REVERSE_CHARGE: _("reverse charge"),
        VatCategory.OUT_OF_SCOPE: _("out of scope"),
    }


def vat_file(rows: Iterable[VatRow]) -> bytes:
    """The VAT of a period."""
    return b"".join(csv_stream(vat_columns(), vat_cells(rows)))


def revenue_file(months: Iterable[Month]) -> bytes:
    """Revenue by the month of the event, net of VAT."""
    columns = [
        Column(_("Month"), Kind.DATE),  # empty: postponed, no date yet
 Column(_("Earned"), Kind.MONEY), Column(_("Deferred"), Kind.MONEY),
        Column(_("Together"), Kind.MONEY), Column(_("Events"), Kind.NUMBER),
    ]  # fmt: skip
    return b"".join(csv_stream(columns, month_cells(months)))


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


def month_cells(months: Iterable[Month]) -> list[tuple[Any, ...]]:
    return [
        (month.first_day, month.earned_cents, month.deferred_cents, month.total_cents, month.events) for month in months
    ]
