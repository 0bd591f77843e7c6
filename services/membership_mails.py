"""The mails about memberships: to the admins who decide, and to the HR managers of the organisation."""

from __future__ import annotations

from models.organisations import Membership, Organisation
from services.affiliation_mails import admins_locked, hr_managers_locked, tell_locked


def tell_applied_locked(organisation: Organisation, row: Membership) -> None:
    """Tell the admins that an organisation wants to be a member, or to go on."""
    context = {"organisation": organisation.public_id, "membership": row.public_id}
    tell_locked("membership_applied", admins_locked(), context)


def tell_decided_locked(organisation: Organisation, row: Membership, before: str) -> None:
    """Tell the HR managers where the membership stands now, and why. `before` is the status it had."""
    context = {
        "organisation": organisation.public_id,
        "membership": row.public_id,
        "decision": f"{before}_{row.status}",
        "reason": "" if row.reason in CODES or row.reason.startswith("paid: ") else row.reason,
    }
    tell_locked("membership_decided", hr_managers_locked(organisation), context)


CODES = frozenset({"ended", "not_renewed", "renewed", "left", "never_paid", "withdrawn"})
"""Reasons that the clock gives; the rest are words of a person."""
