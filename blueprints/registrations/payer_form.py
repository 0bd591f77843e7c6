"""Who pays, and how: asked on the registration form where there is a price, answered already when the page opens.

form.offer_payers(person, desk)     the choices; all of it goes where nothing costs anything
desk.paid_by(form.customer)         the prices of whoever pays
form.payer_of()                     what it says, for a Wish
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import request
from flask_babel import gettext as _, lazy_gettext as _l
from wtforms import BooleanField, EmailField, Field, Form as AnyForm, RadioField, SelectField, StringField
from wtforms.validators import StopValidation, ValidationError

from blueprints.forms import Filled, has_a_letter, longest, mail_address
from blueprints.registrations.company_fields import company_numbers, country_choices
from blueprints.registrations.voucher_entry import StudentForm
from models.organisations import Organisation
from models.people import Person
from services.customers import Customer, customer_at, customer_of_organisation
from services.enterprise_numbers import CompanyNumbers, say_company_number
from services.payers import payers_for
from services.prices import Price, paid_by
from services.registration_pages import Desk
from services.wishes import Payer

PERSON, COMPANY, ACCOUNT = "person", "company", "+account"
NAMES = ("name", "number", "street", "postcode", "city", "country", "email")
FIELDS = (*(f"company_{name}" for name in NAMES), "purchase_order", "purchase_order_later")


def of_company(form: AnyForm, field: Field) -> None:
    """Filled in when a company pays whose details are typed; else nobody asks."""
    if not getattr(form, "types_company", False):
        field.errors = []
        raise StopValidation
    Filled()(form, field)


@dataclass(frozen=True)
class PayerChoice:
    """One line of “Who pays?”: what it costs whoever pays is said at its end."""

    value: str
    label: str
    note: str
    price: Price | None

    @property
    def pays_later(self) -> bool:
        return self.value.endswith(ACCOUNT)


class PayerForm(StudentForm):
    """With who pays. An organisation the person works at is known; another company is typed."""

    payer = RadioField(_l("Who pays?"), validate_choice=False)
    company_name = StringField(_l("Legal name of the company"), [of_company, longest(200), has_a_letter])
    company_number = StringField(
        _l("Enterprise or VAT number"),
        [longest(30)],
        description=_l("Such as 0101.357.179, or with the letters of its country: BE 0101.357.179."),
    )
    company_street = StringField(_l("Street and number"), [of_company, longest(200)])
    company_postcode = StringField(_l("Postcode"), [of_company, longest(20)])
    company_city = StringField(_l("Town"), [of_company, longest(100)])
    company_country = SelectField(_l("Country"), default="BE")
    company_email = EmailField(_l("Send the invoice to"), [of_company, longest(254), mail_address])
    purchase_order = StringField(_l("Purchase-order number"), [longest(60)])
    purchase_order_later = BooleanField(_l("The number comes later: hold the invoice until then"))

    payers: list[Organisation] = []
    numbers = CompanyNumbers()
    knows_payers = False  # once they are offered
    changes_vat = False  # whether whoever pays has another VAT than somebody here

    def offer_payers(self, person: Person | None, desk: Desk) -> None:
        """Ask where something costs money, and begin with the one whose prices the reader was shown."""
        self.knows_payers = True
        if all(price.is_free for price in (*desk.choices, desk.price) if price):
            del self.payer
            for name in FIELDS:
                del self[name]
            return
        self.payers = payers_for(person) if person else []
        values = [PERSON, *(value for each in self.payers for value in values_of(each)), COMPANY]
        self.payer.choices = [(value, value) for value in values]
        self.company_country.choices = country_choices()
        if not self.is_submitted():
            self.company_name.data, self.company_email.data = desk.reader.organisation_name, desk.address
        if self.payer.data is None:
            mine = (each.public_id for each in self.payers if each.id == desk.reader.organisation_id)
            self.payer.data = next(mine, PERSON)
        prices = [paid_by(price, self.customer) for price in (*desk.choices, desk.price) if price]
        self.changes_vat = any(price.vat != price.ticket.vat for price in prices)

    @property
    def asks_payer(self) -> bool:
        return "payer" in self

    @property
    def types_company(self) -> bool:
        return self.asks_payer and self.payer.data == COMPANY

    @property
    def organisation(self) -> Organisation | None:
        """The organisation that is chosen."""
        wanted = (self.payer.data or "").removesuffix(ACCOUNT) if self.asks_payer else ""
        return next((each for each in self.payers if each.public_id == wanted), None)

    @property
    def customer(self) -> Customer:
        """Whoever pays, as far as it can be read: a number that is wrong is told at its field."""
        if self.organisation:
            return customer_of_organisation(self.organisation)
        if not self.types_company:
            return Customer.PERSON
        country = self.company_country.data or ""
        try:
            number = company_numbers(self.company_number, country).vat
        except ValidationError:
            number = ""
        return customer_at(country, number, is_business=True)

    @property
    def price_for(self) -> str:
        return f"{super().price_for}#{self.customer}" if self.changes_vat else super().price_for

    @property
    def tells_price(self) -> bool:
        """Whether the page comes back because VAT, and so the price, is another one for whoever pays."""
        before = request.form.get("shown_for", "")
        return self.is_submitted() and before.partition("#")[2] != self.price_for.partition("#")[2]

    def validate_payer(self, field: Field) -> None:
        if field.data not in {value for value, _label in field.choices}:
            raise ValidationError(_("Choose who pays. Nothing was booked."))

    def validate_company_number(self, field: Field) -> None:
        if self.types_company:
            self.numbers = company_numbers(field, self.company_country.data or "")

    def choices_for(self, desk: Desk, price: Price | None) -> list[PayerChoice]:
        """The lines of “Who pays?” with what `price` is for each of them."""

        def line(value: str, label: str, note: str, customer: Customer) -> PayerChoice:
            return PayerChoice(value, label, note, paid_by(price, customer) if price else None)

        lines = [line(PERSON, _("I pay myself"), "", Customer.PERSON)]
        for each in self.payers:
            customer = customer_of_organisation(each)
            lines.append(line(each.public_id, _("%(name)s pays", name=each.name), known_as(each), customer))
            if each.payment_term_days is not None:
                words = _("Your place is yours at once. To be paid within %(days)s days.", days=each.payment_term_days)
                label = _("%(name)s pays later, by invoice", name=each.name)
                lines.append(line(each.public_id + ACCOUNT, label, words, customer))
        other = _("Another company pays") if self.payers else _("My company pays")
        typed = self.customer if self.types_company else Customer.HOME
        return [*lines, line(COMPANY, other, _("Write below to whom it is invoiced."), typed)]

    def payer_of(self) -> Payer:
        """Who pays, as the form says it."""
        if self.organisation is None and not self.types_company:
            return Payer()
        order = self.purchase_order.data or ""
        later = bool(self.purchase_order_later.data) and not order
        if self.organisation is not None:
            account = (self.payer.data or "").endswith(ACCOUNT)
            return Payer(self.organisation.public_id, {}, account, order, later)
        return Payer("", self.billing, False, order, later)

    @property
    def billing(self) -> dict[str, Any]:
        """The typed details as an order keeps them."""
        texts = ("name", "street", "postcode", "city", "country", "email")
        facts: dict[str, Any] = {name: (self[f"company_{name}"].data or "").strip() for name in texts}
        numbers = {"vat_number": self.numbers.vat, "enterprise_number": self.numbers.enterprise}
        return {**facts, **numbers, "is_business": True, "wants_invoice": True}


def values_of(organisation: Organisation) -> list[str]:
    """What the form calls the ways in which an organisation pays."""
    later = [organisation.public_id + ACCOUNT] if organisation.payment_term_days is not None else []
    return [organisation.public_id, *later]


def known_as(organisation: Organisation) -> str:
    """Its legal name and number, so that nobody has to wonder who is invoiced."""
    return f"{organisation.legal_name}, {say_company_number(organisation.vat_number, organisation.enterprise_number)}"
