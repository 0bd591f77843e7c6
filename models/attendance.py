"""Attendance marks: append-only facts. The attendance of a slot is a pure function of its marks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, now


class Presence(StrEnum):
    PRESENT = "present"
    LATE = "late"
    LEFT_EARLY = "left_early"
    ABSENT = "absent"
    EXCUSED = "excused"
    UNMARKED = "unmarked"  # takes the last mark back: a slip of the finger

    @property
    def was_there(self) -> bool:
        """Whether the person was in the slot for at least a part of it."""
        return self in (Presence.PRESENT, Presence.LATE, Presence.LEFT_EARLY)

    def minutes_of(self, minutes: int) -> int:
        """How many of a slot's `minutes` this presence counts: all when present, half when late or left early
        (rounded down), none otherwise. For a delay of a few minutes one marks `present`."""
        if self is Presence.PRESENT:
            return minutes
        return minutes // 2 if self.was_there else 0


class AttendanceMark(Base):
    """One append-only fact: this registration was present (or not) in this slot, who says so, when, how."""

    __tablename__ = "attendance_mark"
    __table_args__ = (Index("ix_attendance_mark_registration_slot", "registration_id", "slot_id"),)

    client_id: Mapped[str] = mapped_column(String(40), unique=True)  # made by the device: a repeated send is a no-op
    registration_id: Mapped[int] = mapped_column(ForeignKey("registration.id"))
    slot_id: Mapped[int] = mapped_column(ForeignKey("slot.id"), index=True)
    presence: Mapped[Presence] = mapped_column(String(12))
    method: Mapped[str] = mapped_column(String(10), default="list")  # qr, list, kiosk, import
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    marked_at: Mapped[datetime]  # on the device
    received_at: Mapped[datetime] = mapped_column(default=now)


class SlotSignOff(Base):
    """The trainer's statement that a slot's list is right."""

    __tablename__ = "slot_sign_off"

    slot_id: Mapped[int] = mapped_column(ForeignKey("slot.id"), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime] = mapped_column(default=now)


def last_mark(marks: Iterable[AttendanceMark]) -> AttendanceMark | None:
    """The mark that counts: the latest by device time, then by client id."""
    return max(marks, key=lambda mark: (mark.marked_at, mark.client_id), default=None)


def presence_of(marks: Iterable[AttendanceMark]) -> Presence:
    """The presence that a slot's marks of one registration say: that of the last one.

    Independent of the order in which marks arrive, and of repeats: devices may be offline.
    """
    last = last_mark(marks)
    return Presence(last.presence) if last else Presence.UNMARKED
