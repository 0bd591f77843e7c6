"""The attendance list: one tap per person. Works as plain forms; static/attendance.js marks in place and keeps the taps
of a phone without a connection until they are sent."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta
from typing import Any

from flask import abort, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _, ngettext

from blueprints.guards import marker_of, me, roles
from blueprints.organise import blueprint
from blueprints.organise.attendance_words import choices, refusal_words, said, state_words
from models.attendance import Presence
from models.base import now, random_id
from models.events import Event, Slot
from models.search import folded
from services.attendance import (
    MarkRefused,
    Sheet,
    Tap,
    mark,
    mark_all_present,
    mark_many,
    sheet,
    sign_off,
    slot_counts,
    slot_of,
    take_back,
)
from services.desk import confirmed_by_event, event_of_desk
from services.permissions import may_organise

CLIENT_ID = re.compile(r"[A-Za-z0-9_-]{8,40}")
MOST_TAPS = 500  # of one request; a device sends the rest in the next


def slot_for(slug: str, public_id: str) -> tuple[Event, Slot]:
    """The event and its slot for who may mark it; 404 for a slot of another event."""
    event = event_of_desk(marker_of(slug).id)
    return event, slot_of(event.id, public_id) or abort(404)


@blueprint.get("/organise/events/<slug>/attendance")
def attendance_slots(slug: str) -> ResponseReturnValue:
    """Which list: the slots of the event, with who was there."""
    event = event_of_desk(marker_of(slug).id)
    slots = [slot for slot in event.slots if slot.cancelled_at is None]
    return render_template(
        "organise/attendance_slots.html",
        event=event,
        slots=slots,
        counts=slot_counts([slot.id for slot in slots]),
        expected=confirmed_by_event({event.id}).get(event.id, 0),
        may_edit=may_organise(roles(), event.id),
        now=now(),
    )


@blueprint.get("/organise/events/<slug>/attendance/<public_id>")
def attendance(slug: str, public_id: str) -> ResponseReturnValue:
    """The list of one slot."""
    event, slot = slot_for(slug, public_id)
    found = sheet(event, slot)
    if request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json":
        return jsonify(state_of(found, event))
    query = request.args.get("q", "").strip()[:80]
    return render_template(
        "organise/attendance.html",
        event=event,
        slot=slot,
        sheet=found,
        lines=[line for line in found.lines if folded(query) in folded(f"{line.name} {line.organisation}")],
        query=query,
        said={line.registration: said(line, event.zone) for line in found.lines},
        choices=choices(),
        words=state_words(),
        form_id=random_id(),
        may_edit=may_organise(roles(), event.id),
        batch=request.args.get("marked", "") if found.is_open else "",
        now=now(),
    )


@blueprint.post("/organise/events/<slug>/attendance/<public_id>")
def mark_one(slug: str, public_id: str) -> ResponseReturnValue:
    """One tap without scripts: `mark` is `<registration>:<presence>`. Sending the same form twice marks once."""
    event, slot = slot_for(slug, public_id)
    wanted, form_id = request.form.get("mark", ""), request.form.get("form_id", "")
    registration, _colon, presence = wanted.partition(":")
    if presence not in set(Presence):
        abort(400)
    client_id = hashlib.sha256(f"{form_id} {wanted}".encode()).hexdigest()[:32]
    try:
        mark(slot.public_id, registration, Presence(presence), actor=me(), client_id=client_id)
    except LookupError:
        abort(404)
    except MarkRefused as why:
        flash(refusal_words(why, event.zone), "error")
    back = {"q": request.form.get("q") or None}
    return redirect(list_of(event, slot, _anchor=f"person-{registration}", **back), 303)


def list_of(event: Event, slot: Slot, **values: Any) -> str:
    return url_for("organise.attendance", slug=event.slug, public_id=slot.public_id, **values)


@blueprint.post("/organise/events/<slug>/attendance/<public_id>/marks")
def attendance_marks(slug: str, public_id: str) -> ResponseReturnValue:
    """The taps a device has kept, as JSON: `{"marks": [{id, registration, presence, age}]}`, `age` in seconds.

    Answers the list as it is now, and the ids of the marks that were refused, each with a sentence. Whatever the answer
    names or passes over in silence, the device need not keep.
    """
    event, slot = slot_for(slug, public_id)
    marks = (request.get_json(silent=True) or {}).get("marks")
    if not isinstance(marks, list) or len(marks) > MOST_TAPS:
        abort(400)
    taps = [tap for tap in map(tap_of, marks) if tap]
    good = {tap.client_id for tap in taps}
    unread = {str(row.get("id")): ValueError() for row in marks if isinstance(row, dict) and row.get("id") not in good}
    refused: dict[str, Exception] = {**unread}
    try:
        refused |= mark_many(slot.public_id, taps, actor=me())
    except MarkRefused as why:
        refused |= dict.fromkeys(good, why)
    event = event_of_desk(event.id)
    answer = state_of(sheet(event, slot), event)
    return jsonify({**answer, "refused": {key: refusal_words(why, event.zone) for key, why in refused.items()}})


def tap_of(row: Any) -> Tap | None:
    """One mark as sent; None when it cannot be read."""
    if not isinstance(row, dict) or not isinstance(row.get("registration"), str):
        return None
    client_id, presence, age = row.get("id"), row.get("presence"), row.get("age", 0)
    if not isinstance(client_id, str) or not CLIENT_ID.fullmatch(client_id) or presence not in set(Presence):
        return None
    if isinstance(age, bool) or not isinstance(age, (int, float)) or not 0 <= age <= 10**8:
        return None
    return Tap(client_id, row["registration"], Presence(presence), timedelta(seconds=age))


def state_of(found: Sheet, event: Event) -> dict[str, Any]:
    """The list as the device shows it."""
    return {
        "people": {line.registration: [line.presence.value, said(line, event.zone)] for line in found.lines},
        "there": found.there,
        "total": len(found.lines),
        "unmarked": found.unmarked,
        "open": found.is_open,
    }


@blueprint.post("/organise/events/<slug>/attendance/<public_id>/everybody")
def mark_everybody(slug: str, public_id: str) -> ResponseReturnValue:
    """Mark present whoever has no mark; for two minutes it can be taken back."""
    event, slot = slot_for(slug, public_id)
    try:
        done = mark_all_present(slot.public_id, actor=me())
    except MarkRefused as why:
        flash(refusal_words(why, event.zone), "error")
        return redirect(list_of(event, slot), 303)
    return redirect(list_of(event, slot, marked=f"{done.batch}.{done.count}" if done.count else None), 303)


@blueprint.post("/organise/events/<slug>/attendance/<public_id>/take-back")
def take_everybody_back(slug: str, public_id: str) -> ResponseReturnValue:
    """Undo that."""
    event, slot = slot_for(slug, public_id)
    batch = request.form.get("batch", "")
    try:
        undone = take_back(slot.public_id, batch, actor=me()) if CLIENT_ID.fullmatch(batch) else 0
    except MarkRefused as why:
        flash(refusal_words(why, event.zone), "error")
        return redirect(list_of(event, slot), 303)
    if undone:
        flash(ngettext("%(num)s mark is taken back.", "%(num)s marks are taken back.", undone), "success")
    else:
        flash(_("Two minutes have passed: correct people one by one."), "error")
    return redirect(list_of(event, slot), 303)


@blueprint.post("/organise/events/<slug>/attendance/<public_id>/sign")
def sign_list(slug: str, public_id: str) -> ResponseReturnValue:
    """Say that the list is right as it stands."""
    event, slot = slot_for(slug, public_id)
    try:
        sign_off(slot.public_id, me())
        flash(_("The list is signed. It can still be corrected until the event is closed."), "success")
    except MarkRefused as why:
        flash(refusal_words(why, event.zone), "error")
    return redirect(list_of(event, slot, _anchor="signature"), 303)
