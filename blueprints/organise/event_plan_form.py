"""Between the event form and the plan of an event: choices, rows, and problems at their fields."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from flask_babel import force_locale, get_locale, gettext as _, ngettext
from wtforms import Field, FieldList, FormField

from blueprints.organise.event_form import EventForm, Part, ResumeForm, SlotPart, TicketPart
from blueprints.organise.problem_words import problem_words
from blueprints.security import LANGUAGE_NAMES, cluster
from models.base import Texts, in_language
from models.events import Approval, Audience, EventKind, Modality, Ticket, VatTreatment, Visibility
from models.policies import Tier
from services.areas import all_areas
from services.dates import say_deadline
from services.desk_choices import course_choices, trainer_choices
from services.event_plans import EventPlan, NoSuchTime, PlanRefused, Problem, SlotPlan, TicketPlan, local_instant
from services.money import say_money

Rows = list[dict[str, Any]]


def languages() -> list[str]:
    return list(cluster().languages)


def kind_words() -> dict[EventKind, str]:
    return {
        EventKind.TRAINING: _("Training"),
        EventKind.NETWORKING: _("Networking"),
        EventKind.CONFERENCE: _("Conference"),
        EventKind.WEBINAR: _("Webinar"),
        EventKind.WORKSHOP: _("Workshop"),
        EventKind.MISSION: _("Mission"),
    }


def audience_words() -> dict[Audience, str]:
    return {
        Audience.EVERYONE: _("Everyone"),
        Audience.MEMBERS: _("Members"),
        Audience.STUDENTS: _("Students"),
        Audience.STAFF: _("Staff"),
    }


def modality_words() -> dict[Modality, str]:
    return {Modality.ONSITE: _("On site"), Modality.ONLINE: _("Online")}


def vat_words() -> dict[VatTreatment, str]:
    return {
        VatTreatment.STANDARD: _("21 % VAT"),
        VatTreatment.EXEMPT_TRAINING: _("Exempt training"),
        VatTreatment.OUT_OF_SCOPE: _("Outside VAT"),
    }


def visibility_words() -> dict[Visibility, str]:
    return {
        Visibility.PUBLIC: _("Everybody, and it is listed"),
        Visibility.MEMBERS: _("Members only, and it is listed"),
        Visibility.UNLISTED: _("Whoever has the link"),
    }


def offer_choices(form: EventForm) -> None:
    """Fill every list of the form; rows included."""
    locale = str(get_locale())
    form.kind.choices = list(kind_words().items())
    form.course.choices = [("", _("Choose a course")), *course_choices(locale)]
    form.areas.choices = [(area.slug, area.name(locale)) for area in all_areas()]
    spoken = dict.fromkeys([*languages(), form.language.data or languages()[0]])
    form.language.choices = [(code, LANGUAGE_NAMES.get(code, code)) for code in spoken]
    form.visibility.choices = list(visibility_words().items())
    offer_trainers(form)
    for row in form.tickets:
        row.form.audience.choices = list(audience_words().items())
        row.form.modality.choices = list(modality_words().items())
        row.form.vat.choices = list(vat_words().items())


def offer_trainers(form: EventForm | ResumeForm) -> None:
    """Who may be named as trainer, in every slot row: trainers, and those who are named there already."""
    named = {public_id for row in form.slots for public_id in row.form.trainers.data or ()}
    choices = trainer_choices(named)
    for row in form.slots:
        row.form.trainers.choices = choices


def form_data(plan: EventPlan, version: int | None) -> dict[str, Any]:
    """What the form shows for a plan."""
    codes = languages()
    return {
        **{name: getattr(plan, name) for name in SAME},
        "version": version,
        "approves": plan.approval == Approval.ORGANISER,
        "areas": list(plan.areas),
        "texts": [
            {
                "title": plan.titles.get(code, ""),
                "summary": plan.summaries.get(code, ""),
                "description": plan.descriptions.get(code, ""),
            }
            for code in codes
        ],
        "policies": [plan.policies.get(code, "") for code in codes],
        "tiers": [*plan.tiers, *({} for _row in range(3 - len(plan.tiers)))],
        "slots": slot_rows(plan.slots, plan.zone),
        "tickets": [ticket_row(ticket, plan.zone) for ticket in plan.tickets],
        "places_onsite": plan.places.get(Modality.ONSITE),
        "places_online": plan.places.get(Modality.ONLINE),
        "minimum": plan.minimum or None,
        "opens": local(plan.registration_opens_at, plan.zone),
        "closes": local(plan.registration_closes_at, plan.zone),
        "decides": local(plan.decides_at, plan.zone),
    }


SAME = (
    "kind", "course", "language", "slug", "zone", "venue", "address", "city", "online_url", "visibility",
    "approval_holds_place", "has_waiting_list", "organisation_cap", "free_until_days", "contact_name", "contact_email",
)  # fmt: skip


def local(moment: datetime | None, zone: str) -> datetime | None:
    """An instant as the clock on the wall shows it, for an input of the form."""
    from zoneinfo import ZoneInfo

    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None, second=0, microsecond=0) if moment else None


def slot_rows(slots: Iterable[SlotPlan], zone: str) -> Rows:
    rows = []
    for slot in slots:
        start, end = local(slot.starts_at, zone), local(slot.ends_at, zone)
        assert start
        assert end
        rows.append(
            {
                "public_id": slot.public_id,
                "day": start.date(),
                "starts": start.time(),
                "ends": end.time(),
                "room": slot.room,
                "titles": [slot.titles.get(code, "") for code in languages()],
                "trainers": list(slot.trainers),
            }
        )
    return rows


def ticket_words(ticket: Ticket, zone: str) -> tuple[str, str]:
    """A ticket for whoever reads: its name with its net price; then for whom, which places, and when it is sold."""
    locale = str(get_locale())
    amount = say_money(ticket.net_cents, locale, short=True) if ticket.net_cents else _("Free")
    parts = [audience_words()[Audience(ticket.audience)], modality_words()[Modality(ticket.quota.modality)]]
    if ticket.limit is not None:
        parts.append(ngettext("%(num)s place at most", "%(num)s places at most", ticket.limit))
    if ticket.sale_opens_at:
        parts.append(_("from %(when)s", when=say_deadline(ticket.sale_opens_at, locale, zone)))
    if ticket.sale_closes_at:
        parts.append(_("until %(when)s", when=say_deadline(ticket.sale_closes_at, locale, zone)))
    return f"{in_language(ticket.names, locale)}{_(': ')}{amount}", " · ".join(parts)


def ticket_row(ticket: TicketPlan, zone: str) -> dict[str, Any]:
    return {
        "public_id": ticket.public_id,
        "audience": ticket.audience,
        "modality": ticket.modality,
        "price": ticket.net_cents,
        "vat": ticket.vat,
        "names": [ticket.names.get(code, "") for code in languages()],
        "limit": ticket.limit,
        "opens": local(ticket.sale_opens_at, zone),
        "closes": local(ticket.sale_closes_at, zone),
    }


def blank_slot(previous: SlotPart | None) -> dict[str, Any]:
    """A new row: the day after the one before it, at the same hours, in the same room, with the same trainers."""
    row: dict[str, Any] = {"titles": ["" for _code in languages()]}
    if previous is not None and previous.day.data:
        row |= {
            "day": previous.day.data + timedelta(days=1),
            "starts": previous.starts.data,
            "ends": previous.ends.data,
            "room": previous.room.data,
            "trainers": previous.trainers.data,
        }
    return row


def blank_ticket(previous: TicketPart | None) -> dict[str, Any]:
    vat = previous.vat.data if previous is not None else VatTreatment.STANDARD
    modality = previous.modality.data if previous is not None else Modality.ONSITE
    audience = Audience.MEMBERS if previous is not None else Audience.EVERYONE
    return {"audience": audience, "modality": modality, "vat": vat, "names": ["" for _code in languages()]}


def change_rows(form: EventForm | ResumeForm, act: str) -> bool:
    """Add or remove the row that a button named (`add:slots`, `remove:slots-2`); whether it did."""
    verb, _colon, target = act.partition(":")
    if verb == "add" and target in ("slots", "tickets") and target in form:
        rows: FieldList = form[target]
        last = rows.entries[-1].form if rows.entries else None
        rows.append_entry(blank_slot(last) if target == "slots" else blank_ticket(last))
        return True
    if verb == "remove":
        for name in ("slots", "tickets"):
            found = getattr(form, name, None)
            if found is not None and any(entry.name == target for entry in found.entries):
                found.entries = [entry for entry in found.entries if entry.name != target]
                return True
    return False


def plan_from(form: EventForm) -> EventPlan:
    """The plan the valid form says. Raises PlanRefused for a time that the clocks skip; its rows are those of the form
    (see `filled_rows`)."""
    codes, zone = languages(), form.zone.data
    parts = [entry.form for entry in form.texts]
    moment = Moments(zone)
    places = {Modality.ONSITE: form.places_onsite.data, Modality.ONLINE: form.places_online.data}
    plan = EventPlan(
        **{name: getattr(form, name).data for name in SAME if name not in ("kind", "visibility", "course")},
        kind=EventKind(form.kind.data),
        visibility=Visibility(form.visibility.data),
        approval=Approval.ORGANISER if form.approves.data else Approval.NONE,
        course=form.course.data if form.kind.data == EventKind.TRAINING else "",
        titles=texts(codes, (part.title.data for part in parts)),
        summaries=texts(codes, (part.summary.data for part in parts)),
        descriptions=texts(codes, (part.description.data for part in parts)),
        areas=tuple(form.areas.data or ()),
        slots=slots_from(form, moment),
        places={modality: count for modality, count in places.items() if count is not None},
        tickets=tuple(ticket_from(row, moment) for row in form.tickets),
        minimum=form.minimum.data or 0,
        decides_at=moment.of(form.decides),
        registration_opens_at=moment.of(form.opens),
        registration_closes_at=moment.of(form.closes),
        policies=texts(codes, (field.data for field in form.policies)),
        tiers=[Tier(days=row.form.days.data, percent=row.form.percent.data) for row in filled_rows(form.tiers)],
    )
    moment.refuse()
    return plan


def texts(codes: Sequence[str], written: Iterable[str | None]) -> Texts:
    """One entry per language that was written."""
    return {code: words for code, words in zip(codes, written, strict=False) if words}


class Moments:
    """Reads wall-clock times of one zone; one that the clocks skip is a problem at its field."""

    def __init__(self, zone: str) -> None:
        self.zone = zone
        self.failed = False

    def of(self, field: Field, wall: datetime | None = None) -> datetime | None:
        try:
            return local_instant(wall or field.data, self.zone)
        except NoSuchTime:
            self.failed = True
            field.errors = [*field.errors, problem_words(Problem(field.id, "no_such_time"), "")]
            return None

    def refuse(self) -> None:
        if self.failed:
            raise PlanRefused([])


def filled_rows(rows: FieldList) -> list[FormField]:
    """The rows (slots, tiers) that ask for something, in the order of the plan's."""
    return [entry for entry in rows.entries if not entry.form.is_blank]


