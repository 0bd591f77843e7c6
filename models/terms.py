"""The texts that orders were placed under, kept word for word."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, now


class AcceptedTerms(Base):
    """The registration terms as the cluster file had them when the first order accepted them: a file that is edited
    without a new version changes nothing for those who ordered before."""

    __tablename__ = "accepted_terms"

    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    version: Mapped[str] = mapped_column(String(40))
    texts: Mapped[dict[str, Any]]  # title and text, each per language
    created_at: Mapped[datetime] = mapped_column(default=now)
