"""Certificates: frozen statements, verifiable for ever."""

from __future__ import annotations

import hashlib
import json
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, now, random_id
from models.registrations import Registration


class CertificateStatus(StrEnum):
    ISSUED = "issued"
    SUPERSEDED = "superseded"
    REVOKED = "revoked"


class Certificate(Base):
    """A frozen statement about one registration. Its page answers for ever, without sign-in."""

    __tablename__ = "certificate"
    __table_args__ = (
        UniqueConstraint("year", "serial"),
        Index(
            "uq_certificate_issued",
            "registration_id",
            unique=True,
            sqlite_where=text("status = 'issued'"),
            postgresql_where=text("status = 'issued'"),
        ),
    )

    public_id: Mapped[str] = mapped_column(String(26), unique=True, default=random_id)
    registration_id: Mapped[int] = mapped_column(ForeignKey("registration.id"), index=True)
    year: Mapped[int]
    serial: Mapped[int]
    status: Mapped[CertificateStatus] = mapped_column(String(12), default=CertificateStatus.ISSUED)
    snapshot: Mapped[str] = mapped_column(Text)  # canonical JSON of everything printed; never changed
    sha256: Mapped[str] = mapped_column(String(64))  # of the snapshot's UTF-8 bytes
    pdf: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)  # the very bytes issued
    pdf_sha256: Mapped[str] = mapped_column(String(64), default="")
    issued_at: Mapped[datetime] = mapped_column(default=now)
    valid_until: Mapped[date | None]
    revoked_at: Mapped[datetime | None]
    revocation_reason: Mapped[str] = mapped_column(String(300), default="")
    superseded_by_id: Mapped[int | None] = mapped_column(ForeignKey("certificate.id"))

    registration: Mapped[Registration] = relationship(lazy="raise_on_sql")

    @property
    def number(self) -> str:
        return f"{self.year}-{self.serial:05d}"

    @property
    def printed(self) -> dict[str, Any]:
        """Everything printed, as frozen at issue."""
        data: dict[str, Any] = json.loads(self.snapshot)
        return data

    @property
    def is_erased(self) -> bool:
        """Whether the identity was removed: the page stays, the name and the document are gone."""
        return "name" not in self.printed

    @property
    def is_intact(self) -> bool:
        """Whether the record is still the one that was issued, by its hash; an erased one can no longer show it."""
        return not self.is_erased and fingerprint(self.snapshot) == self.sha256

    def has_ended(self, day: date) -> bool:
        """Whether its validity is over on this day; it holds through its last day."""
        return self.valid_until is not None and self.valid_until < day

    def erase(self) -> None:
        """Remove the identity: what is left says number, course and dates. The hashes stay as they were."""
        kept = {key: value for key, value in self.printed.items() if key in KEPT_AFTER_ERASURE}
        self.snapshot = canonical_json(kept)
        self.pdf = None


KEPT_AFTER_ERASURE = frozenset(
    {"format", "template", "lang", "number", "title", "dates", "area", "brand", "issuer", "issued", "issued_on", "valid",
     "valid_until", "verify", "words"}
)  # fmt: skip


def canonical_json(data: dict[str, Any]) -> str:
    """JSON with sorted keys, no spaces and no escapes: one text for one content (RFC 8785 for strings and integers)."""
    return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def fingerprint(snapshot: str) -> str:
    return hashlib.sha256(snapshot.encode()).hexdigest()
