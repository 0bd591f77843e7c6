"""Cards: one event in a list, in words, ready to print. Three queries for any number of cards, one more when signed in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple, cast

from flask_babel import gettext as _, ngettext
from sqlalchemy import bindparam, select

from models.base import in_language, language_of
from models.events import Approval, Event, Modality, Quota, Run, Slot, Ticket, event_area
from models.orders import Order
from models.registrations import LIVE, Registration, Status
from services.areas import AreaWords, areas_in
from services.customers import Customer
from services.dates import DayBlock, block_words, local_day, say_short_day, today_in, when_words
from services.price_words import amount_words, vat_note
from services.prices import Offer, Price, Reason, offer
from services.readers import Reader
from services.rows import plain_rows
from services.sold_out import sold_out


class TicketFacts(NamedTuple):
    """A ticket's columns without its entity: what `services.prices` reads of a Ticket."""

    event_id: int
    quota_id: int
    id: int
    position: int
    audience: str
    net_cents: int
    vat: str
    limit: int | None
    sale_opens_at: datetime | None
    sale_closes_at: datetime | None
    withdrawn_at: datetime | None
    modality: str

    def is_on_sale(self, at: datetime) -> bool:
        opened = self.sale_opens_at is None or self.sale_opens_at <= at
        return self.withdrawn_at is None and opened and (self.sale_closes_at is None or at < self.sale_closes_at)


class Places(NamedTuple):
    """Places of an event over all its quotas, and where they are."""

    capacity: int
    taken: int
    onsite: bool
    online: bool
    kept: int = 0  # for vouchers

    @property
    def free(self) -> int:
        return self.capacity - self.taken - self.kept


NO_PLACES = Places(0, 0, False, False)


class Card(NamedTuple):
    """One event as a list prints it."""

    id: int
    zone: str
    slug: str
    title: str
    title_lang: str | None  # when it is not the page's
    block: DayBlock
    starts_at: datetime
    when: str
    where: str
    note: str
    areas: tuple[AreaWords, ...]
    amount: str
    why: str
    vat: str  # the other figure, and whether VAT is in the first
    places: str
    tone: str  # '', 'few' or 'none': how the places are said
    pill: str  # the class of a status pill, '' for none: then `places` are its words

    @property
    def names_areas(self) -> bool:
        """Three areas and more show their emblems only."""
        return len(self.areas) < 3


EVENTS = select(
    Event.id, Event.slug, Event.titles, Event.kind, Event.language, Event.venue, Event.city, Event.zone,
    Event.starts_at, Event.ends_at, Event.run, Event.visibility, Event.approval, Event.minimum, Event.has_waiting_list,
    Event.registration_opens_at, Event.registration_closes_at, event_area.c.area_id,
).outerjoin(event_area, event_area.c.event_id == Event.id).where(
    Event.id.in_(bindparam("ids", expanding=True))
)  # fmt: skip
SLOTS = (
    select(Slot.event_id, Slot.starts_at, Slot.ends_at)
    .where(Slot.event_id.in_(bindparam("ids", expanding=True)), Slot.cancelled_at.is_(None))
    .order_by(Slot.starts_at)
)
SALES = (
    select(
        Quota.event_id, Quota.id, Ticket.id, Ticket.position, Ticket.audience, Ticket.net_cents, Ticket.vat, Ticket.limit,
        Ticket.sale_opens_at, Ticket.sale_closes_at, Ticket.withdrawn_at, Quota.modality, Quota.capacity, Quota.taken,
        Quota.kept,
    )
    .outerjoin(Ticket, Ticket.quota_id == Quota.id)
    .where(Quota.event_id.in_(bindparam("ids", expanding=True)))
)  # fmt: skip
MINE = (
    select(Registration.event_id, Registration.status, Order.code)
    .join(Order, Order.id == Registration.order_id)
    .where(
        Registration.person_id == bindparam("person_id"),
        Registration.event_id.in_(bindparam("ids", expanding=True)),
        Registration.status.in_(sorted(LIVE)),
    )
)


def cards(ids: Sequence[int], reader: Reader, locale: str, at: datetime) -> list[Card]:
    """The cards of these events in this order, in the language `locale`, with the reader's own prices."""
    if not ids:
        return []
    events, areas = events_of(ids, locale)
    slots = slots_of(ids)
    tickets, places = sales_of(ids)
    mine = mine_of(ids, reader.person_id)
    made = []
    for event_id in ids:
        if event_id not in events:
            continue
        event = events[event_id]
        held = places.get(event_id, NO_PLACES)
        sale = on_sale(tickets.get(event_id, ()), at)
        amount, why, vat = sale_words(sale, reader.is_member, reader.is_staff, reader.customer, locale)
        words, tone, pill = places_words(event, held, mine.get(event_id), locale, at)
        if event.run in (Run.CANCELLED, Run.CLOSED, Run.ENDED) or at >= event.ends_at:
            amount = why = vat = ""  # nothing to buy any more
        made.append(
            Card(
                id=event_id,
                zone=event.zone,
                slug=event.slug,
                title=in_language(event.titles, locale),
                title_lang=other_language(event.titles, locale),
                block=block_words(local_day(event.starts_at, event.zone), locale),
                starts_at=event.starts_at,
                when=capital(when_words(held_at(event, slots), locale, event.zone, today_in(event.zone))),
                where=place_words(event.venue, event.city, held.onsite, held.online, locale),
                note=note_words(event.kind, event.language, locale),
                areas=areas.get(event_id, ()),
                amount=amount,
                why=why,
                vat=vat,
                places=words,
                tone=tone,
                pill=pill,
            )
        )
    return made


