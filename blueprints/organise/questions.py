"""The questions of an event at the desk: added, changed, put in order, asked no longer; and the files handed in."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _, lazy_gettext as _l
from wtforms import BooleanField, FieldList, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import ValidationError

from blueprints.forms import Form, form_view, longest, status_of
from blueprints.guards import me, organiser_of
from blueprints.organise import blueprint
from blueprints.organise.event_plan_form import languages
from blueprints.organise.events import event_page
from blueprints.organise.registrations import dossier_of
from blueprints.registrations.answers import attachment
from models.base import Texts, in_language
from models.events import Event
from models.questions import Question, QuestionKind
from services.answers import file_of
from services.attendees import tickets_of
from services.audit import record
from services.questions import (
    CHOOSING,
    MOST_QUESTIONS,
    ChoicesMissing,
    KindFixed,
    Listed,
    QuestionFacts,
    QuestionRefused,
    QuestionUnknown,
    TooManyQuestions,
    add_question,
    ask_again,
    change_question,
    find_question,
    list_questions,
    move_question,
    withdraw_question,
)

LABEL, HINT, CHOICES = 300, 300, 4000


def question_kinds() -> dict[QuestionKind, str]:
    return {
        QuestionKind.TEXT: _("Text"),
        QuestionKind.CHOICE: _("One of several answers"),
        QuestionKind.CHOICES: _("Any of several answers"),
        QuestionKind.NUMBER: _("Number"),
        QuestionKind.DATE: _("Date"),
        QuestionKind.CONSENT: _("Consent: a box to tick"),
        QuestionKind.FILE: _("File, at most 5 MB"),
    }


class QuestionForm(Form):
    """One question, in every language of the cluster."""

    kind = RadioField(_l("What kind of answer"))
    labels = FieldList(StringField(_l("Question"), [longest(LABEL)]), _l("Question"))
    hints = FieldList(StringField(_l("Hint"), [longest(HINT)]), _l("Hint"))
    choices = FieldList(TextAreaField(_l("Answers to choose from"), [longest(CHOICES)]), _l("Answers to choose from"))
    ticket = SelectField(_l("Who is asked"))
    is_required = BooleanField(_l("An answer is needed"))

    def validate_labels(self, field: FieldList) -> None:
        if not any(field.data):
            raise ValidationError(_("Write the question in one language at least."))

    def validate_choices(self, field: FieldList) -> None:
        if self.kind.data not in CHOOSING:
            return
        counts = {len(lines_of(words)) for words in field.data if words}
        if not counts or min(counts) < 2:
            raise ValidationError(_("Write at least two answers, each on a line of its own."))
        if len(counts) > 1:
            raise ValidationError(
                _("Write the same answers in each language, in the same order, or leave a language empty.")
            )
        if any(len(set(lines_of(words))) < len(lines_of(words)) for words in field.data if words):
            raise ValidationError(_("One answer stands there twice. Take one of them out."))

    def prepare(self, event: Event) -> None:
        """The lists to choose from, and one text for each language, whatever was sent."""
        self.kind.choices = list(question_kinds().items())
        tickets = [(public_id, in_language(names, languages()[0])) for public_id, names in tickets_of(event.id)]
        self.ticket.choices = [("", _("Everybody")), *tickets]
        for texts in (self.labels, self.hints, self.choices):
            while len(texts.entries) < len(languages()):
                texts.append_entry("")
            del texts.entries[len(languages()) :]

    def facts(self) -> QuestionFacts:
        return QuestionFacts(
            QuestionKind(self.kind.data),
            by_language(self.labels.data),
            by_language(self.hints.data),
            choices_of(self.choices.data) if self.kind.data in CHOOSING else (),
            bool(self.is_required.data),
            self.ticket.data or "",
        )


def lines_of(words: str | None) -> list[str]:
    return [line.strip() for line in (words or "").splitlines() if line.strip()]


def by_language(texts: list[str]) -> Texts:
    return {code: words for code, words in zip(languages(), texts, strict=True) if words}


def choices_of(texts: list[str]) -> tuple[Texts, ...]:
    """The answers to choose from: the first line of every language is the first answer."""
    lines = {code: lines_of(words) for code, words in zip(languages(), texts, strict=True) if lines_of(words)}
    number = max((len(each) for each in lines.values()), default=0)
    return tuple({code: each[row] for code, each in lines.items()} for row in range(number))


def filled_in(question: Question | None, ticket: str = "") -> dict[str, Any]:
    """What the form begins with."""
    if question is None:
        return {"kind": QuestionKind.TEXT.value}
    return {
        "kind": question.kind,
        "labels": [question.labels.get(code, "") for code in languages()],
        "hints": [question.hints.get(code, "") for code in languages()],
        "choices": ["\n".join(each.get(code, "") for each in question.choices) for code in languages()],
        "ticket": ticket,
        "is_required": question.is_required,
    }


@blueprint.get("/organise/events/<slug>/questions")
def questions(slug: str) -> ResponseReturnValue:
    """What the event asks, in order; what it asked before, for the answers it has."""
    event = organiser_of(slug)
    rows = list_questions(event.id)
    return render_template(
        "organise/questions.html", **event_page(event), kinds=question_kinds(),
        asked=[row for row in rows if row.question.withdrawn_at is None],
        withdrawn=[row for row in rows if row.question.withdrawn_at is not None],
    )  # fmt: skip


@blueprint.route("/organise/events/<slug>/questions/new", methods=["GET", "POST"])
@form_view
def new_question(slug: str) -> ResponseReturnValue:
    """A further question."""
    event = organiser_of(slug)
    form = QuestionForm(data=filled_in(None))
    form.prepare(event)
    if form.validate_on_submit():
        try:
            add_question(event.id, form.facts(), me())
        except QuestionRefused as refusal:
            place_refusal(form, refusal)
        else:
            flash(_("The question is asked from now on."), "success")
            return redirect(url_for("organise.questions", slug=slug), 303)
    return question_page(form, organiser_of(slug), None)


@blueprint.route("/organise/events/<slug>/questions/<public_id>", methods=["GET", "POST"])
@form_view
def edit_question(slug: str, public_id: str) -> ResponseReturnValue:
    """Change a question; answers keep the words they were given to."""
    event = organiser_of(slug)
    found = find_question(event.id, public_id) or abort(404)
    form = QuestionForm(data=filled_in(found.question, found.ticket_id))
    form.prepare(event)
    if form.validate_on_submit():
        try:
            change_question(event.id, public_id, form.facts(), me())
        except QuestionRefused as refusal:
            place_refusal(form, refusal)
        else:
            flash(_("Saved. Answers given before keep the words they were given to."), "success")
            return redirect(url_for("organise.questions", slug=slug), 303)
    event = organiser_of(slug)
    return question_page(form, event, find_question(event.id, public_id))


def question_page(form: QuestionForm, event: Event, found: Listed | None) -> ResponseReturnValue:
    page = render_template("organise/question.html", **event_page(event), form=form, found=found, codes=languages())
    return page, status_of(form)


def place_refusal(form: QuestionForm, refusal: QuestionRefused) -> None:
    """Why a question is not kept, at its field."""
    match refusal:
        case KindFixed():
            form.kind.errors = [
                _("Somebody has answered, so the kind stays. Withdraw this question and write a new one.")
            ]
        case ChoicesMissing():
            form.choices.errors = [_("Write at least two answers, each on a line of its own.")]
        case TooManyQuestions():
            form.form_errors.append(
                _("An event asks at most %(most)s questions. Withdraw one first.", most=MOST_QUESTIONS)
            )
        case _:
            form.ticket.errors = [_("This kind of place was taken away meanwhile. Choose another one.")]


@blueprint.post("/organise/events/<slug>/questions/<public_id>/move")
def move_question_up_or_down(slug: str, public_id: str) -> ResponseReturnValue:
    """Ask a question one place earlier or later."""
    event = organiser_of(slug)
    try:
        move_question(event.id, public_id, up=request.form.get("to") != "down")
    except QuestionUnknown:
        abort(404)
    return redirect(url_for("organise.questions", slug=slug, _anchor=public_id), 303)  # the keyboard goes on from there


@blueprint.post("/organise/events/<slug>/questions/<public_id>/withdraw")
def withdraw(slug: str, public_id: str) -> ResponseReturnValue:
    """Ask a question no longer, or once more."""
    event = organiser_of(slug)
    try:
        if request.form.get("again") == "yes":
            ask_again(event.id, public_id, me())
            flash(_("The question is asked again, after the others."), "success")
        else:
            withdraw_question(event.id, public_id, me())
            flash(_("The question is no longer asked. Its answers stay."), "success")
    except QuestionUnknown:
        abort(404)
    except TooManyQuestions:
        flash(_("An event asks at most %(most)s questions. Withdraw one first.", most=MOST_QUESTIONS), "error")
    return redirect(url_for("organise.questions", slug=slug), 303)


@blueprint.get("/organise/events/<slug>/attendees/<public_id>/answers/<question>")
def answer_file(slug: str, public_id: str, question: str) -> ResponseReturnValue:
    """A file that somebody handed in, as a download. Every look is recorded."""
    event = organiser_of(slug)
    registration = dossier_of(event.id, public_id).registration
    found = file_of(registration.id, question)
    if found is None:
        abort(404)
    answer = attachment(found)
    record(
        "answer.read", me(), event=event, subject_kind="registration", subject_id=registration.id,
        details={"file": found.name}, ip=request.remote_addr or "",
    )  # fmt: skip
    return answer
