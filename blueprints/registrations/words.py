"""Why a registration is refused, and what to do next, in the reader's language."""

from __future__ import annotations

from flask_babel import get_locale, gettext as _, ngettext

from blueprints.registrations.voucher_entry import voucher_refusal
from models.events import Event
from models.registrations import TransitionRefused
from services.date_changes import NotTheSameCourse
from services.dates import say_deadline
from services.money import say_money
from services.on_account import NoPaymentTerm
from services.payers import PayerGone
from services.placeholders import AlreadyNamed
from services.prerequisites import PrerequisitesMissing, PrerequisitesUnconfirmed
from services.registrations import (
    AlreadyRegistered,
    AnswersMissing,
    EventFull,
    MembersOnly,
    OrganisationCapReached,
    PriceChanged,
    RegistrationClosed,
    RegistrationRefused,
    TicketGone,
)
from services.vouchers import VoucherRefused


def refusal_words(refusal: RegistrationRefused, event: Event) -> str:
    """One or two sentences: why, and what to do next."""
    locale = str(get_locale())
    match refusal:
        case MembersOnly():
            return _("This event is for members. Sign in with your work address if your organisation is one.")
        case EventFull():
            return _("The last place has just gone and there is no waiting list. Look for another date.")
        case OrganisationCapReached(cap=cap):
            return ngettext(
                "Your organisation has the one place it may have here. A colleague may give theirs back.",
                "Your organisation has the %(num)s places it may have here. A colleague may give theirs back.",
                cap,
            )
        case PrerequisitesMissing():
            return _("This course asks for another one first. Complete it, or ask the organiser for an exemption.")
        case PrerequisitesUnconfirmed():
            return _("Say that you meet what the course asks, or write to the organiser first.")
        case PayerGone():
            return _("This organisation can no longer pay for you. Choose again who pays. Nothing was booked.")
        case NoPaymentTerm():
            return _("This organisation pays before the event, not later by invoice. Choose again. Nothing was booked.")
        case PriceChanged(price=price):
            return _(
                "The price has changed while you were here: it is now %(price)s. Nothing was booked. "
                "Read the new price, then confirm.",
                price=_("free") if price.is_free else say_money(price.gross_cents, locale),
            )
        case VoucherRefused():
            return voucher_refusal(refusal, event)
        case AnswersMissing():
            return _("The organiser has changed a question meanwhile. Nothing was booked. Answer it, then confirm.")
        case TicketGone():
            return _("This kind of place is no longer on sale for you. Choose another one.")
        case _:
            return closed_words(event)


def change_refusal(refusal: Exception, event: Event) -> str:
    """Why a change of a registration is refused, and what to do next."""
    match refusal:
        case AlreadyRegistered():
            return _("This person has a place of their own already. Choose somebody else.")
        case EventFull():
            return _("The last place there has just gone. Choose another one.")
        case TicketGone():
            return _("There is no such place at the price you agreed to. Write to the organiser.")
        case NotTheSameCourse():
            return _("This date is no longer open. Choose another one.")
        case AlreadyNamed():
            return _("Somebody is named already. Send a colleague in their place.")
        case TransitionRefused():
            return _("This registration has ended or holds no place, so there is nothing to pass on.")
        case PrerequisitesMissing():
            return _(
                "This course asks for another one first, which this person has not completed. Choose somebody else, or ask the organiser."
            )
        case RegistrationClosed():
            return _("It is too late for this change. Write to the organiser.")
        case RegistrationRefused():
            return refusal_words(refusal, event)
    raise refusal


def closed_words(event: Event) -> str:
    """Why the event takes no registrations now."""
    from models.base import now

    if event.run == "cancelled":
        return _("This event is cancelled.")
    if event.run == "postponed":
        return _("This event is postponed. Registration opens again with the new date.")
    opens = event.registration_opens_at
    if opens is not None and opens > now():
        return _("Registration opens on %(when)s.", when=say_deadline(opens, str(get_locale()), event.zone))
    return _("Registration is closed. Look for another date, or write to the organiser.")
