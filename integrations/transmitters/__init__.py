"""Ways for an e-invoice to its buyer behind one small interface. Only a certified access point may send over Peppol; without one the
documents go to a folder, from which the accountant's program takes them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class TransmitterError(Exception):
    """It did not go this time; the message is for staff. Try again later with the same key."""


class Reach(StrEnum):
    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"  # nobody was asked


class Fate(StrEnum):
    """What became of a document; the values are those of models.invoices.TransmissionState."""

    SENT = "sent"
    DELIVERED = "delivered"
    REJECTED = "rejected"
    FAILED = "failed"


@dataclass(frozen=True)
class Parcel:
    """One document to send. `key` is its public id, the idempotency key; endpoints are `scheme:identifier`."""

    key: str
    number: str
    content: bytes
    sender: str
    receiver: str
    is_credit_note: bool


class InvoiceTransmitter(Protocol):
    """One access point. Nothing of it is called inside a write transaction."""

    key: str

    def can_reach(self, endpoint: str, *, credit_note: bool) -> Reach:
        """Whether the network knows a receiver. Raises TransmitterError."""

    def send(self, parcel: Parcel) -> str:
        """Hand a document over; its reference there. The same key twice sends once. Raises TransmitterError."""

    def status(self, reference: str) -> Fate:
        """What became of it. Raises TransmitterError."""
