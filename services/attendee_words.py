"""The words of a registration's axes as lists print them: status, payment, presence, outcome. In the present language."""

from __future__ import annotations

from flask_babel import gettext as _, pgettext

from models.attendance import Presence
from models.orders import PaymentStatus
from models.registrations import Outcome, Status


def status_words() -> dict[str, str]:
    return {
        Status.PENDING_APPROVAL: _("Awaiting approval"),
        Status.AWAITING_PAYMENT: _("Awaiting payment"),
        Status.WAITLISTED: _("Waiting list"),
        Status.OFFERED: _("Place offered"),
        Status.CONFIRMED: _("Confirmed"),
        Status.DECLINED: _("Declined"),
        Status.EXPIRED: _("Expired"),
        Status.CANCELLED: pgettext("registration", "Cancelled"),
        Status.TRANSFERRED: _("Transferred"),
        Status.SUBSTITUTED: _("Substituted"),
    }


def payment_words() -> dict[str, str]:
    return {
        PaymentStatus.NOT_REQUIRED: _("Nothing to pay"),
        PaymentStatus.UNPAID: _("Unpaid"),
        PaymentStatus.PARTLY_PAID: _("Partly paid"),
        PaymentStatus.PAID: _("Paid"),
        PaymentStatus.OVERPAID: _("Paid too much"),
        PaymentStatus.REFUND_DUE: _("Refund due"),
        PaymentStatus.REFUNDED: _("Refunded"),
    }


def presence_words() -> dict[str, str]:
    """Without `unmarked`: nobody said anything, so the cell stays empty."""
    return {
        Presence.PRESENT: _("Present"),
        Presence.LATE: _("Late"),
        Presence.LEFT_EARLY: _("Left early"),
        Presence.ABSENT: _("Absent"),
        Presence.EXCUSED: _("Excused"),
    }


def outcome_words() -> dict[str, str]:
    return {
        Outcome.COMPLETED: _("Completed"),
        Outcome.PARTIAL: _("Partly attended"),
        Outcome.NO_SHOW: _("Did not come"),
        Outcome.FAILED: _("Not passed"),
        Outcome.EXCUSED: _("Excused"),
    }
