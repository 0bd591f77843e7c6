"""Words of documents on pages: their ways, their states, the duty of an e-invoice."""

from __future__ import annotations

from flask_babel import gettext as _, pgettext

from services.einvoicing import Duty


def duty_words(duty: Duty) -> str:
    """What the law says of the e-invoice, and why."""
    return {
        Duty.REQUIRED: _("The law asks for an e-invoice: a taxed sale between Belgian businesses."),
        Duty.BY_AGREEMENT: _("No duty: an e-invoice may be sent if the buyer wants it."),
        Duty.NOT_REQUIRED: _("No duty: the sale is exempt, or the buyer has exempt activity only."),
        Duty.NOT_FOR_PERSONS: _("No duty: the buyer is a private person."),
    }[duty]


def state_words(state: str) -> str:
    return {
        "queued": pgettext("document", "On its way"),
        "sent": pgettext("document", "Sent"),
        "delivered": pgettext("document", "Delivered"),
        "rejected": pgettext("document", "Rejected"),
        "failed": pgettext("document", "Failed"),
    }[state]


def channel_words(channel: str) -> str:
    return {"email": _("By mail"), "folder": _("In the folder of e-invoices")}.get(channel, channel)


def action_words(action: str) -> str:
    return {
        "invoice.issued": _("Invoice issued"),
        "credit_note.issued": _("Credit note issued"),
        "invoice.transmitted": _("E-invoice handed over"),
    }.get(action, action)
