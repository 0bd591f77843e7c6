"""Booking for a team: paste or tick, look it over, order. The same few clicks for two people and for sixty."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext as _, lazy_gettext as _l, ngettext
from wtforms import BooleanField, IntegerField, RadioField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import NumberRange, Optional
from wtforms.widgets import CheckboxInput, HiddenInput, ListWidget

from blueprints.forms import form_view, longest, status_of
from blueprints.guards import me
from blueprints.registrations import blueprint
from blueprints.registrations.team_words import line_words, team_refusal
from blueprints.registrations.voucher_entry import (
    CodeForm,
    desk_with_code,
    enough_uses,
    fitting_ticket,
    voucher_refusal,
)
from blueprints.registrations.words import closed_words
from blueprints.visitors import visitor
from models.base import now
from models.organisations import Organisation
from models.people import Person
from services.exemptions import LONGEST, SHORTEST, ask_for_team
from services.organisation_pages import managed_by
from services.prerequisites import PrerequisitesUnconfirmed
from services.prices import Price, notes_on
from services.readers import reader_of_organisation
from services.registration_pages import Desk, registration_desk
from services.registrations import RegistrationRefused
from services.team_lists import KnownColleague, TeamWish, candidates, known_colleagues
from services.team_orders import NotYourOrganisation, Preview, order_for_team, preview
from services.vouchers import VoucherRefused


class TeamForm(CodeForm):
    """Whom to enrol. What the page showed comes back, so that a change is told before anything is booked."""

    organisation = SelectField(_l("For"))
    people = TextAreaField(_l("Your colleagues, one on each line"), [longest(20000)])
    colleagues = SelectMultipleField(
        _l("People of your organisation"), widget=ListWidget(prefix_label=False), option_widget=CheckboxInput(),
        validate_choice=False,
    )  # fmt: skip
    unnamed = IntegerField(_l("Places to be named later"), [Optional(), NumberRange(min=0, max=100)], default=0)
    ticket = RadioField(_l("How they take part"), validate_choice=False)
    purchase_order = StringField(_l("Purchase-order number"), [longest(60)])
    purchase_order_later = BooleanField(_l("The number comes later: hold the invoice until then"))
    on_account = BooleanField(_l("Pay later, by invoice"))
    prerequisites = BooleanField(_l("All of them meet these"))
    exemption_reason = TextAreaField(_l("Why they can follow it all the same"), [longest(LONGEST)])
    shown_cents = IntegerField(widget=HiddenInput(), validators=[Optional()])
    shown_people = IntegerField(widget=HiddenInput(), validators=[Optional()])
    wanted: str | None = None  # the ticket that was chosen, even when the page has no choice any more

    def wish(self, *, act: str) -> TeamWish:
        return TeamWish(
            people=self.people.data or "",
            colleagues=tuple(self.colleagues.data or ()),
            unnamed=self.unnamed.data or 0,
            ticket=self.wanted,
            purchase_order=self.purchase_order.data or "",
            voucher=self.voucher.data or "",
            on_account="on_account" in self and bool(self.on_account.data),
            purchase_order_later="on_account" in self and bool(self.purchase_order_later.data),
            prerequisites_confirmed=bool(self.prerequisites.data),
            may_wait=act == "order_and_wait",
            shown_cents=self.shown_cents.data,
            shown_people=self.shown_people.data,
        )


@blueprint.route("/events/<slug>/register/team", methods=["GET", "POST"])
@form_view
def team(slug: str) -> ResponseReturnValue:
    """Enrol colleagues: 404 for whoever is HR manager nowhere."""
    person = me()
    organisations = managed_by(person)
    if not organisations:
        abort(404)
    form = TeamForm()
    organisation = chosen_organisation(form, organisations)
    form.begins()
    reader = reader_of_organisation(person, organisation, now())
    load = partial(registration_desk, slug, person, now(), reader=reader)
    desk = load()
    if desk is None:
        abort(404)
    offer_choices(form, desk, organisation)
    act, valid = request.form.get("act", ""), form.validate_on_submit()
    desk = desk_with_code(form, load, visitor().ip, counts=not form.csrf_token.errors) or desk
    if valid and not form.errors and not form.changes_the_price and act in ("order", "order_and_wait"):
        answer = ordered(form, desk, organisation, person, act)
        if answer is not None:
            return answer
        desk = desk_with_code(form, load, visitor().ip, counts=not form.voucher.errors) or desk
    if valid and not form.errors and act == "exempt" and asked_for_exemptions(form, desk, organisation, person):
        return redirect(url_for("registrations.team", slug=slug), 303)
    form.shows()
    return team_page(form, desk, organisation, act)


def asked_for_exemptions(form: TeamForm, desk: Desk, organisation: Organisation, person: Person) -> bool:
    """Ask the organiser for everybody who is left out; False shows the form again with what is wrong."""
    reason = form.exemption_reason.data or ""
    if len(reason) < SHORTEST:
        form.exemption_reason.errors = [_("Write a sentence or two: the organiser decides by it.")]
        return False
    people = candidates(organisation, desk.event, form.wish(act="exempt"))
    locale = str(get_locale())
    number = ask_for_team(person, organisation, desk.event.id, people, reason, locale=locale)
    flash(
        ngettext(
            "The organiser is asked to exempt %(num)s person, and answers by mail.",
            "The organiser is asked to exempt %(num)s people, and answers by mail.",
            number,
        ),
        "success",
    )
    return True


def chosen_organisation(form: TeamForm, organisations: list[Organisation]) -> Organisation:
    """The organisation that enrols and pays; the field goes when there is only one."""
    wanted = form.organisation.data
    form.organisation.choices = [(each.public_id, each.name) for each in organisations]
    found = next((each for each in organisations if each.public_id == wanted), organisations[0])
    form.organisation.data = found.public_id
    if len(organisations) == 1:
        del form.organisation
    return found


def offer_choices(form: TeamForm, desk: Desk, organisation: Organisation) -> None:
    colleagues = known_colleagues(organisation, desk.event.id)
    free = [one for one in colleagues if one.email and not one.is_registered]
    form.colleagues.choices = [(one.public_id, label_of(one)) for one in free]
    form.ticket.choices = [(price.ticket.public_id, price.ticket.public_id) for price in desk.choices]
    if organisation.payment_term_days is None:
        del form.on_account, form.purchase_order_later
    elif not form.is_submitted():
        form.on_account.data = True
    form.wanted = form.ticket.data or None
    if len(desk.choices) < 2:
        del form.ticket
    else:
        form.ticket.data = fitting_ticket(form.ticket.data, desk)
        form.wanted = form.wanted or form.ticket.data


def label_of(colleague: KnownColleague) -> str:
    return f"{colleague.name}, {colleague.email}"


def price_of(form: TeamForm, desk: Desk) -> Price | None:
    """The organisation's price of one place of the kind chosen."""
    wanted = form.ticket.data if "ticket" in form else None
    return next((price for price in desk.choices if price.ticket.public_id == wanted), desk.price)


