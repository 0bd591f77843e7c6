"""The QR code that opens a reader's banking app with everything filled in."""

from __future__ import annotations

from flask_babel import get_locale, gettext as _
from markupsafe import Markup

from integrations.payments import Instructions
from services.money import say_money


def payment_code(said: Instructions) -> Markup:
    """The EPC069-12 QR code of a transfer, as an SVG."""
    from integrations.qr import epc

    label = _("QR code for a bank transfer of %(amount)s", amount=say_money(said.cents, str(get_locale() or "en")))
    return Markup(epc(said.holder, said.iban, said.bic, said.cents, said.communication, label=label))
