"""The attendee list of one event: found, filtered, sorted, chosen; and somebody added who stands at the door."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext as _, lazy_gettext as _l, ngettext
from wtforms import RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired

from blueprints.forms import (
    Form,
    filled,
    form_view,
    has_a_letter,
    longest,
    mail_address,
    no_web_address,
    status_of,
)
from blueprints.guards import desk_event, me, organiser_of, roles
from blueprints.organise import blueprint
from blueprints.organise.events import event_page, page_number, pager
from blueprints.organise.requests import accept_chosen
from blueprints.security import LANGUAGE_NAMES, cluster
from blueprints.words import text
from models.base import now
from models.events import Audience, Event
from models.registrations import LIVE, Status, TransitionRefused
from services.answers import answers_in_list
from services.attendee_words import status_words
from services.attendees import (
    GROUPS,
    PAGE,
    SORTS,
    Attendee,
    AttendeeList,
    Wanted,
    chosen,
    event_tickets_on_sale,
    list_attendees,
    tickets_of,
)
from services.audit import record
from services.money import say_money
from services.permissions import may_see_attendees
from services.registrations import (
    AlreadyRegistered,
    EventFull,
    MembersOnly,
    RegistrationRefused,
    add_walk_in,
    cancel,
)
from services.wishes import Wish


def group_words() -> dict[str, str]:
    return {"coming": _("Have a place"), "waiting": _("Waiting"), "gone": _("No longer coming")}


def status_choices(counts: dict[str, int]) -> list[tuple[str, str, int]]:
    """Value, words and number: the groups first, then each status that somebody has."""
    groups = [(name, label, counts[name]) for name, label in group_words().items()]
    return groups + [(status, label, counts[status]) for status, label in status_words().items() if counts[status]]


def wanted() -> Wanted:
    """What the query string asks of the list."""
    args = request.args
    sort = args.get("sort", "")
    return Wanted(
        query=args.get("q", "").strip()[:120],
        status=args.get("status", "") if args.get("status") in {*GROUPS, *Status} else "",
        ticket=args.get("ticket", "")[:26],
        sort=sort if sort.removeprefix("-") in SORTS else "-registered",
        page=page_number(),
    )


@blueprint.get("/organise/events/<slug>/attendees")
def attendees(slug: str) -> ResponseReturnValue:
    """The people of one event. Trainers see names; organisers and finance see prices too. Every look is recorded."""
    event = desk_event(slug)
    asked = wanted()
    if not may_see_attendees(roles(), event.id) and asked.sort.endswith("price"):
        asked = Wanted(asked.query, asked.status, asked.ticket, page=asked.page)
    found = list_attendees(event.id, asked)
    page = render_template("organise/attendees.html", **event_page(event), **list_page(event, asked, found))
    record("attendees.read", me(), event=event, details={"rows": len(found.rows)}, ip=request.remote_addr or "")
    return page


def list_page(event: Event, asked: Wanted, found: AttendeeList) -> dict[str, Any]:
    """What the page of the list needs, links that keep the search included."""
    kept = {"q": asked.query or None, "status": asked.status or None, "ticket": asked.ticket or None}
    full = may_see_attendees(roles(), event.id)
    return {
        "found": found,
        "asked": asked,
        "full": full,
        "answers": answers_in_list([row.public_id for row in found.rows if row.has_answered], str(get_locale()))
        if full
        else {},
        "statuses": status_choices(found.counts),
        "tickets": tickets_of(event.id),
        "columns": columns(event.slug, asked, kept, full),
        "pager": pager(
            "organise.attendees", found.page, PAGE, found.total, slug=event.slug, sort=request.args.get("sort"), **kept
        ),
        "is_filtered": bool(asked.query or asked.status or asked.ticket),
    }


def columns(slug: str, asked: Wanted, kept: dict[str, Any], full: bool) -> list[tuple[str, str, str, str]]:
    """Key, words, address that sorts by the column (once more: from the other end), and `aria-sort`."""
    words = {"name": _("Name"), "organisation": _("Organisation"), "status": _("Status"), "registered": _("Registered")}
    if full:
        words["price"] = _("Price")
    found = []
    for key, label in words.items():
        here = asked.sort.removeprefix("-") == key
        down = asked.sort.startswith("-")
        next_sort = f"-{key}" if here and not down else key
        aria = ("descending" if down else "ascending") if here else "none"
        found.append((key, label, url_for("organise.attendees", slug=slug, sort=next_sort, **kept), aria))
    return found


@blueprint.post("/organise/events/<slug>/attendees/chosen")
def attendees_chosen(slug: str) -> ResponseReturnValue:
    """What to do with the people chosen in the list: their addresses, or the question whether to cancel them."""
    event = organiser_of(slug)
    people = chosen(event.id, request.form.getlist("chosen"))
    back = url_for("organise.attendees", slug=slug)
    if not people:
        flash(_("Nobody is chosen. Tick the people first, then say what to do."), "warning")
        return redirect(back, 303)
    live = [person for person in people if person.status in LIVE]
    match request.form.get("act"):
        case "cancel":
            return render_template(
                "organise/cancel_chosen.html", **event_page(event), people=live, others=len(people) - len(live)
            )
        case "accept":
            return accept_chosen(event, people)
        case "cancel_now":
            return cancel_chosen(event, live)
        case _:
            return addresses_of(event, people)


def addresses_of(event: Event, people: list[Attendee]) -> ResponseReturnValue:
    """The addresses to write to, with a link that opens the reader's own mail program."""
    addresses = list(dict.fromkeys(person.email for person in people if person.email))
    subject = text(event.titles)
    link = f"mailto:{event.contact_email}?bcc={quote(','.join(addresses), safe='@,')}&subject={quote(subject)}"
    page = render_template("organise/write.html", **event_page(event), addresses=addresses, link=link)
    record("attendees.addressed", me(), event=event, details={"rows": len(addresses)}, ip=request.remote_addr or "")
    return page


