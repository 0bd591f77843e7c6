"""The one form of an event: its fields, rows that work without scripts, and fields that speak as people write."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from flask_babel import gettext as _, lazy_gettext as _l
from wtforms import (
    BooleanField,
    DateField,
    DateTimeLocalField,
    EmailField,
    FieldList,
    FormField,
    HiddenField,
    IntegerField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    TimeField,
    URLField,
)
from wtforms.validators import InputRequired, NumberRange, Optional, ValidationError
from wtforms.widgets import CheckboxInput, HiddenInput, ListWidget

from blueprints.forms import Form, filled, longest, mail_address, sentences
from services.money import say_money

AMOUNT = re.compile(r"\d{1,7}(\.\d{1,2})?")


class MoneyField(StringField):
    """An amount in euros as people write it (420, 420,50, 1.250,00, € 75); its data are integer cents."""

    data: Any

    def process_formdata(self, valuelist: list[str]) -> None:
        text = (valuelist[0] if valuelist else "").strip()
        self.data = None
        if not text:
            return
        plain = "".join(char for char in text if char in "0123456789.,-")
        last = max(plain.rfind("."), plain.rfind(","))
        if last >= 0 and len(plain) - last <= 3:
            plain = re.sub(r"[.,]", "", plain[:last]) + "." + plain[last + 1 :]
        else:
            plain = re.sub(r"[.,]", "", plain)
        if not AMOUNT.fullmatch(plain):
            raise ValueError(_("This is not an amount. Write it like 420 or 420,50."))
        euros, _point, cents = plain.partition(".")
        self.data = int(euros) * 100 + int(cents.ljust(2, "0") or 0)

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else say_money(int(self.data), "en", short=True).strip("€").replace(",", "")


class Choices(SelectMultipleField):
    """Several answers, each a checkbox."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class Part(Form):
    """A part of a form: its token is the form's own."""

    class Meta(Form.Meta):
        csrf = False


class TextsPart(Part):
    """What is said about an event in one language."""

    title = StringField(_l("Title"), [longest(160)])
    summary = TextAreaField(_l("In one or two sentences"), [longest(400)])
    description = TextAreaField(_l("Description"), [longest(10000)])


class SlotPart(Part):
    """One slot: a day and its hours on the wall clock of the event. A row without a day asks for nothing."""

    public_id = HiddenField()
    day = DateField(_l("Day"), [Optional()])
    starts = TimeField(_l("From"), [Optional()])
    ends = TimeField(_l("To"), [Optional()])
    room = StringField(_l("Room"), [longest(120)])
    titles = FieldList(StringField(_l("Title"), [longest(160)]))
    trainers = Choices(_l("Trainers"))

    @property
    def is_blank(self) -> bool:
        empty = not any(field.data or field.errors for field in (self.day, self.starts, self.ends))
        return not self.public_id.data and (empty or not (self.day.data or self.day.errors))

    def validate(self, extra_validators: Any = None) -> bool:
        valid = super().validate(extra_validators)
        if self.is_blank:
            return valid
        for field in (self.day, self.starts, self.ends):
            if field.data is None and not field.errors:
                field.errors = [sentences()["This field is required."]]
                valid = False
        return valid

    def wall_times(self) -> tuple[datetime, datetime]:
        """Start and end as typed; an end in the small hours belongs to the next day."""
        from datetime import timedelta

        start, end = datetime.combine(self.day.data, self.starts.data), datetime.combine(self.day.data, self.ends.data)
        return start, end + timedelta(days=1) if end <= start and end.hour < 6 else end


class TicketPart(Part):
    """One kind of place: who may have it, and for how much."""

    public_id = HiddenField()
    audience = SelectField(_l("For"))
    modality = SelectField(_l("Where"))
    price = MoneyField(_l("Price without VAT"))
    vat = SelectField(_l("VAT"))
    names = FieldList(StringField(_l("Name"), [longest(80)]))
    limit = IntegerField(_l("At most"), [Optional(), NumberRange(min=1, max=100000)])
    opens = DateTimeLocalField(_l("On sale from"), [Optional()])
    closes = DateTimeLocalField(_l("On sale until"), [Optional()])


class TierPart(Part):
    """What leaving costs while at least so many working days are left. A blank row asks for nothing."""

    days = IntegerField(_l("Working days left, at least"), [Optional(), NumberRange(min=0, max=250)])
    percent = IntegerField(_l("Costs, of the price"), [Optional(), NumberRange(min=0, max=100)])

    @property
    def is_blank(self) -> bool:
        return not any(field.errors or field.data is not None for field in (self.days, self.percent))

    def validate(self, extra_validators: Any = None) -> bool:
        valid = super().validate(extra_validators)
        for field in (self.days, self.percent):
            if not self.is_blank and field.data is None and not field.errors:
                field.errors = [sentences()["This field is required."]]
                valid = False
        return valid


