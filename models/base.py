"""The declarative base, the database handle, and the column types every model shares."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Integer, MetaData
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, registry
from sqlalchemy.types import TypeDecorator

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

Texts = dict[str, str]
"""One text per language code, such as {"en": "Aseptic techniques", "fr": "Techniques aseptiques"}."""


class UtcDateTime(TypeDecorator[datetime]):
    """An instant. Python sees aware UTC datetimes; SQLite keeps them naive, PostgreSQL as timestamptz."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime is not an instant: give it a zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Plain declarative base (never MappedAsDataclass: Flask-SQLAlchemy 3.1 does not support it on SQLAlchemy 2.1)."""

    registry = registry(  # on the registry, not the class: Flask-SQLAlchemy derives its own Model from Base
        metadata=MetaData(naming_convention=NAMING),
        type_annotation_map={
            datetime: UtcDateTime(),
            Texts: JSON(),
            dict[str, Any]: JSON(),
            list[str]: JSON(),
            dict[str, list[str]]: JSON(),
        },
    )

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, sort_order=-1)


db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})


def now() -> datetime:
    """The present instant in UTC, to the microsecond: what both engines can keep."""
    return datetime.now(UTC)


ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no i, l, o, u
SYMBOLS = ALPHABET.encode() * 8  # of each byte: as many bytes for every symbol


def random_id() -> str:
    """A public id of 26 characters carrying 130 random bits, safe in a URL, a file name and a calendar UID."""
    return secrets.token_bytes(26).translate(SYMBOLS).decode("ascii")


def in_language(texts: Texts | None, locale: str, fallback: tuple[str, ...] = ("en", "fr")) -> str:
    """The text in `locale`, else in the first language that has it, else ''."""
    if not texts:
        return ""
    for code in (locale, *fallback, *texts):
        if texts.get(code):
            return texts[code]
    return ""


def language_of(texts: Texts | None, locale: str, fallback: tuple[str, ...] = ("en", "fr")) -> str:
    """The language code `in_language` answers in, for the `lang` attribute of a text shown in another language."""
    for code in (locale, *fallback, *(texts or {})):
        if texts and texts.get(code):
            return code
    return locale
