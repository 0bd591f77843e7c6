"""The questions of an event as fields of a form, and what was typed as answers for services.

    form = form_with(GuestForm, questions, locale)()     its fields are named question_<public id>
    fields_by_ticket(form, questions)                    for the template, in their order
    ask_only(form, questions, ticket_ids)                what another ticket asks is not asked
    keep_chosen_files(form, questions)                   before the page is shown again, and before anything is booked
    given_by(form, questions)                            question's public id → value

A chosen file is kept at the server as soon as it is good, so that it survives other problems of the form.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

from flask import request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wtforms import (
    BooleanField,
    DateField,
    Field,
    FileField,
    RadioField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import StopValidation, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from blueprints.forms import Form, longest, sentences, status_of, token_is_right
from blueprints.visitors import known_browser_key, visitor
from models.base import in_language
from models.questions import Question, QuestionKind
from services.answers import FIRST_YEAR, LAST_YEAR, LONGEST, Given, number_of
from services.kept_files import (
    FileEmpty,
    FileKindRefused,
    FileRefused,
    FileTooLarge,
    Waiting,
    keep_file,
    kept_for,
    type_of,
)
from services.throttles import TooMany

P = ParamSpec("P")
R = TypeVar("R", bound=ResponseReturnValue)
F = TypeVar("F", bound=Form)

LARGEST_FORM = 40 * 1024 * 1024  # several files, each of them checked at its field
PREFIX = "question_"


def takes_files(view: Callable[P, R]) -> Callable[P, R]:
    """A view whose form may hold files: a file that is too large is told at its field, and what was typed is kept.

    Stands above `form_view`, which reads the form.
    """

    @wraps(view)
    def answered(*args: P.args, **kwargs: P.kwargs) -> R:
        request.max_content_length = LARGEST_FORM
        return view(*args, **kwargs)

    return answered


class OneOf(RadioField):
    """One answer of several; none, when none is needed."""

    def __init__(self, *args: Any, offered: Sequence[tuple[str, str]] = (), **kwargs: Any) -> None:
        super().__init__(*args, choices=[], **kwargs)
        self.choices = list(offered)

    def pre_validate(self, form: Any) -> None:
        if self.data:
            super().pre_validate(form)


class Several(SelectMultipleField):
    """Several answers, each a checkbox."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()

    def __init__(self, *args: Any, offered: Sequence[tuple[str, str]] = (), **kwargs: Any) -> None:
        super().__init__(*args, choices=[], **kwargs)
        self.choices = list(offered)


class NumberField(StringField):
    """A number as people write it: 12, 12,5 or 12.5; its data are the text that is kept."""

    data: Any

    def process_formdata(self, valuelist: list[str]) -> None:
        text = (valuelist[0] if valuelist else "").strip()
        plain = text.replace("\N{NO-BREAK SPACE}", "").replace("\N{NARROW NO-BREAK SPACE}", "").replace(" ", "")
        number = number_of(plain.replace(",", ".")) if plain else None
        self.data = format(number, "f") if number is not None else None
        if text and number is None:
            raise ValueError(_("This is not a number. Write digits only, such as 12."))

    def _value(self) -> str:
        return str(self.raw_data[0]) if self.raw_data else str(self.data or "")


class AnswerFileField(FileField):
    """A file. `waiting`: one chosen before, which stands unless another is chosen; `present`: the name of the one that
    was handed in already."""

    waiting: Waiting | None = None
    present: str = ""
    is_removed: bool = False
    is_too_large: bool = False
    chosen: Any = None  # the upload, once it was found good

    @property
    def kept_name(self) -> str:
        """The field that brings back which file waits."""
        return f"{self.name}_kept"

    @property
    def remove_name(self) -> str:
        return f"{self.name}_remove"

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.chosen = next((each for each in valuelist if getattr(each, "filename", "")), None)
        self.data = self.chosen
        self.is_removed = request.form.get(self.remove_name) == "yes"


