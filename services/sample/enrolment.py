"""Who registers for what in the sample season, and when: the same steps as in life, dated in the past, without a mail."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from models.events import Approval, Audience, Event, Visibility
from models.orders import LedgerEntry, Order
from models.organisations import OrganisationKind
from models.people import Person
from models.registrations import Registration, Status
from services.deadlines import offer_deadline, payment_due
from services.invoice_parties import organisation_billing
from services.orders import Line, Placed, place_order_locked
from services.places import begin_locked, change_locked
from services.prices import Price, members_pay_less, offer, price_of
from services.sample.catalogue import ZONE, Stage, Staged
from services.sample.files import SampleMalformed
from services.sample.population import Guest
from services.transaction import require_writing
from services.wishes import Wish

BRUSSELS = ZoneInfo(ZONE)
DAY = timedelta(days=1)
EVENING_BEFORE = timedelta(hours=3)  # the last thing that happened: 21:00 yesterday
NEEDS = (
    "Végétarien", "Vegetarisch", "Vegan", "Sans gluten", "Glutenvrij", "Halal", "Allergic to nuts", "Sans lactose",
    "Un accès en fauteuil roulant, s’il vous plaît", "Une place au premier rang : j’entends mal de loin",
)  # fmt: skip
S = Status
ORDER = (S.CANCELLED, S.EXPIRED, S.CONFIRMED, S.AWAITING_PAYMENT, S.PENDING_APPROVAL, S.WAITLISTED, S.OFFERED)
"""Those who left come first: a place is given back before somebody else takes it."""
OWING = (S.EXPIRED, S.AWAITING_PAYMENT)


@dataclass
class Enrolment:
    """The state of one enrolment run: who is where already, and the chance that decides."""

    stage: Stage
    followed: set[tuple[int, str]] = field(default_factory=set)  # person and course: nobody follows one twice
    booked: dict[int, list[Event]] = field(default_factory=dict)  # events of a person, so that none overlap
    registrations: list[Registration] = field(default_factory=list)

    @property
    def at(self) -> datetime:
        return self.stage.at


def enrol_locked(stage: Stage, staged: list[Staged]) -> list[Registration]:
    """Register the people that each event wants, in each status. Returns the registrations."""
    run = Enrolment(stage)
    for item in sorted(staged, key=lambda item: item.event.starts_at):
        enrol_event_locked(run, item)
    return run.registrations


def enrol_event_locked(run: Enrolment, item: Staged) -> None:
    wanted: dict[str, int] = item.table.get("registered", {})
    chance = random.Random(f"who comes to {item.table['slug']}")
    willing = who_may_come(run, item, chance)
    cast = run.stage.population.cast
    first = {S.CONFIRMED: item.table.get("with", []), S.WAITLISTED: item.table.get("with_waiting", [])}
    for status in ORDER:
        named = [cast[key] for key in first.get(status, [])]
        for _ in range(wanted.get(status, 0)):
            created_at = created_between(run, item, status, chance)
            paths = (Path(run, item, guest, chance, created_at) for guest in ([named.pop()] if named else willing))
            path = next((path for path in paths if status not in OWING or not path.price().is_free), None)
            if path is None:
                raise SampleMalformed(f"event {item.table['slug']}: nobody is left who could be {status}")
            path.go(status)
            willing = [guest for guest in willing if guest is not path.guest]


def who_may_come(run: Enrolment, item: Staged, chance: random.Random) -> list[Guest]:
    """Everybody who may register, those of the event's areas and language first."""
    ranked = sorted(run.stage.population.guests, key=lambda guest: -(chance.random() ** (1 / interest(guest, item))))
    at_most = item.event.organisation_cap
    held: Counter[str] = Counter()
    willing = []
    for guest in ranked:
        home = guest.member.row.slug if guest.member else ""
        if may_come(run, item, guest) and not (at_most and home and held[home] >= at_most):
            held[home] += 1
            willing.append(guest)
    return willing


def interest(guest: Guest, item: Staged) -> float:
    """How likely this person is to come: the area of the organisation, the language, the price."""
    weight = 1.0
    if guest.member and guest.member.areas & {area.slug for area in item.event.areas}:
        weight *= 4
    if guest.person.locale == item.event.language:
        weight *= 3
    if guest.is_student and any(ticket.net_cents > 20000 for ticket in item.tickets):
        weight *= 0.05
    return weight


