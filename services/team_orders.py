"""Booking for a team: one order for many, placed under the event's lock, all of it or nothing of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from models.base import db, now
from models.events import Approval, Event, Quota, Visibility
from models.orders import Order
from models.organisations import Organisation
from models.people import EmailAddress, Person
from models.registrations import Registration, Status
from services.affiliations import Authority, authority_over
from services.deadlines import payment_due
from services.invoicing import issue_due_locked
from services.notices import tell_buyer_locked, tell_locked
from services.on_account import due_on_account
from services.orders import Line, Placed, place_order_locked
from services.people import person_for_desk_locked
from services.places import begin_locked, holding, lock_event_locked
from services.prerequisites import refuse_unconfirmed
from services.prices import Price
from services.readers import Reader, reader_of_organisation
from services.registrations import (
    MembersOnly,
    RegistrationClosed,
    RegistrationRefused,
    agreed_price_locked,
    refuse_double_locked,
)
from services.team_lists import Candidate, TeamWish, candidates
from services.team_strangers import set_apart_locked, tell_left_out_locked
from services.transaction import require_writing, writing
from services.voucher_uses import kept_by
from services.wishes import Wish

MOST_PEOPLE = 200


class NotYourOrganisation(PermissionError):
    """Only an HR manager of the organisation enrols its people."""


class LinesUnclear(RegistrationRefused):
    """Some lines were not understood; they are corrected or taken out first."""


class NobodyToEnrol(RegistrationRefused):
    """Nobody is left to enrol, and no place is to be named later."""


class NobodyAdded(RegistrationRefused):
    """None of the people on the list could be added; `names` are asked in person."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(*names)
        self.names = names


class TooManyPeople(RegistrationRefused):
    """More than MOST_PEOPLE at once."""


class ListChanged(RegistrationRefused):
    """The list is for another number of people than the page showed; nothing was booked."""


class NotEnoughPlaces(RegistrationRefused):
    """`free` places are left for `asked` people, and waiting was not asked for or is not possible."""

    def __init__(self, free: int, asked: int, *, may_wait: bool) -> None:
        super().__init__(free, asked)
        self.free, self.asked, self.may_wait = free, asked, may_wait


class TeamTooLarge(RegistrationRefused):
    """The organisation may hold `left` more places on this event (of `cap`)."""

    def __init__(self, left: int, cap: int) -> None:
        super().__init__(left, cap)
        self.left, self.cap = left, cap


@dataclass(frozen=True)
class Preview:
    """What an order would do now. `price` is that of one place; `free` how many could have one at once."""

    people: Sequence[Candidate]
    unnamed: int
    price: Price
    free: int
    waits: bool  # the event has a waiting list
    asks: bool  # the organiser approves each of them
    holds: bool  # a place is held for each request until the answer
    room: int | None  # places the organisation may still take; None: no limit

    @property
    def count(self) -> int:
        """For how many the order would be."""
        return sum(one.is_enrolled for one in self.people) + self.unnamed

    @property
    def unclear(self) -> Sequence[Candidate]:
        return [one for one in self.people if one.read.unclear is not None]

    @property
    def unprepared(self) -> Sequence[Candidate]:
        """Those left out for what they have not completed."""
        return [one for one in self.people if one.is_unprepared]

    @property
    def placed(self) -> int:
        """How many would have a place, or be asked for."""
        return self.count if self.asks and not self.holds else min(self.count, self.free)

    @property
    def total_cents(self) -> int:
        """What is owed at once, VAT included."""
        return 0 if self.asks else self.placed * self.price.gross_cents

    @property
    def net_cents(self) -> int:
        """The same before VAT."""
        return 0 if self.asks else self.placed * self.price.net_cents

    @property
    def is_too_large(self) -> bool:
        return self.room is not None and self.count > self.room


@dataclass(frozen=True)
class TeamOrder:
    """An order that was placed, and the names of those who could not be added to it."""

    order: Order
    left_out: Sequence[str]


