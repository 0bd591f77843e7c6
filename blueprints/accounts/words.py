"""The sentences of refusals at the door: why, and what to do next."""

from __future__ import annotations

from flask_babel import gettext as _, ngettext

from blueprints.guards import current_person
from blueprints.words import ZONE, clock
from services.codes import CodeExpired, CodeRefused, CodeUsed, CodeWrong, TooManyTries
from services.throttles import TooMany


def code_refusal(refusal: CodeRefused) -> str:
    """Why a code or link opens nothing."""
    if isinstance(refusal, CodeWrong):
        return ngettext(
            "These are not the digits of our last mail. You have %(num)s more try.",
            "These are not the digits of our last mail. You have %(num)s more tries.",
            refusal.tries_left,
        )
    if isinstance(refusal, TooManyTries):
        return _("Five wrong tries: these digits no longer work. Use the link in the mail, or ask for a new code.")
    if isinstance(refusal, CodeUsed):
        return _("This code has been used already. Ask for a new one.")
    if isinstance(refusal, CodeExpired):
        return _("This code is more than 15 minutes old, or was asked for in another browser. Ask for a new one.")
    return _("This code does not work. Ask for a new one.")


def link_refusal(refusal: CodeRefused) -> str:
    """Why a mailed link opens nothing."""
    if isinstance(refusal, CodeUsed):
        return _("This link has been used already, or its code has. Ask for a new one.")
    return _(
        "It works for 15 minutes, and only whole: check that your mail program has not cut it. Else ask for a new one."
    )


def again_at(limit: TooMany) -> str:
    """The time of day when the next one is allowed, on the reader's clock."""
    person = current_person()
    return clock(limit.retry_at, person.zone if person else ZONE)


def too_many_mails(limit: TooMany) -> str:
    return _(
        "We have sent many codes within the hour. Look for the last mail, also among unwanted ones, or ask again "
        "at %(time)s.",
        time=again_at(limit),
    )


def too_many_tries(limit: TooMany) -> str:
    return _("Too many wrong answers in a short time. Please try again at %(time)s.", time=again_at(limit))
