"""Somebody who stands at the door: added by hand, with a free place or one that is kept for a code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext as _, lazy_gettext as _l
from wtforms import RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired

from blueprints.forms import Form, filled, form_view, has_a_letter, longest, mail_address, no_web_address, status_of
from blueprints.guards import me, organiser_of
from blueprints.organise import blueprint
from blueprints.organise.events import event_page
from blueprints.organise.voucher_form import row_words
from blueprints.registrations.voucher_entry import voucher_refusal
from blueprints.security import LANGUAGE_NAMES, cluster
from blueprints.words import text
from models.base import now
from models.events import Audience, Event, Ticket
from services.attendees import event_tickets_on_sale
from services.audit import record
from services.money import say_money
from services.registrations import AlreadyRegistered, EventFull, MembersOnly, RegistrationRefused
from services.voucher_list import Standing, VoucherRow, vouchers_of, vouchers_that_serve
from services.vouchers import VoucherRefused
from services.walk_ins import add_walk_in
from services.wishes import Wish

NAME = [filled(), longest(120), has_a_letter, no_web_address]


class WalkInForm(Form):
    """Somebody who stands at the desk."""

    given_name = StringField(_l("First name"), NAME)
    family_name = StringField(_l("Last name"), NAME)
    email = StringField(
        _l("E-mail"), [longest(254), mail_address], description=_l("The confirmation and a certificate go there.")
    )
    organisation_name = StringField(_l("Organisation"), [longest(200), no_web_address])
    ticket = RadioField(_l("Price without VAT"), [InputRequired()])
    voucher = SelectField(_l("Voucher"), default="")
    locale = SelectField(_l("Language of their mails"))
    needs = TextAreaField(_l("Anything to know to welcome them well"), [longest(1000)])
    tickets: Sequence[Ticket] = ()
    rows: Sequence[VoucherRow] = ()

    def offer(self, event: Event, tickets: Sequence[Ticket], rows: Sequence[VoucherRow]) -> None:
        """The tickets on sale, and the codes that may be used now; without any the field goes."""
        self.tickets, self.rows = tickets, rows
        self.ticket.choices = [(ticket.public_id, text(ticket.names)) for ticket in tickets]
        self.locale.choices = [(code, LANGUAGE_NAMES.get(code, code)) for code in cluster().languages]
        codes = [(row.voucher.code, f"{row.voucher.code} · {row_words(row, event.zone)}") for row in rows]
        self.voucher.choices = [("", _("None: a free place at its price")), *codes]
        if not rows:
            del self.voucher

    @property
    def code(self) -> str:
        return (self.voucher.data or "") if "voucher" in self else ""

    @property
    def costs(self) -> bool:
        """Whether the ticket has a price, and the code chosen leaves something of it."""
        ticket = next((one for one in self.tickets if one.public_id == self.ticket.data), None)
        voucher = next((row.voucher for row in self.rows if row.voucher.code == self.code), None)
        net = ticket.net_cents if ticket else 0
        return (voucher.applied_to(net) if voucher else net) > 0

    def validate(self, extra_validators: Any = None) -> bool:
        valid = super().validate(extra_validators)
        if self.costs and not self.email.data and not self.email.errors:
            self.email.errors = [_("A paid place needs an address: how to pay is sent there.")]
            return False
        return valid


@blueprint.route("/organise/events/<slug>/walk-in", methods=["GET", "POST"])
@form_view
def walk_in(slug: str) -> ResponseReturnValue:
    """Add somebody by hand: a place at once, whatever the registration window."""
    event, at = organiser_of(slug), now()
    tickets = event_tickets_on_sale(event.id, at)
    usual = next((ticket for ticket in tickets if ticket.audience == Audience.EVERYONE), None)
    form = WalkInForm(data={"locale": event.language, "ticket": usual and usual.public_id})
    form.offer(event, tickets, codes_of(event))
    if form.validate_on_submit() and add(form, event):
        return redirect(url_for("organise.attendees", slug=slug), 303)
    tickets = event_tickets_on_sale(event.id, at)
    locale = str(get_locale())
    ends = {
        ticket.public_id: say_money(ticket.net_cents, locale, short=True) if ticket.net_cents else _("Free")
        for ticket in tickets
    }
    free = {ticket.quota_id: ticket.quota.free for ticket in tickets}
    kept = {ticket.quota_id: ticket.quota.kept for ticket in tickets}
    page = render_template(
        "organise/walk_in.html", **event_page(event), form=form, ends=ends, free=sum(free.values()),
        kept=sum(kept.values()),
    )  # fmt: skip
    return page, status_of(form)


def codes_of(event: Event) -> list[VoucherRow]:
    """The vouchers that somebody at the door may bring; those that keep places first."""
    at = now()
    rows = [row for row in vouchers_of(event.id, at) if row.standing is Standing.VALID]
    return sorted([*rows, *vouchers_that_serve(event.id, at)], key=lambda row: not row.kept)


def add(form: WalkInForm, event: Event) -> bool:
    """Add the person of a valid form; a refusal becomes a problem of the form."""
    wish = Wish(
        given_name=form.given_name.data,
        family_name=form.family_name.data,
        email=form.email.data,
        organisation_name=form.organisation_name.data or "",
        needs=form.needs.data or "",
        ticket=form.ticket.data,
        voucher=form.code,
    )
    try:
        registration = add_walk_in(event.id, wish, actor=me(), locale=form.locale.data)
    except RegistrationRefused as refusal:
        tell(form, refusal, event)
        return False
    record("registration.walk_in", me(), event=event, subject_kind="registration", subject_id=registration.id)
    flash(_("%(name)s is on the list.", name=registration.name), "success")
    return True


def tell(form: WalkInForm, refusal: RegistrationRefused, event: Event) -> None:
    """Put a refusal at the field it is about, or at the head of the form."""
    match refusal:
        case AlreadyRegistered():
            form.email.errors = [_("This address has a registration here already. Look for it in the list.")]
        case VoucherRefused():
            form.voucher.errors = [voucher_refusal(refusal, event)]
        case EventFull() if any(row.kept for row in form.rows):
            form.form_errors.append(
                _("No place is free. Choose a code that keeps one, raise the number of places, or cancel somebody.")
            )
        case EventFull():
            form.form_errors.append(
                _("No place is free. Raise the number of places first, or cancel somebody who does not come.")
            )
        case MembersOnly():
            words = _("This price is for members, and we know no member by this address. Choose another one.")
            form.ticket.errors = [words]
        case _:
            words = _("Nobody can be added now: the event is not taking place, or this price is gone.")
            form.form_errors.append(words)
