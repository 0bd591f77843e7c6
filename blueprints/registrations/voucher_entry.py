"""A code typed on a registration form, or brought by a link (`?voucher=CODE`), and what a student says.

Whatever changes the price is shown first: the page comes back with the new price and its reason, and is confirmed then.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flask import request
from flask_babel import get_locale, gettext as _, lazy_gettext as _l, ngettext
from wtforms import HiddenField, StringField

from blueprints.accounts.words import too_many_tries
from blueprints.forms import Form, longest, no_web_address
from blueprints.visitors import visitor
from models.events import Event
from models.vouchers import Voucher, voucher_code
from services.dates import say_deadline
from services.kept_places import KeepsNoPlace, OneCodeOnly
from services.registration_pages import Desk
from services.throttles import TooMany
from services.vouchers import (
    VoucherElsewhere,
    VoucherEnded,
    VoucherNotNeeded,
    VoucherRefused,
    VoucherTooEarly,
    VoucherUsedUp,
    try_voucher,
)


class KeptPlaceForm(Form):
    """A form with the code for which a place is kept. The price is agreed already."""

    voucher = StringField(_l("Voucher code"), [longest(40)])

    def tries(self, event: Event, at: datetime) -> bool:
        """Whether the code typed may be used there; else it is told at the field, and a wrong one is counted."""
        try:
            try_voucher(self.voucher.data or "", event, visitor().ip, at)
        except TooMany as limit:
            self.voucher.errors = [too_many_tries(limit)]
        except VoucherRefused as refusal:
            self.voucher.errors = [voucher_refusal(refusal, event)]
        return not self.voucher.errors


class CodeForm(Form):
    """A form with a voucher. `shown_for` is what the price of the page was made for."""

    voucher = StringField(_l("Voucher code"), [longest(40)])
    shown_for = HiddenField()

    def begins(self) -> None:
        """A link brings its code along."""
        if not self.is_submitted():
            self.voucher.data = request.args.get("voucher", "")[:40]

    @property
    def price_for(self) -> str:
        return voucher_code(self.voucher.data or "")

    def shows(self) -> None:
        """The page sends back what its price is made for, never what an earlier one was."""
        self.shown_for.raw_data = None
        self.shown_for.data = self.price_for

    @property
    def changes_the_price(self) -> bool:
        """Whether something was typed that the price on the page did not know."""
        return self.price_for != (self.shown_for.data or "") or request.form.get("act") == "look"

    def only_looks(self) -> None:
        """Who only asks for the price is not told what else is missing yet."""
        if self.is_submitted() and self.changes_the_price:
            for field in self:
                if field.name not in ("voucher", "studies", "csrf_token"):
                    field.errors = []


class StudentForm(CodeForm):
    """With what a student says; the field is there when students have a price of their own."""

    studies = StringField(_l("Where and what do you study?"), [longest(200), no_web_address])

    @property
    def price_for(self) -> str:
        return f"{super().price_for}|{self.says}".strip("|")

    @property
    def says(self) -> str:
        return (self.studies.data or "") if "studies" in self else ""

    def ask_students(self, desk: Desk) -> None:
        """Keep the question where it belongs, and ask again when a students' place needs an answer."""
        if not desk.sells_to_students:
            del self.studies
        elif self.is_submitted() and desk.needs_studies and not self.says:
            self.studies.errors = [_("These places are for students. Say where and what you study.")]


def fitting_ticket(wanted: str | None, desk: Desk) -> str | None:
    """Which choice is ticked: the one wanted, else the one of the same quota that is on sale now, else the best."""
    offered = {price.ticket.public_id for price in desk.choices}
    if wanted in offered:
        return wanted
    quotas = {ticket.public_id: ticket.quota_id for ticket in desk.event.tickets}
    same = (price for price in desk.choices if price.ticket.quota_id == quotas.get(wanted or ""))
    price = next(same, desk.price)
    return price.ticket.public_id if price else None


def desk_with_code(
    form: CodeForm, load: Callable[[], Desk | None], ip: str, *, counts: bool, desk: Desk | None = None
) -> Desk | None:
    """The desk with the price that the typed code makes; a code that cannot be used is told at its field.

    `counts`: whether a wrong code may be counted against its network; without it (a failed token) no code is tried.
    `desk`: as it was just read, when nothing was written since.
    """
    desk = desk or load()
    if desk is None or not form.price_for or not counts or not form.voucher.data:
        return desk
    event = desk.event
    try:
        voucher = try_voucher(form.voucher.data, event, ip, desk.at)
        return desk.with_voucher(voucher)
    except TooMany as limit:
        words = too_many_tries(limit)
    except VoucherRefused as refusal:
        desk = load()  # counting a wrong code has forgotten what was read
        words = voucher_refusal(refusal, desk.event if desk else event)
    form.voucher.errors = [*form.voucher.errors, words]
    return desk


def enough_uses(form: CodeForm, voucher: Voucher | None, asked: int) -> None:
    """Tell at the field when the voucher serves fewer than are asked for."""
    if voucher is not None and voucher.left is not None and voucher.left < asked and not form.voucher.errors:
        form.voucher.errors = [used_up_words(voucher.left)]


def voucher_refusal(refusal: VoucherRefused, event: Event) -> str:
    """Why a code cannot be used, and what to do next."""
    match refusal:
        case VoucherElsewhere():
            return _("This code is for another event. Look at where you got it, or leave the field empty.")
        case VoucherTooEarly(begins=begins):
            when = say_deadline(begins, str(get_locale()), event.zone)
            return _("This code is valid from %(when)s on. Come back then, or leave the field empty.", when=when)
        case VoucherEnded():
            return _("This code is no longer valid. Ask whoever gave it to you, or leave the field empty.")
        case VoucherUsedUp(left=left):
            return used_up_words(left)
        case KeepsNoPlace():
            return _("This code keeps no place there. Choose another one, or ask whoever gave it to you.")
        case OneCodeOnly(code=code):
            return _(
                "Your price was made with the code %(code)s, and a place has one code only. Write to the organiser.",
                code=code,
            )
        case VoucherNotNeeded():
            return _("Your price is as low without this code. Keep it for another time and leave the field empty.")
        case _:
            return _("We do not know this code. Check its letters and digits, or leave the field empty.")


def used_up_words(left: int) -> str:
    if left <= 0:
        return _("This code has been used as often as it may. Ask whoever gave it to you, or leave the field empty.")
    return ngettext(
        "This code serves one more person only. Order for one person, or leave the field empty.",
        "This code serves %(num)s more people only. Make the list shorter, or leave the field empty.",
        left,
    )
