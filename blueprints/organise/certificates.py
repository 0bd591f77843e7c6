"""The certificates of one event at the desk: see them, correct a name, revoke, issue what is missing."""

from __future__ import annotations

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _, lazy_gettext as _l
from wtforms import StringField

from blueprints.forms import Form, filled, form_view, has_a_letter, longest, no_web_address, status_of
from blueprints.guards import me, organiser_of
from blueprints.organise import blueprint
from blueprints.organise.events import event_page
from models.certificates import Certificate
from models.events import Event
from services.certificate_records import printed_name
from services.certificates import (
    NothingMissing,
    NotInForce,
    UnprintableName,
    issue_missing,
    name_for_print,
    revoke,
    supersede,
)
from services.desk import event_of_desk
from services.event_certificates import awaiting_certificate, certificate_of, certificates_of
from services.jobs import latest_job


class NameForm(Form):
    """A name as a certificate prints it."""

    name = StringField(_l("Name on the certificate"), [filled(), longest(250), has_a_letter, no_web_address])


class RevokeForm(Form):
    """Why a certificate is withdrawn."""

    reason = StringField(
        _l("Reason"),
        [filled(), longest(300), no_web_address],
        description=_l(
            "Anybody who checks the certificate reads this, for ever. Name no health data and no third person."
        ),
    )


def event_and_certificate(slug: str, public_id: str) -> tuple[Event, Certificate]:
    """The event for its organiser, and its certificate; 404 for a certificate of another event."""
    event = event_of_desk(organiser_of(slug).id)
    return event, certificate_of(event.id, public_id) or abort(404)


def list_of(event: Event) -> ResponseReturnValue:
    return redirect(url_for("organise.certificates", slug=event.slug), 303)


@blueprint.get("/organise/events/<slug>/certificates")
def certificates(slug: str) -> ResponseReturnValue:
    """Every certificate of the event, and who has none yet."""
    event = event_of_desk(organiser_of(slug).id)
    found = certificates_of(event.id)
    job = latest_job("issue_certificates", event.id)
    return render_template("organise/certificates.html", **event_page(event), certificates=found, job=job)


@blueprint.post("/organise/events/<slug>/certificates")
def issue_certificates(slug: str) -> ResponseReturnValue:
    """Issue those that are missing."""
    return issue_rest(organiser_of(slug))


def issue_rest(event: Event) -> ResponseReturnValue:
    try:
        job = issue_missing(event.id, me())
    except NothingMissing:
        flash(_("Everybody who completed the event has a certificate."), "info")
        return list_of(event)
    return redirect(url_for("organise.job", public_id=job.public_id), 303)


@blueprint.route("/organise/events/<slug>/certificates/letters/<registration>", methods=["GET", "POST"])
@form_view
def certificate_letters(slug: str, registration: str) -> ResponseReturnValue:
    """Write a name in letters that can be printed, then issue what is missing."""
    event = event_of_desk(organiser_of(slug).id)
    row = awaiting_certificate(event.id, registration) or abort(404)
    wanted = printed_name(row)
    form = NameForm(data={"name": row.name if row.name != wanted else ""})
    if form.validate_on_submit():
        try:
            name_for_print(event.id, registration, form.name.data, me())
        except UnprintableName as refused:
            form.name.errors = [unprintable_words(refused)]
        else:
            return issue_rest(event)
    page = render_template("organise/certificate_letters.html", **event_page(event), form=form, name=wanted)
    return page, status_of(form)


def unprintable_words(refused: UnprintableName) -> str:
    letters = " ".join(refused.characters)
    return _(
        "These cannot be printed: %(letters)s. Write the name in Latin, Greek or Cyrillic letters.", letters=letters
    )


@blueprint.route("/organise/events/<slug>/certificates/<public_id>/name", methods=["GET", "POST"])
@form_view
def correct_certificate(slug: str, public_id: str) -> ResponseReturnValue:
    """Replace a certificate by one with the corrected name."""
    event, certificate = event_and_certificate(slug, public_id)
    if certificate.is_erased or certificate.superseded_by_id is not None:
        return too_late(event)
    form = NameForm(data={"name": certificate.printed["name"]})
    if form.validate_on_submit():
        if form.name.data == certificate.printed["name"]:
            form.name.errors = [_("This is the name that it has. Change it, or leave the certificate as it is.")]
        else:
            try:
                new = supersede(public_id, name=form.name.data, actor=me())
            except UnprintableName as refused:
                form.name.errors = [unprintable_words(refused)]
            except NotInForce:
                return too_late(event)
            else:
                flash(
                    _("%(name)s has a new certificate; the old page leads to it.", name=new.printed["name"]), "success"
                )
                return list_of(event)
    page = render_template("organise/certificate_name.html", **event_page(event), form=form, certificate=certificate)
    return page, status_of(form)


@blueprint.route("/organise/events/<slug>/certificates/<public_id>/revoke", methods=["GET", "POST"])
@form_view
def revoke_certificate(slug: str, public_id: str) -> ResponseReturnValue:
    """Withdraw a certificate, with a reason that everybody can read."""
    event, certificate = event_and_certificate(slug, public_id)
    form = RevokeForm()
    if form.validate_on_submit():
        try:
            revoke(public_id, form.reason.data, me())
        except NotInForce:
            return too_late(event)
        flash(_("The certificate is revoked. Its page says so from now on."), "success")
        return list_of(event)
    page = render_template("organise/certificate_revoke.html", **event_page(event), form=form, certificate=certificate)
    return page, status_of(form)


def too_late(event: Event) -> ResponseReturnValue:
    flash(_("This certificate was replaced, revoked or erased meanwhile. Here is where it stands now."), "error")
    return list_of(event)
