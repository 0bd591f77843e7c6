"""Refunds in words: their states, why one was refused, why it was asked for."""

from __future__ import annotations

from flask_babel import get_locale, gettext as _

from models.payments import Refund, RefundState
from services.money import say_money
from services.providers import BY_HAND, NEEDS_ACCOUNT
from services.refunds import (
    AccountMissing,
    MoreThanReceived,
    NothingToGiveBack,
    RefundRefused,
    SameEyes,
)


def refund_refusal(refusal: RefundRefused) -> str:
    """Why nothing was done, and what to do."""
    if isinstance(refusal, MoreThanReceived):
        left = say_money(refusal.left_cents, str(get_locale()))
        return _("Only %(amount)s can still go back. Write that or less.", amount=left)
    if isinstance(refusal, AccountMissing):
        return _("It came by transfer. Write the account it shall go back to.")
    if isinstance(refusal, NothingToGiveBack):
        return _("Write an amount above zero.")
    if isinstance(refusal, SameEyes):
        return _("You asked for it yourself. Somebody else of finance has to say yes.")
    return _("Somebody has dealt with it meanwhile. Here is where it stands now.")


def state_words(refund: Refund) -> str:
    """Where a refund stands."""
    match refund.state:
        case RefundState.REQUESTED if refund.needs_approval and refund.approved_at is None:
            return _("waits for a second person")
        case RefundState.REQUESTED:
            return _("about to leave")
        case RefundState.PENDING if refund.file_id is not None:
            return _("in a file for the bank")
        case RefundState.PENDING if refund.provider in BY_HAND:
            return _("to be paid at the bank") if refund.provider in NEEDS_ACCOUNT else _("to be paid from the till")
        case RefundState.PENDING:
            return _("on its way")
        case RefundState.SUCCEEDED:
            return _("paid back")
        case _:
            return _("not paid back")


def reason_words(reason: str) -> str:
    """Why it was asked for: a code of ours in words, or the words of whoever asked."""
    known = {
        "event_cancelled": _("The event was cancelled."),
        "asked_by_buyer": _("The buyer gave an account."),
        "too_much": _("More came than is owed."),
        "at_provider": _("Given back at the card provider itself."),
    }
    return known.get(reason, reason)