def slots_from(form: EventForm | ResumeForm, moment: Moments) -> tuple[SlotPlan, ...]:
    found = []
    for entry in filled_rows(form.slots):
        row: SlotPart = entry.form
        start, end = row.wall_times()
        starts_at, ends_at = moment.of(row.starts, start), moment.of(row.ends, end)
        if starts_at and ends_at:
            titles = texts(languages(), (field.data for field in row.titles))
            trainers = tuple(row.trainers.data or ())
            found.append(SlotPlan(starts_at, ends_at, row.public_id.data or "", titles, row.room.data or "", trainers))
    return tuple(found)


def ticket_from(entry: FormField, moment: Moments) -> TicketPlan:
    row: TicketPart = entry.form
    audience = Audience(row.audience.data)
    names = texts(languages(), (field.data for field in row.names))
    return TicketPlan(
        names=names or default_names(audience),
        public_id=row.public_id.data or "",
        audience=audience,
        modality=Modality(row.modality.data),
        net_cents=row.price.data or 0,
        vat=VatTreatment(row.vat.data),
        limit=row.limit.data,
        sale_opens_at=moment.of(row.opens),
        sale_closes_at=moment.of(row.closes),
    )


def default_names(audience: Audience) -> Texts:
    """A ticket that nobody named is called by its audience, in every language."""
    names = {}
    for code in languages():
        with force_locale(code):
            names[code] = audience_words()[audience]
    return names