def ordered(
    form: TeamForm, desk: Desk, organisation: Organisation, person: Person, act: str
) -> ResponseReturnValue | None:
    """Place the order; None when the page must be shown again with what stands in the way."""
    try:
        placed = order_for_team(person, organisation, desk.event.id, form.wish(act=act), locale=str(get_locale()))
    except NotYourOrganisation:
        abort(404)
    except VoucherRefused as refusal:
        form.voucher.errors = [voucher_refusal(refusal, desk.event)]
        return None
    except PrerequisitesUnconfirmed:
        form.prerequisites.errors = [_("Tick this when all of them meet these. Nothing was booked.")]
        return None
    except RegistrationRefused as refusal:
        form.people.errors = [*form.people.errors, team_refusal(refusal, desk.event)]
        return None
    flash(_("The order is placed. Everybody with an address is told by mail, and you get a summary."), "success")
    if placed.left_out:
        names = ", ".join(placed.left_out)
        flash(_("%(names)s could not be added and costs nothing. Please ask directly.", names=names), "warning")
    return redirect(url_for("registrations.order", code=placed.order.code), 303)


def team_page(form: TeamForm, desk: Desk, organisation: Organisation, act: str) -> ResponseReturnValue:
    """The form, and once it was sent what an order would do."""
    price, found = price_of(form, desk), None
    if act and not form.unnamed.errors and price is not None:
        found = preview(desk.event, organisation, price, form.wish(act=act))
        if found.unclear and not form.people.errors:
            form.people.errors = [unclear_words(found)]
        elif not found.count and not form.people.errors:
            form.people.errors = [_("Write or tick somebody, or ask for places to be named later.")]
        enough_uses(form, desk.voucher, found.count)
        remember_shown(form, found)
    closed = None if desk.event.registration_is_open(now()) else closed_words(desk.event)
    page = render_template(
        "registrations/team.html", form=form, desk=desk, event=desk.event, organisation=organisation, preview=found,
        closed=closed, price=price, line_words=line_words,
        notes=notes_on(price, desk.event.zone) if price else [],
    )  # fmt: skip
    return page, status_of(form)


def unclear_words(found: Preview) -> str:
    return ngettext(
        "One line is unclear. Correct it below, or take it out, then look it over again.",
        "%(num)s lines are unclear. Correct them below, or take them out, then look it over again.",
        len(found.unclear),
    )


def remember_shown(form: TeamForm, found: Preview) -> None:
    """The page sends back what it shows now, never what an earlier one did."""
    shown: dict[str, Any] = {"shown_cents": found.price.gross_cents, "shown_people": found.count}
    for name, value in shown.items():
        form[name].raw_data = None
        form[name].data = value