def preview(event: Event, organisation: Organisation, price: Price, wish: TeamWish) -> Preview:
    """What ordering `wish` would do now; nothing is held. `price` is the organisation's for one place."""
    return Preview(
        people=candidates(organisation, event, wish),
        unnamed=wish.unnamed,
        price=price,
        free=free_places(event, price),
        waits=event.has_waiting_list,
        asks=event.approval == Approval.ORGANISER,
        holds=event.holds_requests,
        room=room_for(event, organisation),
    )


def free_places(event: Event, price: Price) -> int:
    """How many places of the ticket's quota are free, or kept for the voucher, within the ticket's own limit."""
    quota = db.session.get_one(Quota, price.ticket.quota_id)
    limit = price.ticket.limit
    free = quota.free + (kept_by(quota, price.voucher) if price.voucher else 0)
    if limit is not None:
        free = min(free, limit - holding(event.id, ticket_id=price.ticket.id))
    return max(free, 0)


def room_for(event: Event, organisation: Organisation) -> int | None:
    if event.organisation_cap is None:
        return None
    return max(event.organisation_cap - holding(event.id, organisation_id=organisation.id), 0)


def order_for_team(
    person: Person,
    organisation: Organisation,
    event_id: int,
    wish: TeamWish,
    *,
    locale: str,
    at: datetime | None = None,
) -> TeamOrder:
    """Place one order for everybody on the list and the places named later; the organisation pays.

    Without `may_wait` it is all or nothing. Each person with an address is told, and whoever ordered gets one summary.
    Strangers who are registered already are left out and told (services/team_strangers.py). Raises NotYourOrganisation
    or a RegistrationRefused; then nothing is booked.
    """
    at = at or now()
    with writing():
        event = lock_event_locked(event_id)
        if authority_over(organisation.id, person) is not Authority.HR:
            raise NotYourOrganisation(organisation.public_id)
        reader = reader_of_organisation(person, organisation, at)
        refuse_unconfirmed(event, confirmed=wish.prerequisites_confirmed)
        people = coming(candidates(organisation, event, wish), wish)
        price = price_for_team_locked(event, reader, wish, at, len(people) + wish.unnamed)
        people, left_out = set_apart_locked(event, people)
        tell_left_out_locked(event, organisation, person, left_out)
        names = [one.read.name for one in left_out]
        placed = Placed(
            event, person, address_of(person), locale=locale, at=at, payer=organisation,
            purchase_order=wish.purchase_order, awaits_purchase_order=wish.purchase_order_later,
            account_due_at=due_on_account(organisation, at) if wish.on_account else None,
        )  # fmt: skip
        wishes = wishes_of(people, wish)
        statuses = statuses_locked(event, organisation, price, len(wishes), wish)
        lines = lines_locked(placed, reader, price, wishes, statuses)
        order = place_team_locked(placed, lines, names) if lines else None
    if order is None:
        raise NobodyAdded(names)
    return TeamOrder(order, names)


def lines_locked(
    placed: Placed, reader: Reader, price: Price, wishes: Sequence[Wish], statuses: Sequence[Status]
) -> list[Line]:
    """One line for each wish. Raises AlreadyRegistered."""
    event = placed.event
    hold = payment_due(placed.at, event.starts_at, event.zone)
    return [
        Line(
            person_named_locked(event, each, placed.locale), each, reader, price, status,
            hold if status is Status.AWAITING_PAYMENT else None, "team",
        )
        for each, status in zip(wishes, statuses, strict=True)
    ]  # fmt: skip


def place_team_locked(placed: Placed, lines: Sequence[Line], left_out: Sequence[str]) -> Order:
    """Place the order and tell everybody. `left_out` are names for whoever ordered."""
    registrations = place_order_locked(placed, lines)
    for registration in registrations:
        begin_locked(registration, actor=placed.buyer, reason="registered_by_organisation", at=placed.at)
    tell_team_locked(registrations, placed.buyer, left_out)
    order: Order = registrations[0].order
    issue_due_locked(order, placed.at, actor=placed.buyer)
    return order


