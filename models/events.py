"""Events: dated things one registers for. The event row is the lock of everything that counts places."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import JSON, CheckConstraint, Column, ForeignKey, Index, String, Table
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.areas import Area
from models.base import Base, Texts, now, random_id
from models.courses import Course, Publication
from models.people import Person
from models.policies import Tier


class EventKind(StrEnum):
    TRAINING = "training"  # has a course
    NETWORKING = "networking"
    CONFERENCE = "conference"
    WEBINAR = "webinar"
    WORKSHOP = "workshop"
    MISSION = "mission"


class Run(StrEnum):
    """The run axis. `guaranteed` never goes back to `tentative`; `cancelled` and `closed` are final."""

    TENTATIVE = "tentative"
    GUARANTEED = "guaranteed"
    RUNNING = "running"
    ENDED = "ended"
    CLOSED = "closed"
    POSTPONED = "postponed"
    CANCELLED = "cancelled"


RUN_TRANSITIONS: dict[Run, frozenset[Run]] = {
    Run.TENTATIVE: frozenset({Run.GUARANTEED, Run.POSTPONED, Run.CANCELLED}),
    Run.GUARANTEED: frozenset({Run.RUNNING, Run.ENDED, Run.POSTPONED, Run.CANCELLED}),
    Run.POSTPONED: frozenset({Run.TENTATIVE, Run.GUARANTEED, Run.CANCELLED}),
    Run.RUNNING: frozenset({Run.ENDED, Run.CANCELLED}),
    Run.ENDED: frozenset({Run.CLOSED}),
    Run.CLOSED: frozenset(),
    Run.CANCELLED: frozenset(),
}


DECISION_AHEAD = timedelta(days=2)  # so early its organisers are asked


class Visibility(StrEnum):
    PUBLIC = "public"  # listed for everybody
    MEMBERS = "members"  # listed for everybody; only members register
    UNLISTED = "unlisted"  # reached by its link only


class Approval(StrEnum):
    NONE = "none"
    ORGANISER = "organiser"


class RunTransitionRefused(ValueError):
    """The event cannot go from its present run state to the one asked for."""


event_area = Table(
    "event_area",
    Base.metadata,
    Column("event_id", ForeignKey("event.id"), primary_key=True),
    Column("area_id", ForeignKey("area.id"), primary_key=True, index=True),
)


class Event(Base):
    """A dated thing one registers for. A training run is an event that has a course."""

    __tablename__ = "event"
    __table_args__ = (
        CheckConstraint("(kind = 'training') = (course_id IS NOT NULL)", name="training_has_course"),
        CheckConstraint("minimum >= 0", name="minimum_not_negative"),
        Index("ix_event_listing", "publication", "starts_at"),
    )

    public_id: Mapped[str] = mapped_column(String(26), unique=True, default=random_id)
    slug: Mapped[str] = mapped_column(String(100), unique=True)
    kind: Mapped[EventKind] = mapped_column(String(12))
    publication: Mapped[Publication] = mapped_column(String(10), default=Publication.DRAFT)
    run: Mapped[Run] = mapped_column(String(10), default=Run.GUARANTEED)
    visibility: Mapped[Visibility] = mapped_column(String(10), default=Visibility.PUBLIC)
    approval: Mapped[Approval] = mapped_column(String(10), default=Approval.NONE)
    approval_holds_place: Mapped[bool] = mapped_column(default=False)  # who asks has a place until the answer
    course_id: Mapped[int | None] = mapped_column(ForeignKey("course.id"), index=True)
    titles: Mapped[Texts]
    summaries: Mapped[Texts] = mapped_column(default=dict)
    descriptions: Mapped[Texts] = mapped_column(default=dict)  # Markdown
    language: Mapped[str] = mapped_column(String(5), default="en")  # spoken at the event
    venue: Mapped[str] = mapped_column(String(200), default="")
    address: Mapped[str] = mapped_column(String(250), default="")
    city: Mapped[str] = mapped_column(String(100), default="", index=True)
    online_url: Mapped[str] = mapped_column(String(500), default="")  # shown to confirmed people only
    zone: Mapped[str] = mapped_column(String(60), default="Europe/Brussels")
    starts_at: Mapped[datetime]  # of the first slot, kept by services/events.py
    ends_at: Mapped[datetime]  # of the last slot
    registration_opens_at: Mapped[datetime | None]
    registration_closes_at: Mapped[datetime | None]  # None: at the start of the first slot
    minimum: Mapped[int] = mapped_column(default=0)
    decides_at: Mapped[datetime | None]  # when it is decided whether a tentative event takes place
    decision_asked_at: Mapped[datetime | None]  # when its organisers were asked by mail
    has_waiting_list: Mapped[bool] = mapped_column(default=True)
    organisation_cap: Mapped[int | None]  # places one organisation may hold
    policies: Mapped[Texts] = mapped_column(default=dict)  # the cancellation terms in one sentence
    tiers: Mapped[list[Tier]] = mapped_column(JSON, default=list)  # what leaving costs: models/policies.py
    free_until_days: Mapped[int] = mapped_column(default=2)  # cancelling is free until this many days before the start
    contact_name: Mapped[str] = mapped_column(String(200), default="")
    contact_email: Mapped[str] = mapped_column(String(254), default="")
    notices: Mapped[Texts] = mapped_column(default=dict)  # why it was postponed or cancelled, for the public page
    guaranteed_at: Mapped[datetime | None]
    sequence: Mapped[int] = mapped_column(
        default=0
    )  # iCalendar SEQUENCE: +1 on each change of time, place or cancellation
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now)  # set by services: any change that a reader can see
    version: Mapped[int] = mapped_column(default=1)  # two organisers editing at once: the second is told

    course: Mapped[Course | None] = relationship(lazy="raise_on_sql")
    areas: Mapped[list[Area]] = relationship(secondary=event_area, lazy="raise_on_sql", order_by=Area.position)
    slots: Mapped[list[Slot]] = relationship(lazy="raise_on_sql", order_by="Slot.starts_at", back_populates="event")
    quotas: Mapped[list[Quota]] = relationship(lazy="raise_on_sql", order_by="Quota.id", back_populates="event")
    tickets: Mapped[list[Ticket]] = relationship(
        lazy="raise_on_sql", order_by="Ticket.position", back_populates="event"
    )

    @property
    def tz(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    def go(self, to: Run, at: datetime) -> None:
        """Move on the run axis; RunTransitionRefused when the table does not allow it."""
        if to not in RUN_TRANSITIONS[Run(self.run)]:
            raise RunTransitionRefused(f"an event that is {self.run} cannot become {to}")
        self.run = to
        if to is Run.GUARANTEED and self.guaranteed_at is None:
            self.guaranteed_at = at

    @property
    def is_live(self) -> bool:
        """Published and neither postponed, cancelled nor closed: registrations may exist and move."""
        return self.publication == Publication.PUBLISHED and self.run in (
            Run.TENTATIVE,
            Run.GUARANTEED,
            Run.RUNNING,
        )

    @property
    def decision_at(self) -> datetime:
        """Until when it is decided whether a tentative event takes place: at its start at the latest."""
        return self.decides_at or self.starts_at

    def must_be_decided(self, at: datetime) -> bool:
        """Whether the decision is near (two days) or late."""
        tentative = self.publication == Publication.PUBLISHED and self.run == Run.TENTATIVE
        return tentative and self.decision_at - DECISION_AHEAD <= at

    @property
    def holds_requests(self) -> bool:
        """Whether the organiser decides about each person and whoever asks has a place until the answer."""
        return self.approval == Approval.ORGANISER and self.approval_holds_place

    def registration_is_open(self, at: datetime) -> bool:
        """Live, inside its registration window, and before the start of the first slot."""
        closes = self.registration_closes_at or self.starts_at
        opened = self.registration_opens_at is None or self.registration_opens_at <= at
        return self.is_live and opened and at < min(closes, self.starts_at)

    def free_to_cancel_until(self) -> datetime:
        """The instant until which cancelling costs nothing: midnight in the event's zone at the end of the day that is
        `free_until_days` before the first day; 0 means until the start."""
        day = self.starts_at.astimezone(self.tz).date() - timedelta(days=max(self.free_until_days - 1, 0))
        return min(datetime.combine(day, time(0), self.tz), self.starts_at) if self.free_until_days else self.starts_at


slot_trainer = Table(
    "slot_trainer",
    Base.metadata,
    Column("slot_id", ForeignKey("slot.id"), primary_key=True),
    Column("person_id", ForeignKey("person.id"), primary_key=True, index=True),
)


class Modality(StrEnum):
    ONSITE = "onsite"
    ONLINE = "online"


class Slot(Base):
    """One contiguous stretch of an event, at most one half-day when the event is a training; attendance is per slot."""

    __tablename__ = "slot"
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        Index("ix_slot_event_starts", "event_id", "starts_at"),
    )

    public_id: Mapped[str] = mapped_column(String(26), unique=True, default=random_id)  # in the calendar UID, for life
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    titles: Mapped[Texts] = mapped_column(default=dict)
    room: Mapped[str] = mapped_column(String(120), default="")
    sequence: Mapped[int] = mapped_column(default=0)  # added to the event's for this slot's VEVENT
    cancelled_at: Mapped[datetime | None]  # a removed slot of a published event stays for the calendars that hold it
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now)

    event: Mapped[Event] = relationship(lazy="raise_on_sql", back_populates="slots")
    trainers: Mapped[list[Person]] = relationship(
        secondary=slot_trainer, lazy="raise_on_sql", order_by=Person.family_name
    )

    @property
    def minutes(self) -> int:
        return int((self.ends_at - self.starts_at).total_seconds() // 60)


class QuotaFull(ValueError):
    """The quota has not that many free places."""


class Quota(Base):
    """A number of places shared by some tickets, with its counter. Guarded by the event's row lock."""

    __tablename__ = "quota"
    __table_args__ = (
        CheckConstraint("taken BETWEEN 0 AND capacity", name="taken_within_capacity"),
        CheckConstraint("kept >= 0 AND taken + kept <= capacity", name="kept_within_capacity"),
    )

    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"), index=True)
    modality: Mapped[Modality] = mapped_column(String(10), default=Modality.ONSITE)
    capacity: Mapped[int]
    taken: Mapped[int] = mapped_column(default=0)
    kept: Mapped[int] = mapped_column(default=0)  # not taken yet, kept for vouchers: services/voucher_uses.py

    event: Mapped[Event] = relationship(lazy="raise_on_sql", back_populates="quotas")

    @property
    def free(self) -> int:
        """Places that anybody may have."""
        return self.capacity - self.taken - self.kept

    def take(self, places: int = 1) -> None:
        """Take places; QuotaFull when that many are not free."""
        if places > self.free:
            raise QuotaFull(f"{places} asked, {self.free} free")
        self.taken += places

    def give_back(self, places: int = 1) -> None:
        """Free places that were taken."""
        if places > self.taken:
            raise ValueError(f"{places} given back, {self.taken} taken")
        self.taken -= places


