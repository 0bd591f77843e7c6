"""My answers: what the event asks of one registration, answered later or changed until the first slot."""

from __future__ import annotations

from io import BytesIO

from flask import abort, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext as _

from blueprints.forms import Form, form_view
from blueprints.guards import current_person
from blueprints.question_fields import (
    AnswerFileField,
    fields_by_ticket,
    form_with,
    given_by,
    keep_chosen_files,
    status_with_files,
    takes_files,
    typed,
)
from blueprints.registrations import blueprint
from blueprints.registrations.proof import changeable_part, may_answer
from blueprints.registrations.words import change_refusal
from models.base import now
from models.orders import Order
from models.questions import Question
from models.registrations import Registration, TransitionRefused
from services.answer_changes import answered, asked_of, save_answers
from services.answers import AnswerFile, answers_of, file_of
from services.audit import record
from services.registrations import RegistrationRefused


class AnswersForm(Form):
    """Only the token: each question is a field of its own (blueprints/question_fields.py)."""


def own_part(code: str, public_id: str) -> tuple[Order, Registration]:
    """The registration, for whom it is to answer (`may_answer`); 404 for anybody else."""
    order, registration = changeable_part(code, public_id, request.path)
    if not may_answer(order, registration):
        abort(404)
    return order, registration


@blueprint.route("/orders/<code>/answers/<public_id>", methods=["GET", "POST"])
@takes_files
@form_view
def answers(code: str, public_id: str) -> ResponseReturnValue:
    """Read and change what was answered."""
    order, registration = own_part(code, public_id)
    questions = asked_of(registration)
    form = answers_form(registration, questions)
    valid = form.validate_on_submit()
    keep_chosen_files(form, questions)
    if valid and not form.errors:
        try:
            save_answers(public_id, given_by(form, questions), locale=str(get_locale()))
            flash(_("Your answers are kept."), "success")
            return redirect(url_for("registrations.order", code=order.code), 303)
        except (RegistrationRefused, TransitionRefused) as refusal:
            order, registration = own_part(code, public_id)  # a refusal forgot what was loaded
            form.form_errors.append(change_refusal(refusal, registration.event))
    page = render_template(
        "registrations/answers.html", form=form, order=order, registration=registration, event=registration.event,
        questions=fields_by_ticket(form, questions), told=answers_of(registration.id, str(get_locale())),
        is_open=registration.is_live and now() < registration.event.starts_at, desk=None,
    )  # fmt: skip
    return page, status_with_files(form)


def answers_form(registration: Registration, questions: list[Question]) -> AnswersForm:
    """The form with what was answered before; of a file its name."""
    kept = answered(registration.id)
    form = form_with(AnswersForm, questions, str(get_locale()))(data=typed(questions, kept))
    for field in form:
        if isinstance(field, AnswerFileField):
            field.present = kept.get(field.name.removeprefix("question_"), "")
    return form


@blueprint.get("/orders/<code>/answers/<public_id>/<question>")
def answer_file(code: str, public_id: str, question: str) -> ResponseReturnValue:
    """The file of one answer, to who handed it in."""
    _order, registration = own_part(code, public_id)
    found = file_of(registration.id, question)
    if found is None:
        abort(404)
    answer = attachment(found)
    record(
        "answer.read", current_person(), event=registration.event, subject_kind="registration",
        subject_id=registration.id, ip=request.remote_addr or "",
    )  # fmt: skip
    return answer


def attachment(file: AnswerFile) -> ResponseReturnValue:
    """A file as a download that no browser opens or keeps."""
    answer = send_file(
        BytesIO(file.content), mimetype=file.file_type, as_attachment=True, download_name=file.name, max_age=0
    )
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = "private, no-store"
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer
