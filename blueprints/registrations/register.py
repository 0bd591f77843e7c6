"""The one registration form: two clicks for a signed-in person, a short form and a mailed code for a guest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext as _, lazy_gettext as _l
from wtforms import (
    BooleanField,
    EmailField,
    HiddenField,
    IntegerField,
    RadioField,
    StringField,
    TelField,
    TextAreaField,
)
from wtforms.widgets import HiddenInput

from blueprints.accounts.words import too_many_mails
from blueprints.forms import (
    filled,
    form_view,
    has_a_letter,
    longest,
    mail_address,
    no_web_address,
)
from blueprints.guards import current_person
from blueprints.question_fields import (
    ask_only,
    carry_files,
    fields_by_ticket,
    form_with,
    given_by,
    keep_chosen_files,
    keep_only,
    status_with_files,
    takes_files,
)
from blueprints.registrations import blueprint
from blueprints.registrations.payer_form import PayerForm
from blueprints.registrations.voucher_entry import desk_with_code, fitting_ticket
from blueprints.registrations.words import closed_words, refusal_words
from blueprints.visitors import visitor
from models.base import now
from models.people import Person
from models.questions import Question
from models.registrations import Status
from services.drafts import save_draft
from services.my_registrations import place_of
from services.on_account import NoPaymentTerm
from services.orders import first_status
from services.payers import PayerGone
from services.prices import Price
from services.questions import questions_at
from services.registration_pages import Desk, registration_desk
from services.registrations import AlreadyRegistered, RegistrationRefused, register
from services.throttles import TooMany
from services.vouchers import VoucherRefused
from services.wishes import Wish

NAME = [filled(), longest(120), has_a_letter, no_web_address]


class ConfirmForm(PayerForm):
    """What a signed-in person confirms. The price of the page comes back, so that a change is told."""

    ticket = RadioField(_l("How you take part"), validate_choice=False)
    needs = TextAreaField(_l("Anything we should know to welcome you well?"), [longest(1000)])
    visible_to_guests = BooleanField(_l("Show my name and organisation to the other guests"))
    prerequisites = BooleanField(
        _l("I meet these"), [filled(_l("Tick this when you meet them. If you do not, write to the organiser first."))]
    )
    shown_cents = IntegerField(widget=HiddenInput())
    shown_ticket = HiddenField()  # whose price that was, where there is a choice
    questions: Sequence[Question] = ()  # those it has a field for
    wanted: str | None = None  # the ticket that was chosen, even when the page has no choice any more

    def remember_price(self, price: Price) -> None:
        """The page sends back the price it shows now, never that of an earlier one."""
        self.shown_cents.raw_data = self.shown_ticket.raw_data = None
        self.shown_cents.data, self.shown_ticket.data = price.gross_cents, price.ticket.public_id

    def chooses_anew(self, desk: Desk) -> bool:
        """Whether another kind of place was chosen than the page binds to: with another price, or a waiting list. Then the
        page comes back with that, and is confirmed then."""
        if "ticket" not in self or self.shown_ticket.data in (None, "", self.ticket.data):
            return False
        prices = {price.ticket.public_id: price for price in desk.choices}
        before, after = prices.get(self.shown_ticket.data), prices.get(self.ticket.data)
        if before is None or after is None:
            return False
        return before.gross_cents != after.gross_cents or desk.waits_for(before) != desk.waits_for(after)


class GuestForm(ConfirmForm):
    """A guest's form."""

    given_name = StringField(_l("First name"), NAME)
    family_name = StringField(_l("Last name"), NAME)
    email = EmailField(_l("E-mail"), [filled(), longest(254), mail_address])
    phone = TelField(_l("Phone"), [longest(40)])
    organisation_name = StringField(_l("Organisation"), [longest(200), no_web_address])
    terms = BooleanField(_l("I accept the registration terms"), [filled(_l("We need your agreement to hold a place."))])
    website = HiddenField()  # nobody sees it; programs that fill in every field show themselves