def place_problems(form: EventForm | ResumeForm, problems: Iterable[Problem]) -> None:
    """Put each problem at its field, in words."""
    for problem in problems:
        field = field_of(form, problem.field)
        field.errors = [*field.errors, problem_words(problem, str(get_locale()))]
    for name in ("slots", "tickets", "texts", "tiers"):
        if name in form:
            rows = form[name]
            own = [error for error in rows.errors if isinstance(error, str)]
            rows.errors = [*own, *(entry.errors for entry in rows.entries if entry.errors)]


FIRST_FIELD = {"slots": "day", "tickets": "audience"}
RENAMED = {"registration_opens": "opens", "registration_closes": "closes"}


def field_of(form: Part | EventForm | ResumeForm, path: str) -> Field:
    """The field a problem names: `titles`, `minimum`, `slots`, `slots-1` (a row of the plan), `tickets-0-price`."""
    path = RENAMED.get(path, path)
    if path == "titles":
        return form.texts[0].form.title
    name, _dash, rest = path.partition("-")
    field: Field = form[name]
    if not rest:
        return field
    row, _dash, part = rest.partition("-")
    entry = (filled_rows(field) if name in ("slots", "tiers") else field.entries)[int(row)]
    return entry.form[part or FIRST_FIELD[name]]