def held_at(event: Any, slots: dict[int, list[tuple[datetime, datetime]]]) -> tuple[tuple[datetime, datetime], ...]:
    """The event's half-days in order; without any, its own beginning and end."""
    return tuple(slots.get(event.id) or ((event.starts_at, event.ends_at),))


# ---- what is read --------------------------------------------------------------------------------------------------


def events_of(ids: Sequence[int], locale: str) -> tuple[dict[int, Any], dict[int, tuple[AreaWords, ...]]]:
    """The events by id, and their areas in the cluster's order."""
    events: dict[int, Any] = {}
    named: dict[int, set[int]] = defaultdict(set)
    row: Any
    for row in plain_rows(EVENTS, ids=ids).all():
        events[row.id] = row
        named[row.id].add(row.area_id)
    known = areas_in(locale)
    return events, {event_id: tuple(area for area in known if area.id in wanted) for event_id, wanted in named.items()}


def slots_of(ids: Sequence[int]) -> dict[int, list[tuple[datetime, datetime]]]:
    slots: dict[int, list[tuple[datetime, datetime]]] = defaultdict(list)
    for event_id, starts_at, ends_at in plain_rows(SLOTS, ids=ids).all():
        slots[event_id].append((starts_at, ends_at))
    return slots


def sales_of(ids: Sequence[int]) -> tuple[dict[int, list[TicketFacts]], dict[int, Places]]:
    """The tickets of each event, and its places over all quotas. A ticket at its own limit is left out while its event
    has others for the same audience."""
    tickets: dict[int, list[TicketFacts]] = defaultdict(list)
    quotas: dict[int, dict[int, QuotaFacts]] = defaultdict(dict)
    row: Any
    for row in plain_rows(SALES, ids=ids).all():
        quotas[row[0]][row[1]] = (row[11], row[12], row[13], row[14])
        if row[2] is not None:
            tickets[row[0]].append(TicketFacts(*row[:12]))
    sold = sold_out(cast("Iterable[Ticket]", chain.from_iterable(tickets.values())))
    for event_id, there in tickets.items():
        others = {(one.audience, one.quota_id) for one in there if one.id not in sold}
        tickets[event_id] = [one for one in there if one.id not in sold or (one.audience, one.quota_id) not in others]
    return tickets, {event_id: places_of(held.values()) for event_id, held in quotas.items()}


QuotaFacts = tuple[str, int, int, int]
"""Modality, capacity, taken, kept."""


def places_of(quotas: Iterable[QuotaFacts]) -> Places:
    """All quotas of one event together."""
    modalities, capacities, taken, kept = zip(*quotas, strict=True)
    return Places(
        sum(capacities),
        sum(taken),
        Modality.ONSITE.value in modalities,
        Modality.ONLINE.value in modalities,
        sum(kept),
    )


def mine_of(ids: Sequence[int], person_id: int | None) -> dict[int, tuple[str, str]]:
    """The reader's live registrations on these events: status and order code."""
    if person_id is None:
        return {}
    rows = plain_rows(MINE, ids=ids, person_id=person_id)
    return {event_id: (status, code) for event_id, status, code in rows}


# ---- how it is said: what is memoised is pure in its arguments, `locale` being the present language ------------------------------------------------------------------------------------------------


Sale = tuple[tuple[int, int, str, str, str], ...]
"""The tickets on sale, as far as a card shows them: net cents, position, audience, VAT treatment, modality."""


def on_sale(tickets: Iterable[TicketFacts], at: datetime) -> Sale:
    return tuple(
        sorted(
            (one.net_cents, one.position, one.audience, one.vat, one.modality) for one in tickets if one.is_on_sale(at)
        )
    )


@lru_cache(maxsize=4096)
def sale_words(sale: Sale, is_member: bool, is_staff: bool, customer: Customer, locale: str) -> tuple[str, str, str]:
    """What such a reader pays among these tickets: most events have the prices of another one."""
    tickets = [
        TicketFacts(0, 0, number, position, audience, cents, vat, None, None, None, None, modality)
        for number, (cents, position, audience, vat, modality) in enumerate(sale)
    ]
    reader = Reader(is_member=is_member, is_staff=is_staff, customer=customer)
    return price_words(offer(cast("list[Ticket]", tickets), reader, datetime.now(UTC)), locale)