@blueprint.route("/events/<slug>/register", methods=["GET", "POST"])
@takes_files
@form_view
def form(slug: str) -> ResponseReturnValue:
    """Register for an event."""
    person = current_person()
    form = form_for(slug, person)
    form.begins()
    load = partial(desk_for, slug, person, form)
    desk = load()
    if desk is None:
        abort(404)
    mine = place_of(person, desk.event.id)
    offer_choices(form, desk)
    form.offer_payers(person, desk)
    desk = desk.paid_by(form.customer)
    offer_questions(form, desk)
    valid = form.validate_on_submit()
    keep_chosen_files(form, form.questions)
    if mine is not None:
        return redirect(url_for("registrations.order", code=mine[1]), 303)
    unchanged = None if form.questions else desk  # keeping a file wrote: what was read is forgotten
    desk = desk_with_code(form, load, visitor().ip, counts=not form.csrf_token.errors, desk=unchanged) or desk
    form.ask_students(desk)
    form.only_looks()
    anew = form.chooses_anew(desk)
    if valid and not form.errors and not form.changes_the_price and not anew:
        answer = signed_in_answer(form, desk, person) if person else guest_answer(form, desk)
        if answer is not None:
            return answer
        desk = desk_with_code(form, load, visitor().ip, counts=not form.voucher.errors) or desk
        form = asked_anew(form, slug, person, desk)
    desk = shown(form, desk)
    open_now = desk.event.registration_is_open(now())
    template = "registrations/confirm.html" if person else "registrations/guest.html"
    closed = None if open_now else closed_words(desk.event)
    asked = fields_by_ticket(form, form.questions)
    payers = form.choices_for(desk, None if "ticket" in form else desk.price) if form.asks_payer else []
    page = render_template(
        template, form=form, desk=desk, event=desk.event, closed=closed, questions=asked, payers=payers, anew=anew
    )
    return page, status_with_files(form)


def shown(form: ConfirmForm, desk: Desk) -> Desk:
    """The desk of what is ticked; its price, always that of the page being shown, comes back with the form."""
    form.shows()
    if desk.price is None:
        return desk
    price = chosen(form, desk)
    form.remember_price(price)
    return desk.choosing(price)


def form_for(slug: str, person: Person | None) -> ConfirmForm:
    """The form with a field for each question of the event."""
    questions = questions_at(slug)
    form = form_with(ConfirmForm if person else GuestForm, questions, str(get_locale()))()
    form.questions = questions
    return form


def offer_questions(form: ConfirmForm, desk: Desk) -> None:
    """Show the questions of the tickets on offer; only those of the ticket chosen need an answer."""
    tickets = {price.ticket.id for price in (*desk.choices, desk.price) if price}
    form.questions = keep_only(form, form.questions, tickets)
    price = chosen(form, desk)
    ask_only(form, form.questions, {price.ticket.id} if price else set())


def asked_anew(refused: ConfirmForm, slug: str, person: Person | None, desk: Desk) -> ConfirmForm:
    """The form as typed, with the questions as they are now, and with what was wrong."""
    form = form_for(slug, person)
    offer_choices(form, desk)
    form.offer_payers(person, desk)
    offer_questions(form, desk)
    form.validate()
    form.ask_students(desk)
    form.form_errors += [words for words in refused.form_errors if words not in form.form_errors]
    for field in refused:
        if field.name in form and field.errors:
            form[field.name].errors = field.errors
    carry_files(refused, form)
    return form


def desk_for(slug: str, person: Person | None, form: ConfirmForm) -> Desk | None:
    """The desk as it is now, for what the form says; a guest's address is the one they typed."""
    desk = registration_desk(slug, person, now(), studies=form.says)
    typed = form.email.data or "" if isinstance(form, GuestForm) else ""
    if desk is None:
        return None
    desk = desk.paid_by(form.customer) if form.knows_payers else desk
    return replace(desk, address=typed) if person is None else desk


