"""The progress of long work: how far, and what needs somebody."""

from __future__ import annotations

from dataclasses import dataclass

from flask import abort, render_template
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext as _

from blueprints.guards import attendees_of, organiser_of, require_staff
from blueprints.organise import blueprint
from models.events import Event
from models.outbox import Job
from services.desk import event_of_desk
from services.event_refunds import KIND as REFUNDS, buyers_of, orders_in, unsettled
from services.jobs import job_by_public_id, names_of_problems
from services.money import say_money
from services.permissions import event_slug, may_receive_money


@dataclass(frozen=True)
class Trouble:
    """One step that did not work: whom it concerns, what is wrong, and the registration whose name must be written, or the
    order whose money waits."""

    name: str
    text: str
    registration: str | None


@blueprint.get("/organise/jobs/<public_id>")
def job(public_id: str) -> ResponseReturnValue:
    """A job of an event that one organises; refunds are finance's too."""
    staff = require_staff()
    found = job_by_public_id(public_id) or abort(404)
    slug = event_slug(found.event_id) if found.event_id else None
    if slug is None:
        abort(404)
    sees_money = found.kind == REFUNDS and may_receive_money(staff)
    event = event_of_desk((attendees_of(slug) if sees_money else organiser_of(slug)).id)
    if found.kind == REFUNDS:
        return render_template(
            "organise/refund_job.html", event=event, job=found, troubles=refund_troubles(found), sees_money=sees_money
        )
    return render_template("organise/job.html", event=event, job=found, troubles=troubles(found, event))


def refund_troubles(found: Job) -> list[Trouble]:
    """What of a cancelled event could not be given back yet: `<order> <code> <cents>`, or free words."""
    rows, buyers, waiting = [], buyers_of(found), unsettled(orders_in(found))
    for problem in found.problems:
        order, _space, rest = problem.partition(" ")
        code, _space, cents = rest.partition(" ")
        if cents.isdigit() and order not in waiting:
            continue  # settled since
        if cents.isdigit():
            amount = say_money(int(cents), str(get_locale()))
            said = {
                "account": _(
                    "%(amount)s: the bank does not tell us the account. The buyer is asked by mail.", amount=amount
                ),
                "failed": _(
                    "%(amount)s: the card provider refused. Finance finds why among the refunds.", amount=amount
                ),
                "eyes": _("%(amount)s: somebody of finance has to say yes.", amount=amount),
                "receipts": _("Only %(amount)s of what came can still go back.", amount=amount),
            }
            name = " · ".join(part for part in (buyers.get(order), order) if part)
            rows.append(Trouble(name, said.get(code, problem), order))
        elif found.finished_at is None:
            text = _("The work stopped and goes on by itself in a few minutes: %(why)s", why=problem)
            rows.append(Trouble("", text, None))
    return rows


def troubles(found: Job, event: Event) -> list[Trouble]:
    """The job's problems in the reader's words. A problem is `<registration> <code> <detail>`, or free words."""
    names = names_of_problems(found)
    rows = []
    for problem in found.problems:
        who, _space, rest = problem.partition(" ")
        code, _space, detail = rest.partition(" ")
        if who in names and code == "unprintable":
            text = _("The certificate’s typefaces do not have %(letters)s.", letters=" ".join(detail))
            rows.append(Trouble(names[who], text, who))
        elif found.finished_at is None:
            rows.append(
                Trouble("", _("The work stopped and goes on by itself in a few minutes: %(why)s", why=problem), None)
            )
    return rows
