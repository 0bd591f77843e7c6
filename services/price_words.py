"""A price in words: the figure that this reader reads first, and the other one with the word for VAT, always both.

Without VAT first for a company, with VAT first for everybody else (Code of Economic Law art. VI.3: consumers read the total).
"""

from __future__ import annotations

from flask_babel import gettext as _

from models.events import VatTreatment
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
    return str({VatTreatment.EXEMPT_TRAINING: _("exempt from VAT")}.get(price.vat) or _("no VAT"))


def vat_sentence(price: Price, locale: str) -> str:
    """The other figure and the rate, or the law by which there is no VAT; '' for a free place."""
    if price.is_free:
        return ""
    if price.vat_rate and price.customer.is_business:
        gross = say_money(price.gross_cents, locale)
        return str(_("VAT %(rate)s %% excluded: %(gross)s with VAT.", rate=price.vat_rate, gross=gross))
    if price.vat_rate:
        net = say_money(price.net_cents, locale)
        return str(_("VAT %(rate)s %% included: %(net)s without VAT.", rate=price.vat_rate, net=net))
    return free_of_vat(price.vat, price.ticket.vat)


def free_of_vat(vat: str, ticket_vat: str = "") -> str:
    """Why there is no VAT. `ticket_vat`: how it would apply to somebody here."""
    if vat == VatTreatment.EXEMPT_TRAINING:
        return str(_("No VAT: vocational training, article 44 §2 4° of the Belgian VAT Code."))
    if vat == VatTreatment.REVERSE_CHARGE:
        return str(_("No Belgian VAT: your company owes it at home (reverse charge)."))
    if ticket_vat == VatTreatment.STANDARD:
        return str(_("No Belgian VAT: your company is outside the European Union."))
    return str(_("No VAT."))
