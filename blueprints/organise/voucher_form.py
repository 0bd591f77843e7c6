"""The form of a voucher at the desk, and its words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask_babel import get_locale, gettext as _, lazy_gettext as _l, ngettext
from wtforms import DateTimeLocalField, FieldList, IntegerField, RadioField, SelectField, StringField
from wtforms.validators import NumberRange, Optional

from blueprints.forms import Form, longest
from blueprints.organise.desk_words import act_words
from blueprints.organise.event_form import MoneyField
from blueprints.organise.event_plan_form import languages, local, modality_words, texts
from models.base import in_language
from models.events import Modality, Quota
from models.vouchers import Voucher, VoucherEffect
from services.areas import all_areas
from services.dates import ZONE, say_deadline
from services.event_history import Entry
from services.event_plans import NoSuchTime, Problem, local_instant
from services.money import say_money
from services.voucher_desk import VoucherPlan
from services.voucher_list import Standing, VoucherRow

EFFECTS = (
    (VoucherEffect.PERCENT, _l("Percent off")),
    (VoucherEffect.AMOUNT, _l("Amount off")),
    (VoucherEffect.FIXED, _l("A fixed price")),
)


class VoucherForm(Form):
    """A voucher, new or changed. Only the value that belongs to the chosen effect is read."""

    code = StringField(_l("Code"), [longest(40)])
    names = FieldList(StringField(_l("What it is for"), [longest(100)]))
    area = SelectField(_l("For the events of"))
    effect = RadioField(_l("What it does"), default=VoucherEffect.PERCENT)
    percent = IntegerField(_l("Percent"), [Optional(), NumberRange(1, 100)])
    amount = MoneyField(_l("Amount, without VAT"))
    uses_limit = IntegerField(_l("Uses at most"), [Optional(), NumberRange(1, 100000)])
    valid_from = DateTimeLocalField(_l("Valid from"), [Optional()])
    valid_until = DateTimeLocalField(_l("Valid until"), [Optional()])
    reserved = IntegerField(_l("Places kept for it"), [Optional(), NumberRange(0, 100000)])
    modality = SelectField(_l("Of the places"))

    present: VoucherPlan | None = None  # of a voucher that is changed

    def begin(self, quotas: Iterable[Quota] | None, present: VoucherPlan | None = None, *, used: bool = False) -> None:
        """Fit the form: `quotas` of its event, or None for a voucher of an area or of everything; for a change the code
        stays, and what a `used` one does to a price."""
        self.present = present
        if present is not None:
            del self.code
        if used:
            del self.effect, self.percent, self.amount
        else:
            self.effect.choices = list(EFFECTS)
        while len(self.names.entries) < len(languages()):
            self.names.append_entry("")
        del self.names.entries[len(languages()) :]
        if quotas is None:
            del self.reserved, self.modality
            names = [(area.slug, in_language(area.names, str(get_locale()))) for area in all_areas()]
            self.area.choices = [("", _("All areas")), *names]
            return
        del self.area
        offered = [Modality(quota.modality) for quota in quotas]
        self.modality.choices = [(one, words) for one, words in modality_words().items() if one in offered]
        if len(offered) < 2:
            del self.modality

    def plan(self, zone: str = ZONE) -> VoucherPlan | None:
        """What the valid form asks for; None when a value or a time is missing, told at its field."""
        effect, value = self.effect_and_value()
        begins, ends = self.instant(self.valid_from, zone), self.instant(self.valid_until, zone)
        if self.errors or value is None:
            return None
        wanted = self.modality.data if "modality" in self else None
        return VoucherPlan(
            effect=effect,
            value=value,
            code=(self.code.data or "") if "code" in self else "",
            names=texts(languages(), (entry.data for entry in self.names)),
            area=self.area.data if "area" in self else "",
            uses_limit=self.uses_limit.data,
            valid_from=begins,
            valid_until=ends,
            reserved=(self.reserved.data or 0) if "reserved" in self else 0,
            modality=Modality(wanted) if wanted else None,
        )

    def effect_and_value(self) -> tuple[VoucherEffect, int | None]:
        """What it does to a price; a value that is missing is told at its field."""
        if "effect" not in self and self.present is not None:
            return self.present.effect, self.present.value
        effect = VoucherEffect(self.effect.data)
        percent = effect is VoucherEffect.PERCENT
        field = self.percent if percent else self.amount
        if field.data is None:
            field.errors = [_("Write a number from 1 to 100.") if percent else _("Write an amount, such as 50 or 0.")]
        return effect, field.data

    def instant(self, field: Any, zone: str) -> Any:
        try:
            return local_instant(field.data, zone)
        except NoSuchTime:
            field.errors = [_("The clocks jump over this time. Choose another one.")]
            return None

    def tell(self, problems: Iterable[Problem]) -> None:
        """Put each problem at its field, in words."""
        for problem in problems:
            name = problem.field if problem.field in self else "reserved" if "reserved" in self else "uses_limit"
            field = self[name]
            field.errors = [*field.errors, problem_words(problem)]


def values_of(plan: VoucherPlan, zone: str) -> dict[str, Any]:
    """What the form shows of a voucher that is changed."""
    percent = plan.effect is VoucherEffect.PERCENT
    return {
        "names": [plan.names.get(code, "") for code in languages()],
        "area": plan.area,
        "effect": plan.effect,
        "percent": plan.value if percent else None,
        "amount": None if percent else plan.value,
        "uses_limit": plan.uses_limit,
        "valid_from": local(plan.valid_from, zone),
        "valid_until": local(plan.valid_until, zone),
        "reserved": plan.reserved or None,
        "modality": plan.modality,
    }


def act_line(act: Entry) -> str:
    """What was done to a voucher, in words."""
    return act_words(act.action, act.details)


def problem_words(problem: Problem) -> str:
    match problem.code:
        case "code_form":
            return _("Write 4 to 40 letters, digits or hyphens, such as PARTNER-25. Leave it empty and we make one.")
        case "code_taken":
            return _("Another voucher has this code. Choose another one, or leave it empty and we make one.")
        case "does_nothing":
            return _("This voucher would do nothing. Write an amount, or keep places for it.")
        case "ends_before_start":
            return _("It would end before it begins. Choose a later end.")
        case "not_free":
            return ngettext(
                "Only %(num)s place is free. Keep fewer.", "Only %(num)s places are free. Keep fewer.",
                problem.facts["free"],
            )  # fmt: skip
        case "below_used":
            return ngettext(
                "It is used by %(num)s person already. Allow as many at least.",
                "It is used by %(num)s people already. Allow as many at least.",
                problem.facts["used"],
            )
        case "used_already":
            return _("Somebody has used it meanwhile, so what it does stays. Look at it again.")
        case "fewer_than_reserved":
            return _("More places are kept than may be used. Allow more uses, or keep fewer places.")
        case _:
            return _("Write a number from 1 to 100.")


def effect_words(voucher: Voucher) -> str:
    """What a voucher does, in a few words."""
    locale = str(get_locale())
    if voucher.effect == VoucherEffect.PERCENT:
        return _("%(percent)s %% off", percent=voucher.value)
    amount = say_money(voucher.value, locale, short=True)
    if voucher.effect == VoucherEffect.FIXED:
        return _("for %(amount)s", amount=amount) if voucher.value else _("free")
    return _("%(amount)s off", amount=amount) if voucher.value else _("keeps places")


def uses_words(voucher: Voucher) -> str:
    if voucher.uses_limit is not None:
        return _("%(used)s of %(limit)s used", used=voucher.used, limit=voucher.uses_limit)
    return ngettext("used once", "used %(num)s times", voucher.used) if voucher.used else _("not used yet")


def row_words(row: VoucherRow, zone: str) -> str:
    """One line about a voucher: what it does, for what, how often used, until when, what it keeps."""
    voucher, locale = row.voucher, str(get_locale())
    parts = [effect_words(voucher), in_language(voucher.names, locale)]
    if voucher.event_id is None:
        parts.append(in_language(row.area, locale) or _("All areas"))
    parts.append(uses_words(voucher))
    if row.standing is Standing.EARLY and voucher.valid_from:
        parts.append(_("from %(when)s", when=say_deadline(voucher.valid_from, locale, zone)))
    if voucher.valid_until:
        parts.append(_("until %(when)s", when=say_deadline(voucher.valid_until, locale, zone)))
    if voucher.keeps_places:
        words = ngettext(
            "%(num)s of %(of)s place still kept", "%(num)s of %(of)s places still kept", row.kept, of=voucher.reserved
        )
        parts.append(words)
    return " · ".join(part for part in parts if part)


def standing_words(standing: Standing) -> tuple[str, str]:
    """The pill: its class and its word."""
    return {
        Standing.VALID: ("good", _("Valid")),
        Standing.EARLY: ("wait", _("Not yet")),
        Standing.USED_UP: ("over", _("Used up")),
        Standing.ENDED: ("over", _("Over")),
        Standing.WITHDRAWN: ("stop", _("Withdrawn")),
    }[standing]
