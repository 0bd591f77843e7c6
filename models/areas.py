"""Strategic areas: data of the cluster, one colour and one emblem each."""

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Texts, in_language


class Area(Base):
    """One strategic area of the cluster; loaded from the cluster file, never edited in code."""

    __tablename__ = "area"

    slug: Mapped[str] = mapped_column(String(60), unique=True)
    position: Mapped[int]
    names: Mapped[Texts]
    texts: Mapped[Texts]
    emblem: Mapped[str] = mapped_column(Text)  # the path data of its disc on a 48-unit grid
    colour_light: Mapped[str] = mapped_column(String(20))
    colour_dark: Mapped[str] = mapped_column(String(20))

    def name(self, locale: str) -> str:
        return in_language(self.names, locale)