def price_for_team_locked(event: Event, reader: Reader, wish: TeamWish, at: datetime, asked: int) -> Price:
    """The one price of all `asked`. Raises RegistrationClosed, MembersOnly, TicketGone, VoucherRefused, PriceChanged."""
    if not event.registration_is_open(at):
        raise RegistrationClosed(event.slug)
    if event.visibility == Visibility.MEMBERS and not reader.is_member:
        raise MembersOnly(event.slug)
    each = Wish("", "", "", ticket=wish.ticket, voucher=wish.voucher, shown_cents=wish.shown_cents)
    return agreed_price_locked(event, reader, each, at, asked)


def coming(people: Sequence[Candidate], wish: TeamWish) -> list[Candidate]:
    """Who is enrolled. Raises LinesUnclear, NobodyToEnrol, TooManyPeople, ListChanged."""
    if any(one.read.unclear is not None for one in people):
        raise LinesUnclear
    found = [one for one in people if one.is_enrolled]
    count = len(found) + wish.unnamed
    if not count:
        raise NobodyToEnrol
    if count > MOST_PEOPLE:
        raise TooManyPeople
    if wish.shown_people is not None and wish.shown_people != count:
        raise ListChanged
    return found


def statuses_locked(event: Event, organisation: Organisation, price: Price, count: int, wish: TeamWish) -> list[Status]:
    """Where each of `count` registrations begins, in their order. Raises TeamTooLarge and NotEnoughPlaces."""
    room = room_for(event, organisation)
    if room is not None and count > room:
        raise TeamTooLarge(room, event.organisation_cap or 0)
    asks = event.approval == Approval.ORGANISER
    if asks and not event.holds_requests:
        return [Status.PENDING_APPROVAL] * count
    free = free_places(event, price)
    if free < count and not (wish.may_wait and event.has_waiting_list):
        raise NotEnoughPlaces(free, count, may_wait=event.has_waiting_list)
    first = Status.CONFIRMED if price.is_free or wish.on_account else Status.AWAITING_PAYMENT
    first = Status.PENDING_APPROVAL if asks else first
    return [first if number < free else Status.WAITLISTED for number in range(count)]


def person_named_locked(event: Event, wish: Wish, locale: str) -> Person | None:
    """The person of the address, made when nobody has it; None for a name without an address. Raises AlreadyRegistered."""
    if not wish.email:
        return None
    person = person_for_desk_locked(wish.given_name, wish.family_name, wish.email, locale)
    refuse_double_locked(event, person)
    return person


def wishes_of(people: Sequence[Candidate], wish: TeamWish) -> list[Wish]:
    """One wish for each person of the list, then those for the places named later."""
    confirmed = wish.prerequisites_confirmed
    named = [
        Wish(one.read.given_name, one.read.family_name, one.read.email, prerequisites_confirmed=confirmed)
        for one in people
    ]
    return named + [Wish("", "", "", prerequisites_confirmed=confirmed)] * wish.unnamed


def address_of(person: Person) -> str:
    query = select(EmailAddress.address).where(EmailAddress.person_id == person.id, EmailAddress.is_primary)
    return db.session.scalar(query) or ""


def tell_team_locked(registrations: Sequence[Registration], buyer: Person, left_out: Sequence[str]) -> None:
    """A summary to whoever ordered, and to each person what is theirs; to the buyer also the calendar entry."""
    require_writing().flush()
    tell_buyer_locked("team_order", registrations[0], {"left_out": list(left_out)} if left_out else {})
    for registration in registrations:
        if registration.person_id != buyer.id:
            tell_locked("team_place", registration)
        elif registration.status == Status.CONFIRMED:
            tell_locked("registration_confirmed", registration)