def may_come(run: Enrolment, item: Staged, guest: Guest) -> bool:
    """Not twice to one course, not to two events at once, and only members where only members may."""
    event = item.event
    busy = any(
        other.starts_at < event.ends_at and event.starts_at < other.ends_at
        for other in run.booked.get(guest.person.id, [])
    )
    if busy or (guest.person.id, item.table.get("course", event.slug)) in run.followed:
        return False
    if event.visibility == Visibility.MEMBERS or "offered" in item.table.get("registered", {}):
        opened = event.registration_opens_at or event.starts_at
        return guest.reader_on(opened.date()).is_member and guest.reader_on(run.stage.today).is_member
    return True


def created_between(run: Enrolment, item: Staged, status: Status, chance: random.Random) -> datetime:
    """When somebody who is in `status` now registered. Those who wait came after the places were gone."""
    event, today = item.event, run.stage.today
    opens = (event.registration_opens_at or event.created_at).astimezone(BRUSSELS).date() + DAY
    last = min(today - DAY, event.starts_at.astimezone(BRUSSELS).date() - 2 * DAY)
    crowded = "waitlisted" in item.table.get("registered", {})
    match status:
        case S.WAITLISTED:
            opens, last = today - 2 * DAY, today - DAY
        case S.OFFERED:
            opens, last = today - 3 * DAY, today - 3 * DAY
        case S.PENDING_APPROVAL:
            opens = today - 4 * DAY
        case S.AWAITING_PAYMENT:
            opens, last = today - 6 * DAY, today - (4 if crowded else 1) * DAY
        case S.EXPIRED:
            last = min(last, today - 16 * DAY)
        case _ if crowded or item.state == "cancelled":
            last = min(last, today - 7 * DAY)
    return moment(opens, max(opens, last), chance)


def moment(first: date, last: date, chance: random.Random) -> datetime:
    """A waking minute on a day between two days, both included; later days are likelier."""
    days = (last - first).days
    day = first + round(days * chance.random() ** 0.8) * DAY
    clock = time(chance.randint(7, 20), chance.randrange(60), chance.randrange(60))
    return datetime.combine(day, clock, BRUSSELS)