def price_words(offered: Offer, locale: str) -> tuple[str, str, str]:
    """The amount this reader pays, why, and the other figure: “€420”, “as a member”, “without VAT, €508.20 with it”."""
    price, others = offered.price, [other for other in offered.others if other.reason is not Reason.STUDENT]
    cheapest = min(others, key=lambda other: other.net_cents, default=None)
    if price is None:
        if offered.refusal != "members_only" or cheapest is None:
            return "", "", ""
        return amount_words(cheapest, locale), _("for members only"), vat_note(cheapest, locale)
    return amount_words(price, locale), reason_words(price, cheapest, locale), vat_note(price, locale)


def reason_words(price: Price, cheapest: Price | None, locale: str) -> str:
    """Why this amount, and what members would pay."""
    if price.reason is Reason.MEMBER:
        return _("as a member")
    if price.reason is Reason.STAFF:
        return _("as a member of the team")
    if price.reason is Reason.WITHOUT_MEMBERSHIP and cheapest is not None:
        if cheapest.is_free:
            return _("or free for members")
        return _("or %(amount)s for members", amount=amount_words(cheapest, locale))
    return _("for everyone")


def places_words(
    event: Any, held: Places, mine: tuple[str, str] | None, locale: str, at: datetime
) -> tuple[str, str, str]:
    """How full it is, or what matters more: (words, tone, pill)."""
    if event.run == Run.CANCELLED:
        return _("Cancelled"), "", "state-stop"
    if mine:
        return mine_words(mine[0]), "", f"status-{mine[0]}"
    if event.run == Run.POSTPONED:
        return _("Postponed"), "", "state-wait"
    if at >= event.ends_at or event.run in (Run.ENDED, Run.CLOSED):
        return _("Over"), "", ""
    if at >= event.starts_at:
        return _("Under way"), "", ""
    if event.registration_opens_at and at < event.registration_opens_at:
        return _("Opens on %(day)s", day=say_short_day(event.registration_opens_at, locale, event.zone)), "", ""
    if event.registration_closes_at and at >= event.registration_closes_at:
        return _("Registration closed"), "none", ""
    needed = event.minimum - held.taken if event.run == Run.TENTATIVE else 0
    if event.approval == Approval.ORGANISER:
        return _("On request"), "", ""
    return free_places_words(held.free, held.capacity, max(needed, 0), event.has_waiting_list, locale)


@lru_cache(maxsize=4096)
def free_places_words(
    free: int, capacity: int, needed: int, has_waiting_list: bool, locale: str
) -> tuple[str, str, str]:
    """The free places of an event that takes registrations; `needed` people make it sure to take place."""
    if free <= 0:
        return (_("Full, waiting list open") if has_waiting_list else _("Full")), "none", ""
    if needed:
        words = ngettext("Takes place with %(num)s more person", "Takes place with %(num)s more people", needed)
        return words, "", ""
    tone = "few" if free * 5 <= capacity else ""
    return ngettext("%(num)s place left", "%(num)s places left", free), tone, ""


def mine_words(status: str) -> str:
    """Where the reader's own registration stands, said to them."""
    return {
        Status.CONFIRMED: _("You are going"),
        Status.AWAITING_PAYMENT: _("Awaiting payment"),
        Status.WAITLISTED: _("On the waiting list"),
        Status.OFFERED: _("A place is offered to you"),
        Status.PENDING_APPROVAL: _("Awaiting approval"),
    }[Status(status)]


@lru_cache(maxsize=4096)
def place_words(venue: str, city: str, onsite: bool, online: bool, locale: str) -> str:
    """“Le Delta, Namur”, “online”, “Le Delta, Namur, and online”."""
    there = venue if city and city in venue else ", ".join(part for part in (venue, city) if part)
    if (online and not onsite) or not there:
        return str(_("online"))
    return str(_("%(place)s, and online", place=there)) if online else there


def kind_words(kind: str) -> str:
    """“Training”."""
    said = KINDS.get(kind)
    return said() if said else kind


KINDS: dict[str, Callable[[], str]] = {
    "training": lambda: _("Training"),
    "networking": lambda: _("Networking"),
    "conference": lambda: _("Conference"),
    "webinar": lambda: _("Webinar"),
    "workshop": lambda: _("Workshop"),
    "mission": lambda: _("Mission"),
}


def language_words(code: str) -> str:
    """The language of an event after its kind: “in English”."""
    return {
        "en": _("in English"),
        "fr": _("in French"),
        "nl": _("in Dutch"),
        "de": _("in German"),
    }.get(code, code)


def language_name(code: str) -> str:
    """The name of a language, alone: “French”."""
    return {"fr": _("French"), "en": _("English"), "nl": _("Dutch"), "de": _("German")}.get(code, code)


@lru_cache(maxsize=512)
def note_words(kind: str, language: str, locale: str) -> str:
    """“Training in English”."""
    return f"{kind_words(kind)} {language_words(language)}"


def other_language(texts: dict[str, str], locale: str) -> str | None:
    """The language a text is shown in when it is not the page's."""
    found = language_of(texts, locale)
    return None if found == locale else found


def capital(words: str) -> str:
    return words[:1].upper() + words[1:]
