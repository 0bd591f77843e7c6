"""Registrations: one person on one event. One status axis; payment, attendance and outcome are other axes."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, now, random_id
from models.events import Event, Quota, Ticket
from models.organisations import Organisation
from models.people import Person


class Status(StrEnum):
    PENDING_APPROVAL = "pending_approval"
    AWAITING_PAYMENT = "awaiting_payment"
    WAITLISTED = "waitlisted"
    OFFERED = "offered"
    CONFIRMED = "confirmed"
    DECLINED = "declined"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    TRANSFERRED = "transferred"
    SUBSTITUTED = "substituted"


S = Status
START: frozenset[Status] = frozenset({S.PENDING_APPROVAL, S.AWAITING_PAYMENT, S.WAITLISTED, S.CONFIRMED})
TRANSITIONS: dict[Status, frozenset[Status]] = {
    S.PENDING_APPROVAL: frozenset({S.AWAITING_PAYMENT, S.CONFIRMED, S.WAITLISTED, S.DECLINED, S.EXPIRED, S.CANCELLED}),
    S.AWAITING_PAYMENT: frozenset({S.CONFIRMED, S.EXPIRED, S.CANCELLED, S.TRANSFERRED, S.SUBSTITUTED}),
    S.WAITLISTED: frozenset({S.PENDING_APPROVAL, S.OFFERED, S.CONFIRMED, S.CANCELLED, S.EXPIRED}),
    S.OFFERED: frozenset({S.AWAITING_PAYMENT, S.CONFIRMED, S.WAITLISTED, S.EXPIRED, S.CANCELLED}),
    S.CONFIRMED: frozenset({S.CANCELLED, S.TRANSFERRED, S.SUBSTITUTED}),
    S.DECLINED: frozenset(),
    S.EXPIRED: frozenset(),
    S.CANCELLED: frozenset(),
    S.TRANSFERRED: frozenset(),
    S.SUBSTITUTED: frozenset(),
}
LIVE: frozenset[Status] = frozenset(status for status, leaves in TRANSITIONS.items() if leaves)
HOLDING: frozenset[Status] = frozenset({S.AWAITING_PAYMENT, S.OFFERED, S.CONFIRMED})
"""The statuses that take a place (`pending_approval` does per event: see `takes_place`)."""


def takes_place(status: Status, event: Event) -> bool:
    """Whether a registration that comes to this status takes a place of the event."""
    return status in HOLDING or (status == S.PENDING_APPROVAL and event.holds_requests)


LIVE_SQL = "status IN ('pending_approval','awaiting_payment','waitlisted','offered','confirmed')"


class TransitionRefused(ValueError):
    """The registration cannot go from its present status to the one asked for."""


class Outcome(StrEnum):
    COMPLETED = "completed"
    PARTIAL = "partial"
    NO_SHOW = "no_show"
    FAILED = "failed"
    EXCUSED = "excused"


class Registration(Base):
    """One person (or, later, a named-later placeholder) on one event."""

    __tablename__ = "registration"
    __table_args__ = (
        Index(
            "uq_registration_live",
            "event_id",
            "person_id",
            unique=True,
            sqlite_where=text(LIVE_SQL),
            postgresql_where=text(LIVE_SQL),
        ),
        Index("ix_registration_event_status", "event_id", "status"),
        Index(
            "ix_registration_hold",
            "hold_until",
            sqlite_where=text("hold_until IS NOT NULL"),
            postgresql_where=text("hold_until IS NOT NULL"),
        ),
    )

    public_id: Mapped[str] = mapped_column(String(26), unique=True, default=random_id)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    quota_id: Mapped[int] = mapped_column(ForeignKey("quota.id"), index=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)  # verified only
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("registration.id"))
    status: Mapped[Status] = mapped_column(String(20))
    holds_place: Mapped[bool] = mapped_column(default=False)
    hold_until: Mapped[datetime | None]
    queued_at: Mapped[datetime | None]  # when it joined the waiting list: its place in the queue
    at_head: Mapped[bool] = mapped_column(default=False)  # approved while full: before everybody else who waits
    at_tail: Mapped[bool] = mapped_column(default=False)  # passed an offered place on: behind everybody else
    prerequisites_confirmed: Mapped[bool] = mapped_column(default=False)  # the person says they meet the course's
    is_member: Mapped[bool] = mapped_column(default=False)  # at the member price when the order was placed
    voucher_id: Mapped[int | None] = mapped_column(ForeignKey("voucher.id"), index=True)  # one use, while it is live
    studies: Mapped[str] = mapped_column(String(200), default="")  # where and what, as a student says it
    given_name: Mapped[str] = mapped_column(
        String(120)
    )  # as written on this registration; the list and badges print it
    family_name: Mapped[str] = mapped_column(String(120))
    email: Mapped[str] = mapped_column(String(254))
    phone: Mapped[str] = mapped_column(String(40), default="")
    organisation_name: Mapped[str] = mapped_column(String(200), default="")
    needs: Mapped[str] = mapped_column(
        Text, default=""
    )  # diet and access, for catering; kept with the registration only
    visible_to_guests: Mapped[bool] = mapped_column(default=False)
    source: Mapped[str] = mapped_column(String(20), default="self")  # self, guest, desk, walk_in, sample
    outcome: Mapped[Outcome | None] = mapped_column(String(10))
    attended_minutes: Mapped[int | None]  # set with the outcome when the event closes
    reminded_at: Mapped[datetime | None]
    halfway_told_at: Mapped[datetime | None]  # that half of the time until hold_until is over
    names_asked_at: Mapped[datetime | None]  # of whoever ordered, for a place without a name
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now)

    event: Mapped[Event] = relationship(lazy="raise_on_sql")
    person: Mapped[Person | None] = relationship(lazy="raise_on_sql")
    ticket: Mapped[Ticket] = relationship(lazy="raise_on_sql")
    quota: Mapped[Quota] = relationship(lazy="raise_on_sql")
    order: Mapped[Any] = relationship("Order", lazy="raise_on_sql", back_populates="registrations")
    organisation: Mapped[Organisation | None] = relationship(lazy="raise_on_sql")

    @property
    def name(self) -> str:
        return f"{self.given_name} {self.family_name}".strip()

    @property
    def is_live(self) -> bool:
        return self.status in LIVE

    @property
    def is_unnamed(self) -> bool:
        """A placeholder of a team order: a place whose person is named later."""
        return self.person_id is None

    def check_move(self, to: Status) -> None:
        """TransitionRefused when the table does not allow the step."""
        if to not in TRANSITIONS[Status(self.status)]:
            raise TransitionRefused(f"a registration that is {self.status} cannot become {to}")

    def move(self, to: Status, *, actor: Person | None, reason: str, at: datetime) -> Transition:
        """Change the status and return its row of history; TransitionRefused when the table does not allow it.

        Places are not counted here: services/places.py moves the quota in the same transaction.
        """
        self.check_move(to)
        step = Transition(
            registration=self, from_status=self.status, to_status=to, actor_id=actor and actor.id, reason=reason, at=at
        )
        self.status = to
        self.updated_at = at
        return step


class Transition(Base):
    """One step of a registration's history: from, to, who, why, when. Append-only."""

    __tablename__ = "transition"

    registration_id: Mapped[int] = mapped_column(ForeignKey("registration.id"), index=True)
    from_status: Mapped[Status | None] = mapped_column(String(20))  # None: the beginning
    to_status: Mapped[Status] = mapped_column(String(20))
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))  # None: the clock or a guest
    reason: Mapped[str] = mapped_column(String(300))  # a code of services/reasons or free words of the organiser
    at: Mapped[datetime] = mapped_column(default=now)

    registration: Mapped[Registration] = relationship(lazy="raise_on_sql")
    actor: Mapped[Person | None] = relationship(lazy="raise_on_sql")


