"""What a person says about themselves: names, job, phone, language, zone."""

from __future__ import annotations

from functools import lru_cache
from zoneinfo import available_timezones

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale, gettext as _, lazy_gettext as _l
from wtforms import SelectField, StringField, TelField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Regexp

from blueprints.accounts import blueprint
from blueprints.forms import Form, filled, form_view, has_a_letter, longest, no_web_address, status_of
from blueprints.guards import me, signed_in
from blueprints.security import LANGUAGE_NAMES, cluster
from models.people import Person
from services.addresses import affiliations_of
from services.people import Profile, save_profile

REGIONS = ("Africa/", "America/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/", "Pacific/")


@lru_cache(maxsize=1)
def zones() -> tuple[SelectChoice, ...]:
    """Every zone of the tz database that is named after a place."""
    names = sorted(name for name in available_timezones() if name.startswith(REGIONS))
    return tuple(SelectChoice(name, name.replace("_", " ")) for name in names)


def languages() -> list[SelectChoice]:
    return [SelectChoice(code, LANGUAGE_NAMES.get(code, code)) for code in cluster().languages]


class ProfileForm(Form):
    given_name = StringField(_l("First name"), [filled(), longest(120), has_a_letter, no_web_address])
    family_name = StringField(_l("Last name"), [filled(), longest(120), has_a_letter, no_web_address])
    certificate_name = StringField(
        _l("Name on certificates"),
        [longest(250), has_a_letter, no_web_address],
        description=_l("Only if certificates should print another form of your name, such as all your first names."),
    )
    job_title = StringField(_l("Job title"), [longest(160), no_web_address])
    phone = TelField(
        _l("Phone"),
        [longest(40), Regexp(r"[+\d\s().\-/]*$", message=_l("Write the number in digits, such as +32 81 12 34 56."))],
        description=_l("For the day itself, when something changes at the last minute."),
    )
    locale = SelectField(_l("Language"), description=_l("Of these pages and of our mails."))
    zone = SelectField(_l("Time zone"), description=_l("Events are always shown in the time of their place."))

    def offer_choices(self, person: Person) -> None:
        """The cluster's languages, and every zone; what the person has now stays possible."""
        self.locale.choices = languages()
        own = [] if any(person.zone == zone.value for zone in zones()) else [SelectChoice(person.zone, person.zone)]
        self.zone.choices = [*own, *zones()]


@blueprint.route("/me/profile", methods=["GET", "POST"])
@form_view
@signed_in
def profile() -> ResponseReturnValue:
    """Show and change the profile."""
    person = me()
    form = ProfileForm(obj=person)
    form.offer_choices(person)
    if form.validate_on_submit():
        data = {name: value or "" for name, value in form.data.items() if name != "csrf_token"}
        save_profile(person, Profile(**data))
        with force_locale(person.locale):
            flash(_("Your profile is saved."), "success")
        answer = redirect(url_for("accounts.profile"), 303)
        answer.delete_cookie("lang")  # the language just chosen counts, not the one of an earlier visit
        return answer
    page = render_template("accounts/profile.html", form=form, affiliations=affiliations_of(person))
    return page, status_of(form)
