"""Finding events, courses and programmes by words, whatever their accents and capitals, on both engines.

The index keeps one row of folded words per subject. A query is cut into words; each must begin a word of the subject.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from sqlalchemy import delete, func, select, text, update

from models.areas import Area
from models.base import Texts, db
from models.courses import Course, Programme, ProgrammeStep, course_area
from models.events import Event, Slot, event_area, slot_trainer
from models.people import Person
from models.search import SearchEntry, folded
from services.transaction import require_writing

EVENT, COURSE, PROGRAMME = "event", "course", "programme"
WORD = re.compile(r"[^\W_]+")
MOST_WORDS = 8
LONGEST_WORD = 40

SQLITE = text(
    "SELECT entry.subject_id FROM search_fts JOIN search_entry AS entry ON entry.id = search_fts.rowid "
    "WHERE search_fts MATCH :query AND entry.subject = :subject"
)
POSTGRESQL = text(
    "SELECT subject_id FROM search_entry "
    "WHERE to_tsvector('simple', words) @@ to_tsquery('simple', :query) AND subject = :subject"
)


def words_of(typed: str) -> list[str]:
    """The words of a text, folded: “L’Été à Gand” → ["l", "ete", "a", "gand"]."""
    return WORD.findall(folded(typed))


def find(subject: str, query: str) -> list[int]:
    """The ids of the subjects that have every word of `query`, each as the beginning of a word.

    `subject` is EVENT, COURSE or PROGRAMME. Any text is safe: quotes, operators and signs are not words. Only the first
    eight words count; a query without any word finds nothing.
    """
    tokens = [token[:LONGEST_WORD] for token in words_of(query[:1000])[:MOST_WORDS]]
    if not tokens:
        return []
    if db.session.get_bind().dialect.name == "sqlite":
        statement, expression = SQLITE, " ".join(f'"{token}"*' for token in tokens)
    else:
        statement, expression = POSTGRESQL, " & ".join(f"{token}:*" for token in tokens)
    return list(db.session.scalars(statement, {"query": expression, "subject": subject}))


def index_locked(subject: str, subject_id: int, *texts: str) -> None:
    """Make the index say what `texts` say about this subject; with no words at all the entry goes."""
    session = require_writing()
    words = " ".join(dict.fromkeys(word for one in texts for word in words_of(one)))
    here = (SearchEntry.subject == subject, SearchEntry.subject_id == subject_id)
    if not words:
        session.execute(delete(SearchEntry).where(*here))
        return
    known = session.scalar(select(SearchEntry.words).where(*here))
    if known is None:
        session.add(SearchEntry(subject=subject, subject_id=subject_id, words=words))
        session.flush()
    elif known != words:
        session.execute(update(SearchEntry).where(*here).values(words=words))


def index_event_locked(event: Event) -> None:
    """Index one event: its texts, place and kind, its course, trainers and areas. The event must be flushed."""
    session = require_writing()
    session.flush()
    course = session.execute(
        select(Course.titles, Course.summaries, Course.slug).where(Course.id == event.course_id)
    ).one_or_none()
    trainers = session.execute(
        select(Person.given_name, Person.family_name)
        .join(slot_trainer, slot_trainer.c.person_id == Person.id)
        .join(Slot, Slot.id == slot_trainer.c.slot_id)
        .where(Slot.event_id == event.id, Slot.cancelled_at.is_(None))
        .distinct()
    )
    areas = session.scalars(
        select(Area.names).join(event_area, event_area.c.area_id == Area.id).where(event_area.c.event_id == event.id)
    )
    texts = [event.titles, event.summaries, event.descriptions, *(course[:2] if course else ()), *areas]
    said = [
        event.slug,
        course.slug if course else "",
        event.venue,
        event.city,
        *(f"{given} {family}" for given, family in trainers),
    ]
    index_locked(EVENT, event.id, *spoken(texts), *said)


def index_course_locked(course: Course) -> None:
    """Index one course: its texts, outcomes, audience and areas. The course must be flushed."""
    session = require_writing()
    session.flush()
    areas = session.scalars(
        select(Area.names)
        .join(course_area, course_area.c.area_id == Area.id)
        .where(course_area.c.course_id == course.id)
    )
    outcomes = [line for lines in (course.outcomes or {}).values() for line in lines]
    texts = [course.titles, course.summaries, course.descriptions, course.audiences, *areas]
    index_locked(COURSE, course.id, course.slug, *spoken(texts), *outcomes)


def index_programme_locked(programme: Programme) -> None:
    """Index one programme: its texts, its area and the titles of its courses. The programme must be flushed."""
    session = require_writing()
    session.flush()
    area = session.scalars(select(Area.names).where(Area.id == programme.area_id))
    courses = session.scalars(
        select(Course.titles)
        .join(ProgrammeStep, ProgrammeStep.course_id == Course.id)
        .where(ProgrammeStep.programme_id == programme.id)
    )
    texts = [programme.titles, programme.summaries, programme.descriptions, *area, *courses]
    index_locked(PROGRAMME, programme.id, programme.slug, *spoken(texts))


def index_everything_locked() -> int:
    """Index every event, course and programme anew; returns how many entries there are."""
    session = require_writing()
    session.execute(delete(SearchEntry))
    for event in session.scalars(select(Event)):
        index_event_locked(event)
    for course in session.scalars(select(Course)):
        index_course_locked(course)
    for programme in session.scalars(select(Programme)):
        index_programme_locked(programme)
    return session.scalar(select(func.count()).select_from(SearchEntry)) or 0


def spoken(texts: Iterable[Texts | None]) -> list[str]:
    """Every language of every text."""
    return [words for one in texts for words in (one or {}).values()]
