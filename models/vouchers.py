"""Vouchers: a code that changes a price or keeps places, within its limits."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Texts, now, random_id


class VoucherEffect(StrEnum):
    PERCENT = "percent"  # value: percent off, 1 to 100
    AMOUNT = "amount"  # value: net cents off; 0 only keeps a place
    FIXED = "fixed"  # value: the net price in cents


class Voucher(Base):
    """A code for a lower price: limited in uses, time, and to an event or an area. It may keep places of one quota.

    `reserved` places of `reserved_quota_id` are for its users only; those that nobody has taken yet are in the quota's
    `kept`. Once the voucher ends its quota is None: nothing is kept any more.
    """

    __tablename__ = "voucher"
    __table_args__ = (
        CheckConstraint("value >= 0", name="value_not_negative"),
        CheckConstraint("effect <> 'percent' OR value BETWEEN 1 AND 100", name="percent_in_range"),
        CheckConstraint("uses_limit IS NULL OR used <= uses_limit", name="used_within_limit"),
    )

    public_id: Mapped[str] = mapped_column(String(26), unique=True, default=random_id)
    code: Mapped[str] = mapped_column(String(40), unique=True)  # upper case; typed in any case
    names: Mapped[Texts] = mapped_column(default=dict)  # what it is for, shown in the price's sentence
    effect: Mapped[VoucherEffect] = mapped_column(String(10))
    value: Mapped[int]
    event_id: Mapped[int | None] = mapped_column(ForeignKey("event.id"), index=True)
    area_id: Mapped[int | None] = mapped_column(ForeignKey("area.id"), index=True)
    uses_limit: Mapped[int | None]
    used: Mapped[int] = mapped_column(default=0)  # live registrations that use it, counted under the voucher's row lock
    valid_from: Mapped[datetime | None]
    valid_until: Mapped[datetime | None]
    reserved_quota_id: Mapped[int | None] = mapped_column(ForeignKey("quota.id"))  # places kept for it
    reserved: Mapped[int] = mapped_column(default=0)
    withdrawn_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)

    def has_begun(self, at: datetime) -> bool:
        return self.valid_from is None or self.valid_from <= at

    def has_ended(self, at: datetime) -> bool:
        return self.withdrawn_at is not None or (self.valid_until is not None and self.valid_until <= at)

    @property
    def left(self) -> int | None:
        """How many more registrations may use it; None: as many as come."""
        return None if self.uses_limit is None else self.uses_limit - self.used

    @property
    def keeps_places(self) -> bool:
        """Whether it keeps places still, taken or not."""
        return self.reserved_quota_id is not None and self.reserved > 0

    @property
    def changes_price(self) -> bool:
        """Whether it lowers a price; one that takes nothing off only keeps places."""
        return self.effect != VoucherEffect.AMOUNT or self.value > 0

    def is_valid(self, at: datetime) -> bool:
        """Not withdrawn, inside its window, and with uses left."""
        return self.has_begun(at) and not self.has_ended(at) and self.left != 0

    def applied_to(self, net_cents: int) -> int:
        """The net price in cents that the voucher makes of `net_cents`: never negative, never higher than before."""
        match self.effect:
            case VoucherEffect.PERCENT:
                return net_cents - (net_cents * self.value + 50) // 100
            case VoucherEffect.AMOUNT:
                return max(net_cents - self.value, 0)
            case _:
                return min(self.value, net_cents)


def voucher_code(text: str) -> str:
    """The form in which two spellings of one code are equal: no spaces, upper case."""
    return "".join(text.split()).upper()