@dataclass
class Path:
    """The way of one registration through its statuses, each step dated."""

    run: Enrolment
    item: Staged
    guest: Guest
    chance: random.Random
    created_at: datetime

    @property
    def latest(self) -> datetime:
        """Before this instant everything about this registration has happened."""
        return min(self.run.at, self.item.event.starts_at)

    def later(self, moment: datetime, days: int, latest: datetime | None = None) -> datetime:
        """Some days after `moment`, at an office hour; always between it and `latest`."""
        latest = latest or self.latest
        day = moment.astimezone(BRUSSELS).date() + self.chance.randint(1, days) * DAY
        found = datetime.combine(day, time(9 + self.chance.randrange(8), self.chance.randrange(60)), BRUSSELS)
        return found if found < latest else moment + (latest - moment) / 2

    def go(self, status: Status) -> None:
        """Walk to `status`."""
        match status:
            case S.CONFIRMED:
                self.confirmed()
            case S.AWAITING_PAYMENT:
                self.owed()
            case S.OFFERED:
                self.offered()
            case S.CANCELLED:
                self.cancelled()
            case S.EXPIRED:
                self.expired()
            case _:
                self.begin(status)
        person_id, event = self.guest.person.id, self.item.event
        self.run.followed.add((person_id, self.item.table.get("course", event.slug)))
        self.run.booked.setdefault(person_id, []).append(event)

    def price(self) -> Price:
        reader = self.guest.reader_on(self.created_at.astimezone(BRUSSELS).date())
        tickets = self.item.tickets
        student = next((ticket for ticket in tickets if ticket.audience == Audience.STUDENTS), None)
        if student and self.guest.is_student:
            return price_of(student, reader, members_pay_less=members_pay_less(tickets, self.created_at))
        price = offer(tickets, reader, self.created_at).price
        if price is None:
            raise SampleMalformed(f"event {self.item.table['slug']}: no ticket for {self.guest.email}")
        return price

    def begin(self, status: Status, hold_until: datetime | None = None) -> Registration:
        """The order, the registration and its first row of history."""
        event, person, price, at = self.item.event, self.guest.person, self.price(), self.created_at
        reader = self.guest.reader_on(at.astimezone(BRUSSELS).date())
        source = "desk" if price.ticket.audience == Audience.STUDENTS else "self"
        placed = Placed(event, person, self.guest.email, locale=person.locale, at=at)
        line = Line(person, self.wish(), reader, price, status, hold_until, source)
        (registration,) = place_order_locked(placed, [line])
        begin_locked(registration, actor=person, reason="registered", at=at)
        if not price.is_free:
            self.bill(registration.order)
        self.run.registrations.append(registration)
        return registration

    def wish(self) -> Wish:
        person = self.guest.person
        return Wish(
            given_name=person.given_name,
            family_name=person.family_name,
            email=self.guest.email,
            phone=person.phone or "",
            organisation_name=self.guest.member.row.name if self.guest.member else "",
            needs=self.chance.choice(NEEDS) if self.chance.random() < 0.12 else "",
            visible_to_guests=self.chance.random() < 0.4,
        )

    def bill(self, order: Order) -> None:
        """Large houses pay through their own books, with a purchase order."""
        member = self.guest.member
        if member is None:
            return
        row = member.row
        order.payer_organisation_id = row.id
        order.billing = organisation_billing(row)
        if row.kind in (OrganisationKind.HOSPITAL, OrganisationKind.LARGE_COMPANY, OrganisationKind.UNIVERSITY):
            order.purchase_order = f"PO-{self.chance.randint(10000, 99999)}"

    def owed(self) -> tuple[Registration, datetime]:
        """A registration that awaits payment, and since when: at once, or once the organiser has said yes."""
        event = self.item.event
        if event.approval != Approval.ORGANISER:
            due = payment_due(self.created_at, event.starts_at, event.zone)
            return self.begin(S.AWAITING_PAYMENT, due), self.created_at
        registration = self.begin(S.PENDING_APPROVAL)
        at = self.later(self.created_at, 2)
        due = payment_due(at, event.starts_at, event.zone)
        change_locked(registration, S.AWAITING_PAYMENT, actor=self.alice, reason="approved", at=at, hold_until=due)
        registration.order.due_at = due
        return registration, at

    def confirmed(self, latest: datetime | None = None) -> tuple[Registration, datetime]:
        """Confirmed at once when free; else paid by transfer some days later."""
        if self.price().is_free and self.item.event.approval != Approval.ORGANISER:
            return self.begin(S.CONFIRMED), self.created_at
        registration, since = self.owed()
        at = self.later(since, 9, latest)
        self.money(registration.order, self.price().gross_cents, at)
        change_locked(registration, S.CONFIRMED, actor=self.fay, reason="paid", at=at)
        return registration, at

    def offered(self) -> None:
        """First on the waiting list, then offered the place that became free yesterday evening."""
        event, at = self.item.event, self.run.at - EVENING_BEFORE
        registration = self.begin(S.WAITLISTED)
        until = offer_deadline(at, event.starts_at, event.zone)
        change_locked(registration, S.OFFERED, actor=None, reason="place_freed", at=at, hold_until=until)

    def cancelled(self) -> None:
        """Left before paying; or yesterday, for somebody who waits; or with the money back, when the event was cancelled."""
        if self.item.state == "cancelled":
            at = self.run.at - 2 * DAY
            registration, _ = self.confirmed(latest=at)
            change_locked(registration, S.CANCELLED, actor=self.alice, reason="event_cancelled", at=at)
            self.money(registration.order, -self.price().gross_cents, at + DAY)
            return
        if "offered" in self.item.table["registered"]:
            registration, _ = self.confirmed()
            at = self.run.at - EVENING_BEFORE
        else:
            registration = self.begin(S.CONFIRMED) if self.price().is_free else self.owed()[0]
            at = self.later(self.created_at, 3)
        change_locked(registration, S.CANCELLED, actor=self.guest.person, reason="cancelled", at=at)

    def expired(self) -> None:
        """Never paid: the place went back when the time was over."""
        registration, _ = self.owed()
        at = min(registration.hold_until or self.latest, self.latest - timedelta(hours=1))
        change_locked(registration, S.EXPIRED, actor=None, reason="payment_expired", at=at)

    def money(self, order: Order, cents: int, at: datetime) -> None:
        """Money in (positive cents) or back (negative), as the bank's statement says."""
        kind = "receipt" if cents > 0 else "refund"
        require_writing().add(
            LedgerEntry(
                order=order,
                kind=kind,
                provider="transfer",
                provider_reference=f"{kind}-{order.code}",
                cents=cents,
                actor_id=self.fay.id,
                booked_at=at,
                created_at=at,
            )
        )

    @property
    def alice(self) -> Person:
        return self.run.stage.population.by_key["alice"]

    @property
    def fay(self) -> Person:
        return self.run.stage.population.by_key["fay"]