def offer_choices(form: ConfirmForm, desk: Desk) -> None:
    """One choice per kind of place when the event has several; the field goes when there is nothing to choose."""
    if not desk.prerequisites.confirms:
        del form.prerequisites
    form.ticket.choices = [(price.ticket.public_id, price.ticket.public_id) for price in desk.choices]
    form.wanted = form.ticket.data or None
    if len(desk.choices) < 2:
        del form.ticket
    else:
        form.ticket.data = fitting_ticket(form.ticket.data, desk)
        form.wanted = form.wanted or form.ticket.data


def chosen(form: ConfirmForm, desk: Desk) -> Any:
    """The price of the kind of place chosen."""
    wanted = form.ticket.data if "ticket" in form else None
    return next((price for price in desk.choices if price.ticket.public_id == wanted), desk.price)


def wish_of(form: ConfirmForm, **who: Any) -> Wish:
    return Wish(
        needs=form.needs.data or "",
        visible_to_guests=bool(form.visible_to_guests.data),
        ticket=form.wanted,
        shown_cents=form.shown_cents.data,
        voucher=form.voucher.data or "",
        studies=form.says,
        answers=dict(given_by(form, form.questions)),
        prerequisites_confirmed="prerequisites" in form and bool(form.prerequisites.data),
        payer=form.payer_of(),
        **who,
    )


def signed_in_answer(form: ConfirmForm, desk: Desk, person: Person) -> ResponseReturnValue | None:
    """Register at once; None when the page must be shown again with what is wrong."""
    wish = wish_of(
        form, given_name=person.given_name, family_name=person.family_name, email=desk.address, phone=person.phone or ""
    )
    try:
        order = register(person, desk.event.id, wish, locale=str(get_locale()))
    except AlreadyRegistered as already:
        return redirect(url_for("registrations.order", code=already.order_code), 303)
    except RegistrationRefused as refusal:
        tell(form, desk, refusal)
        return None
    flash(done_words(first_status(order)), "success")
    return redirect(url_for("registrations.order", code=order.code), 303)


def guest_answer(form: GuestForm, desk: Desk) -> ResponseReturnValue | None:
    """Keep the draft and mail the code; None when the page must be shown again."""
    if form.website.data:
        abort(400)
    wish = wish_of(
        form,
        given_name=form.given_name.data,
        family_name=form.family_name.data,
        email=form.email.data,
        phone=form.phone.data or "",
        organisation_name=form.organisation_name.data or "",
    )
    try:
        draft = save_draft(desk.event.id, wish, visitor())
    except TooMany as limit:
        form.email.errors = [too_many_mails(limit)]
        return None
    except RegistrationRefused as refusal:
        tell(form, desk, refusal)
        return None
    return redirect(url_for("registrations.draft", public_id=draft.public_id), 303)


def tell(form: ConfirmForm, desk: Desk, refusal: RegistrationRefused) -> None:
    """Put a refusal at the field it is about, or at the head of the form."""
    words = refusal_words(refusal, desk.event)
    if isinstance(refusal, VoucherRefused):
        form.voucher.errors = [words]
    elif isinstance(refusal, PayerGone | NoPaymentTerm) and form.asks_payer:
        form.payer.errors = [words]
    elif "ticket" in form:
        form.ticket.errors = [words]
    else:
        form.form_errors.append(words)


def done_words(status: Status) -> str:
    """What has just happened, in a sentence."""
    if status == Status.WAITLISTED:
        return _("You are on the waiting list. We write as soon as a place is free.")
    if status == Status.AWAITING_PAYMENT:
        return _("Your place is held. It becomes final when the payment arrives.")
    if status == Status.PENDING_APPROVAL:
        return _("Your request is with the organiser. We write as soon as it is decided.")
    return _("You have a place. A mail with the calendar entry is on its way.")