def form_with(base: type[F], questions: Sequence[Question], locale: str) -> type[F]:
    """The form, with a field for each question."""
    if not questions:
        return base  # a class of its own would have its fields put in order anew
    fields: dict[str, Any] = {PREFIX + question.public_id: field_of(question, locale) for question in questions}
    return cast("type[F]", type(base.__name__, (base,), fields))


def field_of(question: Question, locale: str) -> Any:
    """The field of a question, unbound."""
    label, hint = in_language(question.labels, locale), in_language(question.hints, locale)
    says: dict[str, Any] = {"label": label, "description": hint, "validators": [Answered(question)]}
    match question.kind:
        case QuestionKind.CHOICE:
            return OneOf(offered=question.offered(locale), **says)
        case QuestionKind.CHOICES:
            return Several(offered=question.offered(locale), **says)
        case QuestionKind.NUMBER:
            return NumberField(render_kw={"inputmode": "decimal"}, **says)
        case QuestionKind.DATE:
            return DateField(**{**says, "validators": [Answered(question), a_day_of_our_time]})
        case QuestionKind.CONSENT:
            return BooleanField(**says)
        case QuestionKind.FILE:
            accept = ".pdf,.png,.jpg,.jpeg,.webp,.docx,.xlsx,.txt"
            return AnswerFileField(render_kw={"accept": accept}, **{**says, "description": hint or file_words()})
        case _:
            return TextAreaField(**{**says, "validators": [Answered(question), longest(LONGEST)]})


def file_words() -> str:
    return _("At most 5 MB: PDF, picture, Word, Excel or text.")


