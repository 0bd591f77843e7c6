"""Closing an event: what it would be for everybody, then the button, then what it was."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext as _

from blueprints.guards import me, organiser_of
from blueprints.organise import blueprint
from blueprints.organise.events import event_page
from models.base import now
from models.events import Run
from models.registrations import Outcome
from services.closing import AlreadyClosed, NotHeld, NotOver, close as close_for_good, preview, refusal
from services.dates import say_deadline
from services.desk import event_of_desk
from services.jobs import latest_job

ORDER = (Outcome.COMPLETED, Outcome.PARTIAL, Outcome.NO_SHOW, Outcome.EXCUSED, Outcome.FAILED)


@blueprint.get("/organise/events/<slug>/close")
def close(slug: str) -> ResponseReturnValue:
    """What closing would do, by name; once closed, what it did."""
    event = event_of_desk(organiser_of(slug).id)
    slots = [slot for slot in event.slots if slot.cancelled_at is None]
    ends_at = max((slot.ends_at for slot in slots), default=event.ends_at)
    found = preview(event)
    return render_template(
        "organise/close.html",
        **event_page(event),
        preview=found,
        groups=[(outcome, found.of(outcome)) for outcome in ORDER if found.of(outcome)],
        refusal=refusal_words(refusal(event, ends_at, now()), event.zone),
        is_closed=event.run == Run.CLOSED,
        job=latest_job("issue_certificates", event.id),
    )


def refusal_words(why: Exception | None, zone: str) -> str:
    """Why the event cannot be closed now; '' when it can, or when it is."""
    match why:
        case NotOver():
            return _("Its last slot ends on %(when)s. It can be closed after that.",
                     when=say_deadline(why.ends_at, str(get_locale()), zone))  # fmt: skip
        case NotHeld():
            return _("It never took place for certain. Decide, publish or resume it first; then it can be closed.")
    return ""


@blueprint.post("/organise/events/<slug>/close")
def close_now(slug: str) -> ResponseReturnValue:
    """Close it. With certificates to issue, on to their progress."""
    event = organiser_of(slug)
    zone = event.zone
    try:
        closed = close_for_good(event.id, me())
    except AlreadyClosed:
        flash(_("It is closed already. Here is what it was for everybody."), "info")
    except (NotHeld, NotOver) as why:
        flash(refusal_words(why, zone), "error")
    else:
        flash(_("The event is closed."), "success")
        if closed.job:
            return redirect(url_for("organise.job", public_id=closed.job.public_id), 303)
    return redirect(url_for("organise.close", slug=slug), 303)