class EventForm(Form):
    """Everything an organiser decides about an event."""

    version = IntegerField(widget=HiddenInput(), validators=[Optional()])
    kind = SelectField(_l("What it is"))
    course = SelectField(_l("Course"))
    texts = FieldList(FormField(TextsPart))
    areas = Choices(_l("Areas"))
    language = SelectField(_l("Language spoken"))
    slug = StringField(_l("Address of its page"), [longest(80)])
    slots = FieldList(FormField(SlotPart))
    zone = StringField(_l("Time zone"), [longest(60)])
    venue = StringField(_l("Venue"), [longest(200)])
    address = StringField(_l("Street and number"), [longest(250)])
    city = StringField(_l("Town"), [longest(100)])
    online_url = URLField(_l("Link to take part online"), [longest(500)])
    places_onsite = IntegerField(_l("Places on site"), [Optional(), NumberRange(min=0, max=100000)])
    places_online = IntegerField(_l("Places online"), [Optional(), NumberRange(min=0, max=100000)])
    tickets = FieldList(FormField(TicketPart))
    visibility = SelectField(_l("Who may register"))
    opens = DateTimeLocalField(_l("Registration opens"), [Optional()])
    closes = DateTimeLocalField(_l("Registration closes"), [Optional()])
    approves = BooleanField(_l("I accept each person myself"))
    approval_holds_place = BooleanField(_l("Hold a place for whoever asks, until I answer"))
    has_waiting_list = BooleanField(_l("Keep a waiting list when it is full"))
    organisation_cap = IntegerField(_l("Places one organisation may hold"), [Optional(), NumberRange(min=1, max=10000)])
    minimum = IntegerField(_l("People needed for it to take place"), [Optional(), NumberRange(min=0, max=100000)])
    decides = DateTimeLocalField(_l("Decide by"), [Optional()])
    policies = FieldList(TextAreaField(_l("Cancellation terms"), [longest(600)]))
    tiers = FieldList(FormField(TierPart), min_entries=3, max_entries=3)
    free_until_days = IntegerField(
        _l("Cancelling is free until so many days before"), [InputRequired(), NumberRange(min=0, max=365)]
    )
    contact_name = StringField(_l("Who answers questions"), [longest(200)])
    contact_email = EmailField(_l("E-mail"), [longest(254), mail_address])

    def validate_zone(self, field: StringField) -> None:
        from zoneinfo import available_timezones

        if field.data not in available_timezones():
            raise ValidationError(_("We do not know this time zone. Write it like Europe/Brussels."))

    def validate_online_url(self, field: URLField) -> None:
        if field.data and not re.match(r"https?://[^\s/]+\.[^\s]+$", field.data):
            raise ValidationError(_("This is no web address. Write it like https://organisation.be."))


class ResumeForm(Form):
    """The new dates of a postponed event."""

    version = IntegerField(widget=HiddenInput(), validators=[Optional()])
    slots = FieldList(FormField(SlotPart))
    closes = DateTimeLocalField(_l("Registration closes"), [Optional()])
    decides = DateTimeLocalField(_l("Decide by"), [Optional()])


class WordsForm(Form):
    """The organiser's own words about a postponement, in each language."""

    notices = FieldList(TextAreaField(_l("What you want to tell them"), [longest(600)]))


class DecideLaterForm(Form):
    """A tentative event gets more time."""

    version = IntegerField(widget=HiddenInput(), validators=[Optional()])
    decides = DateTimeLocalField(_l("Decide by"), [filled()])
    closes = DateTimeLocalField(_l("Registration closes"), [Optional()])


class CancelForm(WordsForm):
    """Cancelling an event asks for its title."""

    version = IntegerField(widget=HiddenInput(), validators=[Optional()])

    title = StringField(_l("Its title, to be sure"), [filled(), longest(200)])


class CopyForm(Form):
    """Duplicating: the dates move by so many days, or wait."""

    dates = SelectField(_l("Its dates"))
    first_day = DateField(_l("The first day of the new one"), [Optional()])

    def validate(self, extra_validators: Any = None) -> bool:
        valid = super().validate(extra_validators)
        if self.dates.data == "move" and self.first_day.data is None and not self.first_day.errors:
            self.first_day.errors = [sentences()["This field is required."]]
            valid = False
        return valid
