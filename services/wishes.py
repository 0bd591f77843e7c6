"""What a registration form says, as a value that services read."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Wish:
    """One person's wish for a place. `shown_cents` is the gross price of the page that was confirmed."""

    given_name: str
    family_name: str
    email: str
    phone: str = ""
    organisation_name: str = ""
    needs: str = ""
    visible_to_guests: bool = False
    ticket: str | None = None  # public id; None: the best for this reader
    shown_cents: int | None = None
    voucher: str = ""  # a code, as typed
    prerequisites_confirmed: bool = False
    studies: str = ""  # where and what, of somebody who takes a students' place
    answers: dict[str, str] = field(default_factory=dict)  # question's public id → value; of a file: of what is kept