class Exemption(StrEnum):
    ASKED = "asked"
    GRANTED = "granted"
    REFUSED = "refused"


class ExemptionRequest(Base):
    """A person's wish to follow a course without its enforced prerequisites, and the organiser's answer."""

    __tablename__ = "exemption_request"
    __table_args__ = (UniqueConstraint("event_id", "person_id"),)

    public_id: Mapped[str] = mapped_column(String(26), unique=True, default=random_id)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))  # an HR manager; None: the person
    reason: Mapped[str] = mapped_column(String(1000))
    status: Mapped[Exemption] = mapped_column(String(10), default=Exemption.ASKED)
    answer: Mapped[str] = mapped_column(String(500), default="")
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)

    event: Mapped[Event] = relationship(lazy="raise_on_sql")
    person: Mapped[Person] = relationship(lazy="raise_on_sql", foreign_keys=[person_id])
    asked_by: Mapped[Person | None] = relationship(lazy="raise_on_sql", foreign_keys=[asked_by_id])
    decided_by: Mapped[Person | None] = relationship(lazy="raise_on_sql", foreign_keys=[decided_by_id])


class RegistrationDraft(Base):
    """A guest's form that waits for the mailed code (24 h). It takes no place and changes no person."""

    __tablename__ = "registration_draft"

    public_id: Mapped[str] = mapped_column(String(26), unique=True, default=random_id)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"), index=True)
    browser_hash: Mapped[str] = mapped_column(String(64))  # only the browser that filled it in may correct the address
    key: Mapped[str] = mapped_column(String(254), index=True)  # address_key of the address typed
    answers: Mapped[dict[str, Any]]  # the form as typed
    ip: Mapped[str] = mapped_column(String(45), default="")
    locale: Mapped[str] = mapped_column(String(5), default="en")
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    order_id: Mapped[int | None] = mapped_column(ForeignKey("order.id"))  # what it became

    event: Mapped[Event] = relationship(lazy="raise_on_sql")
