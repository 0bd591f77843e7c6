"""What a registration form says, as a value that services read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Payer:
    """Who pays, as a form says it; the person themselves when it names nobody else."""

    organisation: str = ""  # public id of one they work at
    billing: dict[str, Any] = field(default_factory=dict)  # or the details of a company, as an order keeps them
    on_account: bool = False  # the organisation's place at once, its invoice is paid within its term
    purchase_order: str = ""
    purchase_order_later: bool = False  # the invoice waits for the number


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
    payer: Payer = Payer()
