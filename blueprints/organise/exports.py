"""Exports of an event's attendee list: choose what for, take the file, see who took which before."""

from __future__ import annotations

from flask import Response, flash, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext as _, lazy_gettext as _l, ngettext
from wtforms import RadioField, SelectField
from wtforms.validators import InputRequired

from blueprints.forms import Form, form_view, status_of
from blueprints.guards import event_for, me, roles
from blueprints.organise import blueprint
from blueprints.organise.events import event_page
from blueprints.organise.export_words import format_words, purpose_choices, purpose_hints, purpose_words, scope_choices
from models.events import Event
from services.attendee_columns import Purpose, Scope
from services.attendee_lists import (
    Asked,
    ExportedFile,
    Format,
    Headcount,
    NotOnPaper,
    export,
    headcounts,
    may_export,
    past_exports,
    purposes_for,
)
from services.attendee_papers import NoSlots, NothingToPrint, TooManyForPaper
from services.desk import event_of_desk
from services.permissions import may_see_attendees


class ExportForm(Form):
    """Which list, as which file, of whom."""

    purpose = RadioField(_l("What is it for?"), [InputRequired()])
    format = SelectField(_l("File"), [InputRequired()])
    scope = SelectField(
        _l("Who"),
        [InputRequired()],
        description=_l("Expected: confirmed, or added at the door. Waiting: for a place, an answer or their payment."),
    )

    def offer(self, purposes: list[Purpose], counts: dict[Scope, Headcount]) -> None:
        """Offer what this reader may export."""
        self.purpose.choices = purpose_choices(purposes, counts)
        self.format.choices = [(kind.value, words) for kind, words in format_words().items()]
        self.scope.choices = scope_choices(counts)


@blueprint.route("/organise/events/<slug>/export", methods=["GET", "POST"], endpoint="export")
@form_view
def export_page(slug: str) -> ResponseReturnValue:
    """The lists this reader may take of the event, and the file once chosen. A file is only ever the answer to a POST."""
    event = event_of_desk(event_for(slug, may_export).id)
    purposes, counts = purposes_for(roles(), event.id), headcounts(event.id)
    form = ExportForm(data=first_choice(purposes))
    form.offer(purposes, counts)
    if form.validate_on_submit() and (file := made(form, event)):
        return download(file)
    page = render_template(
        "organise/export.html",
        **event_page(event),
        form=form,
        hints=purpose_hints(),
        past=past_exports(event.id) if may_see_attendees(roles(), event.id) else [],
        purposes=purpose_words(),
    )
    return page, status_of(form)


def first_choice(purposes: list[Purpose]) -> dict[str, str]:
    """What is chosen when the page opens; a link may say so in its query."""
    asked = request.args.get("purpose", "")
    return {
        "purpose": asked if asked in purposes else purposes[0].value,
        "format": request.args.get("format", Format.XLSX.value),
        "scope": Scope.EXPECTED.value,
    }


def made(form: ExportForm, event: Event) -> ExportedFile | None:
    """The file of a valid form; a refusal becomes a problem of the form."""
    asked = Asked(
        event,
        Purpose(form.purpose.data),
        Format(form.format.data),
        str(get_locale()),
        me(),
        Scope(form.scope.data),
        request.remote_addr or "",
    )
    try:
        return export(asked)
    except NotOnPaper:
        form.format.errors = [_("There is no PDF of this list. Choose the spreadsheet or the plain table.")]
    except NoSlots:
        form.format.errors = [
            _("The event has no dates yet, so there is no half-day to sign for. Set its dates first.")
        ]
    except NothingToPrint:
        form.format.errors = [_("Nobody has a place on site yet, so there is no badge to print.")]
    except TooManyForPaper as error:
        sentence = _(
            "More than %(most)s people do not fit on paper. Choose the spreadsheet or the plain table.", most=error.most
        )
        form.format.errors = [sentence]
    return None


def download(file: ExportedFile) -> Response:
    """The file, never kept by a browser or a proxy; what could not be printed is said on the next page."""
    if file.unprintable:
        words = ngettext(
            "%(num)s name has letters that we cannot print. Its place is left empty, to be filled in by hand.",
            "%(num)s names have letters that we cannot print. Their places are left empty, to be filled in by hand.",
            file.unprintable,
        )
        flash(words, "warning")
    answer = Response(file.blocks, content_type=file.mimetype)
    answer.headers.set("Content-Disposition", "attachment", filename=file.name)
    answer.headers["Cache-Control"] = "no-store"
    return answer
