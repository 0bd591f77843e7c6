"""The QR code that opens a reader's banking app with everything filled in."""

from __future__ import annotations

from flask import current_app
from flask_babel import get_locale, gettext as _
from markupsafe import Markup

from models.orders import Order
from services.money import say_money


def payment_code(order: Order, cents: int) -> Markup | None:
    """The EPC069-12 QR code, as an SVG, for what is still to pay; None when nothing is. `cents` ≥ 0."""
    if not cents or not order.reference:
        return None
    from integrations.qr import epc

    cluster = current_app.extensions["cluster"]
    label = _("QR code for a bank transfer of %(amount)s", amount=say_money(cents, str(get_locale() or "en")))
    bank = cluster.bank
    holder = bank.get("holder") or cluster.legal_name
    return Markup(epc(holder, bank["iban"], bank.get("bic"), cents, order.reference, label=label))
