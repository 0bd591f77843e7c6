"""Courses at the desk: what each of them asks to be known first."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext as _, lazy_gettext as _l
from wtforms import FieldList, RadioField, SelectMultipleField, TextAreaField
from wtforms.widgets import CheckboxInput, ListWidget

from blueprints.forms import Form, form_view, longest, status_of
from blueprints.guards import me, require, require_staff
from blueprints.organise import blueprint
from blueprints.organise.event_plan_form import languages, texts
from models.base import in_language, now
from models.courses import Course, Prerequisite
from services.course_prerequisites import (
    PrerequisitePlan,
    change_prerequisites,
    course_rows,
    course_to_change,
    plan_of,
)
from services.desk_choices import course_choices
from services.event_history import Entry, acts_on
from services.event_plans import PlanRefused, Problem
from services.permissions import may_create_events


def kind_words() -> dict[Prerequisite, str]:
    return {
        Prerequisite.INFORM: _("Say it"),
        Prerequisite.CONFIRM: _("Let people confirm it"),
        Prerequisite.ENFORCE: _("Ask for the courses"),
    }


def kind_hints() -> dict[str, str]:
    return {
        Prerequisite.INFORM.value: _("Everybody registers; the page tells what helps."),
        Prerequisite.CONFIRM.value: _("Whoever registers ticks that they meet it. Nothing is looked up."),
        Prerequisite.ENFORCE.value: _(
            "Only who has completed the courses registers. Whoever learned it elsewhere asks the organiser for an exemption."
        ),
    }


class PrerequisitesForm(Form):
    """What a course asks, in every language of the cluster."""

    prerequisite = RadioField(_l("How it binds"))
    texts = FieldList(TextAreaField(_l("In words"), [longest(1000)]))
    courses = SelectMultipleField(
        _l("Courses that come first"), widget=ListWidget(prefix_label=False), option_widget=CheckboxInput()
    )

    def begin(self, course: Course) -> None:
        """Fit the form: an entry for each language, and every other course to choose from."""
        self.prerequisite.choices = [(kind.value, words) for kind, words in kind_words().items()]
        self.courses.choices = [one for one in course_choices(str(get_locale())) if one[0] != course.slug]
        while len(self.texts.entries) < len(languages()):
            self.texts.append_entry("")
        del self.texts.entries[len(languages()) :]

    def plan(self) -> PrerequisitePlan:
        words = texts(languages(), (entry.data for entry in self.texts))
        return PrerequisitePlan(Prerequisite(self.prerequisite.data), words, tuple(sorted(self.courses.data or ())))

    def tell(self, problems: list[Problem]) -> None:
        """Put each problem at its field, in words."""
        for problem in problems:
            field = self.texts.entries[0] if problem.field == "texts" else self[problem.field]
            field.errors = [*field.errors, problem_words(problem)]
        self.texts.errors = [entry.errors for entry in self.texts.entries] if self.texts.entries[0].errors else []


def problem_words(problem: Problem) -> str:
    match problem.code:
        case "circle":
            title = in_language(problem.facts["titles"], str(get_locale()))
            return _(
                "“%(title)s” asks for this course itself, so nobody could begin. Take one of the two out.", title=title
            )
        case "itself":
            return _("A course cannot come before itself. Take it out.")
        case "nothing_to_enforce":
            return _("Choose the courses to complete first, or let people confirm what you write.")
        case "nothing_to_confirm":
            return _("Write what people are to confirm, in one language at least.")
        case _:
            return _("One of these courses is gone. Choose again.")


def creators_only() -> None:
    """Organisers of everything and admins: a course is shared by many events."""
    require(may_create_events(require_staff()))


@blueprint.get("/organise/courses")
def courses() -> ResponseReturnValue:
    """Every course, and how what it asks binds."""
    creators_only()
    rows = course_rows(str(get_locale()), now())
    return render_template("organise/courses.html", rows=rows, kinds=kind_words())


@blueprint.route("/organise/courses/<slug>/prerequisites", methods=["GET", "POST"])
@form_view
def prerequisites(slug: str) -> ResponseReturnValue:
    """Change what a course asks to be known first."""
    creators_only()
    course = course_to_change(slug) or abort(404)
    plan = plan_of(course)
    form = PrerequisitesForm(data=values_of(plan))
    form.begin(course)
    if form.validate_on_submit():
        try:
            change_prerequisites(slug, form.plan(), me())
        except PlanRefused as refusal:
            form.tell(refusal.problems)
            course = course_to_change(slug) or abort(404)
        else:
            flash(_("The course asks for this from now on. Whoever is registered stays."), "success")
            return redirect(url_for("organise.courses"), 303)
    page = render_template(
        "organise/prerequisites.html", form=form, course=course, codes=languages(), hints=kind_hints(),
        acts=acts_on("course", course.id), act_words=course_act_words,
    )  # fmt: skip
    return page, status_of(form)


def values_of(plan: PrerequisitePlan) -> dict[str, Any]:
    words = [plan.texts.get(code, "") for code in languages()]
    return {"prerequisite": plan.kind.value, "texts": words, "courses": list(plan.courses)}


def course_act_words(entry: Entry) -> str:
    """What was done to a course, in words."""
    fields = {"kind": _("how it binds"), "texts": _("words"), "courses": _("courses that come first")}
    changed = ", ".join(fields.get(name, name) for name in entry.details.get("changed", ()))
    return _("changed: %(fields)s", fields=changed) if changed else _("saved it unchanged")
