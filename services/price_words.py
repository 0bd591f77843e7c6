"""A price in words: the figure that this reader reads first, and the other one with the word for VAT, always both.

Without VAT first for a company, with VAT first for everybody else (Code of Economic Law art. VI.3: consumers read the total).
"""

from __future__ import annotations

from flask_babel import gettext as _

from models.events import VatTreatment
from models.orders import OrderLine
from services.money import say_money
from services.prices import Price


def amount_words(price: Price, locale: str) -> str:
    """The figure that is read first: “€508.20”, “Free”."""
    return _("Free") if price.is_free else say_money(price.first_cents, locale, short=True)


def vat_note(price: Price, locale: str) -> str:
    """The other figure in a few words: “VAT included, €420 without”; '' for a free place."""
    if price.is_free:
        return ""
    if price.vat_rate and price.customer.is_business:
        return str(_("without VAT, %(gross)s with", gross=say_money(price.gross_cents, locale)))
    if price.vat_rate:
        return str(_("VAT included, %(net)s without", net=say_money(price.net_cents, locale, short=True)))
    if price.vat == VatTreatment.EXEMPT_TRAINING:
        return str(_("exempt from VAT"))
    return str(_("reverse charge") if price.vat == VatTreatment.REVERSE_CHARGE else _("no VAT"))


def vat_sentence(price: Price, locale: str) -> str:
    """The other figure and the rate, or the law by which there is no VAT; '' for a free place."""
    if price.is_free:
        return ""
    if not price.vat_rate:
        return free_of_vat(price.vat, price.ticket.vat)
    return other_figure(price.net_cents, price.gross_cents, price.vat_rate, price.customer.is_business, locale)


def other_figure(net_cents: int, gross_cents: int, rate: int, is_business: bool, locale: str) -> str:
    """The figure that is read second, after the net for a company and after the gross for everybody else."""
    if is_business:
        return str(_("VAT %(rate)s %% excluded: %(gross)s with VAT.", rate=rate, gross=say_money(gross_cents, locale)))
    return str(_("VAT %(rate)s %% included: %(net)s without VAT.", rate=rate, net=say_money(net_cents, locale)))


def line_words(line: OrderLine, is_business: bool, locale: str) -> str:
    """What a line of an order costs, in both figures: “€508.20. VAT 21 % included: €420.00 without VAT.”; '' when free."""
    if not line.gross_cents:
        return ""
    first = say_money(line.net_cents if is_business else line.gross_cents, locale)
    if not line.vat_rate:
        return f"{first}. {free_of_vat(line.vat)}"
    return f"{first}. {other_figure(line.net_cents, line.gross_cents, line.vat_rate, is_business, locale)}"


def free_of_vat(vat: str, ticket_vat: str = "") -> str:
    """Why there is no VAT. `ticket_vat`: how it would apply to somebody here."""
    if vat == VatTreatment.EXEMPT_TRAINING:
        return str(_("No VAT: vocational training, article 44 §2 4° of the Belgian VAT Code."))
    if vat == VatTreatment.REVERSE_CHARGE:
        return str(_("No Belgian VAT: your company owes it at home (reverse charge)."))
    if ticket_vat == VatTreatment.STANDARD:
        return str(_("No Belgian VAT: your company is outside the European Union."))
    return str(_("No VAT."))