class Answered:
    """A required question needs an answer, unless another ticket asks it."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self.field_flags = {"required": True} if question.is_required else {}

    def __call__(self, form: Any, field: Field) -> None:
        if isinstance(field, AnswerFileField):
            check_file(self.question, field)
        elif not field.data and not any(str(each).strip() for each in field.raw_data or ()):
            field.errors = []
            raise StopValidation(self.words() if self.question.is_required else "")

    def words(self) -> str:
        match self.question.kind:
            case QuestionKind.CONSENT:
                return _("We need your agreement here. Tick the box, or write to the organiser.")
            case QuestionKind.CHOICE | QuestionKind.CHOICES:
                return _("Choose an answer.")
            case _:
                return sentences()["This field is required."]


def check_file(question: Question, field: AnswerFileField) -> None:
    """Whether the file may be an answer; a good one chosen before stands in for one that was not chosen now."""
    key = request.form.get(field.kept_name, "")
    field.waiting = None if field.is_removed else kept_for(key, question.id, known_browser_key())
    if field.chosen is not None:
        content = field.chosen.stream.read(-1)
        field.chosen.stream.seek(0)
        try:
            type_of(content)
        except FileRefused as refusal:
            field.chosen, field.is_too_large = None, isinstance(refusal, FileTooLarge)
            raise ValidationError(file_refusal(refusal)) from refusal
        return
    if key and field.waiting is None and not field.is_removed:
        raise ValidationError(_("We no longer have the file you chose. Please choose it again."))
    if question.is_required and field.waiting is None and (field.is_removed or not field.present):
        raise ValidationError(_("Choose a file."))


def file_refusal(refusal: FileRefused) -> str:
    """Why a file is refused, and what to do."""
    match refusal:
        case FileTooLarge():
            return _("This file is larger than 5 MB. Make it smaller, or choose another one.")
        case FileEmpty():
            return _("This file is empty. Choose another one.")
        case FileKindRefused():
            return _("We cannot take this kind of file. Choose a PDF, a picture, a Word, Excel or text file.")
    raise refusal


def a_day_of_our_time(form: Any, field: Field) -> None:
    """A year that somebody can mean."""
    if field.data and not FIRST_YEAR <= field.data.year <= LAST_YEAR:
        raise ValidationError(_("Is the year right? Write the date like 2027-01-31."))


def fields_by_ticket(form: Form, questions: Sequence[Question]) -> list[tuple[int | None, list[Field]]]:
    """The fields that everybody answers, then those of each ticket: ticket id (None: everybody) and fields."""
    found: dict[int | None, list[Field]] = {None: []}
    for question in questions:
        if PREFIX + question.public_id in form:
            found.setdefault(question.ticket_id, []).append(form[PREFIX + question.public_id])
    return [(ticket_id, fields) for ticket_id, fields in found.items() if fields]


def ask_only(form: Form, questions: Sequence[Question], ticket_ids: Collection[int]) -> None:
    """Ask nothing that only other tickets ask."""
    for question in questions:
        if not question.is_asked_of(ticket_ids) and PREFIX + question.public_id in form:
            setattr(form[PREFIX + question.public_id], "validate", lambda *_: True)  # noqa: B010  (mypy: a method)


def keep_only(form: Form, questions: Sequence[Question], ticket_ids: Collection[int]) -> list[Question]:
    """Take out what is asked of none of these tickets; the questions that stay."""
    stay = [question for question in questions if question.is_asked_of(ticket_ids)]
    for question in questions:
        if question not in stay:
            del form[PREFIX + question.public_id]
    return stay


def keep_chosen_files(form: Form, questions: Sequence[Question]) -> None:
    """Keep every good file that was just chosen. Nothing is kept of a form that did not prove where it comes from."""
    for question in questions:
        field = form._fields.get(PREFIX + question.public_id)
        if not isinstance(field, AnswerFileField) or field.chosen is None or field.errors:
            continue
        if not token_is_right():
            field.errors = [_("Please choose the file once more.")]
            continue
        try:
            field.waiting = keep_file(question.id, field.chosen.filename, field.chosen.stream.read(), visitor())
            field.chosen.stream.seek(0)
        except TooMany:
            field.errors = [_("Many files have come from your network within the hour. Try again in an hour.")]


def carry_files(earlier: Form, form: Form) -> None:
    """What was kept for one form stands in the next."""
    for field in earlier:
        if isinstance(field, AnswerFileField) and field.waiting is not None and field.name in form:
            form[field.name].waiting, form[field.name].errors = field.waiting, []


def status_with_files(form: Form) -> int:
    """413 when a file is too large, else as for every form."""
    too_large = any(isinstance(field, AnswerFileField) and field.is_too_large for field in form)
    return 413 if too_large else status_of(form)


def given_by(form: Form, questions: Sequence[Question]) -> Given:
    """The answers of a form that was found good."""
    given: dict[str, str] = {}
    for question in questions:
        field = form._fields.get(PREFIX + question.public_id)
        if field is None:
            continue
        if isinstance(field, AnswerFileField):
            if field.waiting is not None:
                given[question.public_id] = field.waiting.public_id
            elif field.is_removed or not field.present:
                given[question.public_id] = ""
        else:
            given[question.public_id] = said(question, field.data)
    return given


def said(question: Question, data: Any) -> str:
    """What was typed, as it is kept."""
    if question.kind == QuestionKind.CONSENT:
        return "yes" if data else "no"
    if question.kind == QuestionKind.CHOICES:
        return "\n".join(data or ())
    if question.kind == QuestionKind.DATE:
        return data.isoformat() if data else ""
    return str(data or "")


def typed(questions: Sequence[Question], kept: Mapping[str, str]) -> dict[str, Any]:
    """What the fields begin with, of answers that are there."""
    found: dict[str, Any] = {}
    for question in questions:
        value = kept.get(question.public_id, "")
        if question.kind == QuestionKind.FILE or not value:
            continue
        shown: Any = value
        if question.kind == QuestionKind.CONSENT:
            shown = value == "yes"
        elif question.kind == QuestionKind.CHOICES:
            shown = value.splitlines()
        elif question.kind == QuestionKind.DATE:
            shown = date.fromisoformat(value)
        found[PREFIX + question.public_id] = shown
    return found