class Audience(StrEnum):
    EVERYONE = "everyone"
    MEMBERS = "members"
    STUDENTS = "students"
    STAFF = "staff"


class VatTreatment(StrEnum):
    """How VAT applies to a ticket; the legal mention of each is in services/prices.py."""

    STANDARD = "standard"  # 21 %
    EXEMPT_TRAINING = "exempt_training"  # vocational training, art. 44 §2 4° of the Belgian VAT Code
    OUT_OF_SCOPE = "out_of_scope"
    REVERSE_CHARGE = "reverse_charge"  # on order lines: virtual attendance sold to a company in another EU state


class Ticket(Base):
    """A kind of place: name, audience, net price, VAT treatment; draws from exactly one quota."""

    __tablename__ = "ticket"
    __table_args__ = (CheckConstraint("net_cents >= 0", name="net_not_negative"),)

    public_id: Mapped[str] = mapped_column(String(26), unique=True, default=random_id)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"), index=True)
    quota_id: Mapped[int] = mapped_column(ForeignKey("quota.id"), index=True)
    position: Mapped[int] = mapped_column(default=0)
    names: Mapped[Texts]
    audience: Mapped[Audience] = mapped_column(String(10), default=Audience.EVERYONE)
    net_cents: Mapped[int] = mapped_column(default=0)
    vat: Mapped[VatTreatment] = mapped_column(String(20), default=VatTreatment.STANDARD)
    limit: Mapped[int | None]
    sale_opens_at: Mapped[datetime | None]
    sale_closes_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]  # no longer sold; kept for the orders that name it

    event: Mapped[Event] = relationship(lazy="raise_on_sql", back_populates="tickets")
    quota: Mapped[Quota] = relationship(lazy="raise_on_sql")

    @property
    def modality(self) -> Modality:
        """Of its places (the quota loaded)."""
        return Modality(self.quota.modality)

    def is_on_sale(self, at: datetime) -> bool:
        opened = self.sale_opens_at is None or self.sale_opens_at <= at
        return self.withdrawn_at is None and opened and (self.sale_closes_at is None or at < self.sale_closes_at)