def cancel_chosen(event: Event, people: list[Attendee]) -> ResponseReturnValue:
    """Cancel each; the waiting list moves up and everybody is told, one by one."""
    done = 0
    for person in people:
        try:
            cancel(person.public_id, actor=me(), reason="cancelled_at_desk", by_organiser=True)
            done += 1
        except TransitionRefused:  # it ended meanwhile
            continue
    record("registration.cancelled", me(), event=event, details={"registrations": done}, ip=request.remote_addr or "")
    words = ngettext("%(num)s registration is cancelled.", "%(num)s registrations are cancelled.", done)
    flash(words + " " + told(), "success")
    return redirect(url_for("organise.attendees", slug=event.slug), 303)


def told() -> str:
    return _("They are told by mail.")


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
    locale = SelectField(_l("Language of their mails"))
    needs = TextAreaField(_l("Anything to know to welcome them well"), [longest(1000)])
    paid: frozenset[str] = frozenset()  # the tickets that cost something

    def validate(self, extra_validators: Any = None) -> bool:
        valid = super().validate(extra_validators)
        if self.ticket.data in self.paid and not self.email.data and not self.email.errors:
            self.email.errors = [_("A paid place needs an address: how to pay is sent there.")]
            return False
        return valid


@blueprint.route("/organise/events/<slug>/walk-in", methods=["GET", "POST"])
@form_view
def walk_in(slug: str) -> ResponseReturnValue:
    """Add somebody by hand: a place at once, whatever the registration window."""
    event = organiser_of(slug)
    tickets = event_tickets_on_sale(event.id, now())
    usual = next((ticket for ticket in tickets if ticket.audience == Audience.EVERYONE), None)
    form = WalkInForm(data={"locale": event.language, "ticket": usual and usual.public_id})
    form.ticket.choices = [(ticket.public_id, text(ticket.names)) for ticket in tickets]
    form.paid = frozenset(ticket.public_id for ticket in tickets if ticket.net_cents)
    form.locale.choices = [(code, LANGUAGE_NAMES.get(code, code)) for code in cluster().languages]
    if form.validate_on_submit() and add(form, event):
        return redirect(url_for("organise.attendees", slug=slug), 303)
    tickets = event_tickets_on_sale(event.id, now())
    locale = str(get_locale())
    ends = {
        ticket.public_id: say_money(ticket.net_cents, locale, short=True) if ticket.net_cents else _("Free")
        for ticket in tickets
    }
    free = {ticket.quota_id: ticket.quota.free for ticket in tickets}
    page = render_template("organise/walk_in.html", **event_page(event), form=form, ends=ends, free=sum(free.values()))
    return page, status_of(form)


def add(form: WalkInForm, event: Event) -> bool:
    """Add the person of a valid form; a refusal becomes a problem of the form."""
    wish = Wish(
        given_name=form.given_name.data,
        family_name=form.family_name.data,
        email=form.email.data,
        organisation_name=form.organisation_name.data or "",
        needs=form.needs.data or "",
        ticket=form.ticket.data,
    )
    try:
        registration = add_walk_in(event.id, wish, actor=me(), locale=form.locale.data)
    except AlreadyRegistered:
        form.email.errors = [_("This address has a registration here already. Look for it in the list.")]
    except EventFull:
        form.form_errors.append(
            _("No place is free. Raise the number of places first, or cancel somebody who does not come.")
        )
    except MembersOnly:
        form.ticket.errors = [
            _("This price is for members, and we know no member by this address. Choose another one.")
        ]
    except RegistrationRefused:
        form.form_errors.append(_("Nobody can be added now: the event is not taking place, or this price is gone."))
    else:
        record("registration.walk_in", me(), event=event, subject_kind="registration", subject_id=registration.id)
        flash(_("%(name)s is on the list.", name=registration.name), "success")
        return True
    return False
