"""What is answered about a colleague, by their HR manager or at the desk: one answer, said once."""

from __future__ import annotations

from collections.abc import Callable

from flask import abort, flash, request
from flask_babel import gettext as _

from blueprints.guards import me
from blueprints.organisations.words import refusal_words
from models.organisations import Affiliation
from services import affiliations
from services.affiliations import AffiliationUnknown, AlreadyDecided, LastHrManager, NotYours
from services.organisation_pages import live_colleague

Answer = tuple[Callable[[], Affiliation], str]


def colleague_verified(public_id: str, person_id: str) -> Answer:
    """What confirms that they work there, and the sentence that says so."""
    return lambda: affiliations.verify(public_id, person_id, actor=me()), _("Confirmed. They are told by mail.")


def hr_role_changed(public_id: str, person_id: str) -> Answer:
    """What gives or takes the role of HR manager, as the form asks, and the sentence that says so."""
    given = request.form.get("act") == "give"
    done = (
        _("HR manager from now on. They are told by mail.")
        if given
        else _("No longer HR manager. They are told by mail.")
    )
    return lambda: affiliations.set_hr_manager(public_id, person_id, given=given, actor=me()), done


def decided(organisation_id: int, person_id: str, decide: Callable[[], Affiliation], done: str) -> None:
    """Decide and say so, or why not; 404 for a person of another organisation, or who is not theirs to decide about."""
    if live_colleague(organisation_id, person_id) is None:
        abort(404)
    try:
        decide()
        flash(done, "success")
    except (AlreadyDecided, AffiliationUnknown, LastHrManager) as refusal:
        flash(refusal_words(refusal), "warning")
    except NotYours:
        abort(404)
