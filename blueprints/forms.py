"""The form every page builds on: our sentences for what is wrong, clean text, and input that is never lost.

    class ProfileForm(Form):
        given_name = StringField(_l("First name"), [filled(), longest(120), no_web_address])

    @blueprint.route("/me/profile", methods=["GET", "POST"])
    @form_view
    def profile() -> ResponseReturnValue:
        form = ProfileForm(obj=me())
        if form.validate_on_submit(): …save, flash, redirect(…, 303)
        return render_template("accounts/profile.html", form=form), status_of(form)

A POST that is only a button has no form class and no `form_view`: CSRFProtect answers 400 when its token is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from flask import abort, request
from flask_babel import gettext as _, ngettext
from flask_wtf import FlaskForm
from flask_wtf.csrf import validate_csrf
from wtforms import Field, Form as AnyForm, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, StopValidation, ValidationError
from wtforms.widgets import PasswordInput

from extensions import csrf
from services.names import clean, holds_web_address
from services.transaction import WritingRefused, no_writing

P = ParamSpec("P")
R = TypeVar("R")


def sentences() -> dict[str, str]:
    """WTForms' message → ours, in the reader's language: what is wrong and what to do."""
    number = _("This is not a number. Write digits only, such as 12.")
    choice = _("Choose one of the answers in the list.")
    return {
        "This field is required.": _("This is still empty. Please fill it in."),
        "Invalid input.": _("This is not in the form we expect. Please write it again."),
        "Invalid email address.": _("This is no e-mail address. Write it like name@organisation.be."),
        "Invalid URL.": _("This is no web address. Write it like https://organisation.be."),
        "Not a valid choice.": choice,
        "Invalid Choice: could not coerce.": choice,
        "Invalid choice(s): one or more data inputs could not be coerced.": choice,
        "Not a valid date value.": _("This is not a date. Write it like 2027-01-31."),
        "Not a valid datetime value.": _("This is not a day and time. Write it like 2027-01-31 09:00."),
        "Not a valid time value.": _("This is not a time. Write it like 09:00."),
        "Not a valid integer value.": number,
        "Not a valid decimal value.": number,
        "Not a valid float value.": number,
        "Number must be at least %(min)s.": _("This is too small. The least is %(min)s."),
        "Number must be at most %(max)s.": _("This is too much. The most is %(max)s."),
        "Number must be between %(min)s and %(max)s.": _("Write a number from %(min)s to %(max)s."),
        "Field must be equal to %(other_name)s.": _("The two are not the same. Please write them again."),
        "CSRF token missing.": once_more(),
        "CSRF token expired.": once_more(),
        "CSRF failed.": once_more(),
        "Invalid CSRF Token.": once_more(),
    }


def once_more() -> str:
    return _("Please send the form once more.")


class Sentences:
    """What WTForms asks for its words. `%(name)s` stays in place: the validators fill it in."""

    def gettext(self, string: str) -> str:
        return sentences().get(string, string)

    def ngettext(self, singular: str, plural: str, number: int) -> str:
        if plural.startswith("Field cannot be longer"):
            return ngettext("At most %(num)s character fits here.", "At most %(num)s characters fit here.", number)
        if plural.startswith("Field must be at least"):
            return ngettext("Write at least %(num)s character.", "Write at least %(num)s characters.", number)
        return singular if number == 1 else plural


class Form(FlaskForm):
    """Base of every form. Text is in NFC, trimmed and free of control characters; a failed token is a problem at the
    top of the form, with everything kept as typed."""

    class Meta(FlaskForm.Meta):
        def get_translations(self, form: AnyForm) -> Sentences:
            return Sentences()

        def bind_field(self, form: AnyForm, unbound_field: Any, options: Mapping[str, Any]) -> Field:
            field = unbound_field.bind(form=form, **options)
            is_text = isinstance(field, StringField) and not isinstance(field.widget, PasswordInput)
            if is_text and clean_line not in field.filters:
                own = clean_lines if isinstance(field, TextAreaField) else clean_line
                field.filters = (own, *field.filters)
            return field

    def validate(self, extra_validators: Mapping[str, Any] | None = None) -> bool:
        valid = super().validate(extra_validators)
        if self.errors.get("csrf_token"):
            self.csrf_token.errors = [once_more()]
        return bool(valid)


def clean_line(value: Any) -> Any:
    return clean(value) if isinstance(value, str) else value


def clean_lines(value: Any) -> Any:
    return clean(value, lines=True) if isinstance(value, str) else value


def form_view(view: Callable[P, R]) -> Callable[P, R]:
    """A view with a `Form` of ours, whose failed token brings the page back as typed instead of an error.

    Such a request runs where nothing can be written, so a view that forgot to validate its form does no harm: 400.
    """

    @wraps(view)
    def answered(*args: P.args, **kwargs: P.kwargs) -> R:
        if request.method != "POST" or token_is_right():
            return view(*args, **kwargs)
        try:
            with no_writing():
                return view(*args, **kwargs)
        except WritingRefused:
            abort(400)

    csrf.exempt(answered)
    return answered


def token_is_right() -> bool:
    """Whether the POST carries the token of this browser's session, in the form or in the header scripts use."""
    try:
        validate_csrf(request.form.get("csrf_token") or request.headers.get("X-CSRFToken"))
    except ValidationError:
        return False
    return True


def status_of(form: AnyForm) -> int:
    """The status of a page that shows a form: 422 when something in it needs another look, else 200."""
    return 422 if form.errors else 200


def filled(message: object = None) -> InputRequired:
    """Not empty. `message` (a str, or a lazy one) replaces the sentence."""
    return Filled(message)


class Filled(InputRequired):
    """Something other than spaces."""

    def __call__(self, form: AnyForm, field: Field) -> None:
        if not field.raw_data or not str(field.raw_data[0] or "").strip() or field.data in (None, ""):
            field.errors = []
            raise StopValidation(self.message or sentences()["This field is required."])


def longest(characters: int) -> Length:
    """At most so many characters, as the column holds."""
    return Length(max=characters)


def no_web_address(form: AnyForm, field: Field) -> None:
    """A name holds no address of a web page: it is printed in mails to others."""
    if field.data and holds_web_address(str(field.data)):
        raise ValidationError(_("A web address cannot stand here. Please leave it out."))


def has_a_letter(form: AnyForm, field: Field) -> None:
    """A name has at least one letter, of any script."""
    if field.data and not any(character.isalpha() for character in str(field.data)):
        raise ValidationError(_("There is no letter in this name. Please write it in full."))


def six_digits(form: AnyForm, field: Field) -> None:
    """Six digits, with or without a space: fewer cost no try."""
    if sum(character.isdecimal() for character in str(field.data or "")) != 6:
        raise ValidationError(_("The code has six digits. Please write all of them."))


def mail_address(form: AnyForm, field: Field) -> None:
    """An e-mail address by its form (RFC 5321); nothing is looked up. Its domain is kept as typed, in NFC."""
    from email_validator import EmailNotValidError, validate_email

    text = str(field.data or "")
    if not text:
        return
    if "@" not in text:
        raise ValidationError(_("There is no @ in this address. Write it like name@organisation.be."))
    try:
        found = validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise ValidationError(_("This is no e-mail address. Write it like name@organisation.be.")) from error
    field.data = found.normalized
