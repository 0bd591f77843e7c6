"""Sentences about organisations: their kinds, memberships and history, and why something was refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask_babel import get_locale, gettext as _, lazy_gettext as _l
from wtforms import TextAreaField

from blueprints.forms import Form, filled, longest
from models.organisations import MembershipStatus, OrganisationKind
from services.affiliations import (
    AffiliationUnknown,
    AlreadyDecided,
    AlreadyThere,
    ClaimedBefore,
    LastHrManager,
    TooManyClaims,
)
from services.dates import say_day
from services.membership_plans import PlanUnknown
from services.memberships import AlreadyApplied, MembershipUnknown, PeriodsOverlap, TooEarlyToRenew


class ReasonForm(Form):
    """Why: the person, or the organisation, reads it."""

    reason = TextAreaField(_l("Why"), [filled(), longest(300)])


def kind_words() -> dict[str, str]:
    return {
        OrganisationKind.COMPANY: _("Company"),
        OrganisationKind.LARGE_COMPANY: _("Large company"),
        OrganisationKind.START_UP: _("Start-up"),
        OrganisationKind.UNIVERSITY: _("University"),
        OrganisationKind.HOSPITAL: _("Hospital"),
        OrganisationKind.PUBLIC_BODY: _("Public body"),
        OrganisationKind.OTHER: _("Other organisation"),
    }


def refusal_words(refusal: Exception) -> str:
    """Why nothing was done, and what to do next."""
    locale = str(get_locale())
    sentences: dict[type[Exception], Callable[[Any], str]] = {
        AlreadyDecided: lambda _refusal: _("Somebody else has answered meanwhile. The list shows where it stands now."),
        AffiliationUnknown: lambda _refusal: _("This person is no longer on the list. Nothing was changed."),
        LastHrManager: lambda _refusal: _(
            "Nobody else could look after the people then. Make another HR manager first."
        ),
        AlreadyThere: lambda _refusal: _("You have said so already: it is on the list."),
        TooManyClaims: lambda _refusal: _("Five answers are still open, which is the most. Wait for one of them."),
        ClaimedBefore: lambda refusal: _(
            "The answer was no. You can ask again from %(day)s; before that, talk to your colleagues there.",
            day=say_day(refusal.again_at, locale),
        ),
        PlanUnknown: lambda _refusal: _("This membership is no longer offered. Choose another one."),
        AlreadyApplied: lambda _refusal: _("An application is open already. It is decided first."),
        MembershipUnknown: lambda _refusal: _("There is nothing to change any more. The page shows where it stands."),
        TooEarlyToRenew: lambda refusal: _(
            "The membership goes on for long. You can renew it from %(day)s.",
            day=say_day(refusal.renewable_from, locale),
        ),
        PeriodsOverlap: lambda refusal: _(
            "Another membership covers some of these days. The first free day is %(day)s.",
            day=say_day(refusal.free_from, locale),
        ),
    }
    return sentences[type(refusal)](refusal)


def act_words(action: str, about: str, details: dict[str, Any]) -> str:
    """What was done to an organisation, of one audit entry. `about` is the person it was about."""
    name, domain = about or _("a person"), details.get("domain", "")
    if action == "membership.moved":
        return moved_words(details)
    return {
        "organisation.added": _("added the organisation"),
        "organisation.edited": _("corrected it"),
        "domain.added": _("noted the domain %(domain)s", domain=domain),
        "domain.verified": _("confirmed the domain %(domain)s", domain=domain),
        "domain.removed": _("removed the domain %(domain)s", domain=domain),
        "affiliation.claimed": _("said to work here"),
        "affiliation.verified": _("confirmed that %(name)s works here", name=name),
        "affiliation.rejected": _("said that %(name)s does not work here", name=name),
        "affiliation.ended": _("ended the work of %(name)s here", name=name),
        "affiliation.left": _("left"),
        "affiliation.hr_given": _("made %(name)s HR manager", name=name),
        "affiliation.hr_taken": _("made %(name)s a colleague like others", name=name),
        "membership.applied": _("applied for a membership"),
        "membership.withdrawn": _("took the application back"),
        "membership.leaving": _("gives the membership up at its end"),
        "membership.staying": _("keeps the membership after all"),
    }.get(action, action.replace(".", ": ").replace("_", " "))


def moved_words(details: dict[str, Any]) -> str:
    """What became of a membership."""
    again = details.get("from") == MembershipStatus.SUSPENDED
    words: dict[str, str] = {
        MembershipStatus.APPROVED: _("approved the membership"),
        MembershipStatus.REJECTED: _("did not approve the membership"),
        MembershipStatus.ACTIVE: _("took the membership up again") if again else _("began the membership"),
        MembershipStatus.GRACE: _("the membership ran out"),
        MembershipStatus.LAPSED: _("the membership ended"),
        MembershipStatus.RESIGNED: _("ended the membership"),
        MembershipStatus.SUSPENDED: _("suspended the membership"),
    }
    to = str(details.get("to", ""))
    return words.get(to, to)


def reason_words(reason: str) -> str:
    """Why a membership stands where it does: words of a person as they are, those of the clock in words."""
    if reason.startswith("paid: "):
        return _("Fee received: %(reference)s", reference=reason.removeprefix("paid: "))
    return {
        "ended": _("its period ended"),
        "not_renewed": _("not renewed in time"),
        "renewed": _("followed by the next one"),
        "left": _("given up by the organisation"),
        "never_paid": _("its fee never came"),
        "withdrawn": _("taken back by the organisation"),
    }.get(reason, reason)
