"""Search: accents, capitals, prefixes, several subjects, and any text a reader may type."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import func, select

from models.base import db
from models.courses import Course, Programme, ProgrammeStep, Publication
from models.events import EventKind
from models.search import SearchEntry
from services.search import (
    COURSE,
    EVENT,
    PROGRAMME,
    find,
    index_course_locked,
    index_event_locked,
    index_everything_locked,
    index_locked,
    index_programme_locked,
)
from services.transaction import writing
from tests.cast import Cast, area_locked, make_event

STRANGE = [
    "", "   ", '"', "'", "*", "NEAR(a b)", "a AND", "OR", "NOT", "gmp OR", '"gmp', "gmp*", "(", ")", "a:b", "^gmp", "{x}",
    "gmp & | !", ":*", "\\", "🧪", "é\u0301" * 100, "x" * 1000, "%", "_", "words:gmp", "-gmp", "gmp -- ", "\x00", "ß œ",
]  # fmt: skip


@pytest.fixture
def indexed(app: Flask) -> Flask:
    with writing():
        index_locked(EVENT, 1, "Techniques aseptiques à Liège", "Aseptic techniques")
        index_locked(EVENT, 2, "L’Été de la santé numérique", "ISO 13485", "cœur")
        index_locked(COURSE, 1, "Bonnes pratiques de fabrication (BPF)")
    return app


@pytest.mark.parametrize("query", ["aseptique", "ASEPTIQUES", "techniques LIEGE", "liège", "asept", "Liege tech"])
def test_it_finds_whatever_the_accents_capitals_and_order(indexed: Flask, query: str) -> None:
    assert find(EVENT, query) == [1]


@pytest.mark.parametrize("query", ["ete", "l'été", "13485", "iso-13485", "coeur", "CŒUR", "numer sante"])
def test_it_finds_apostrophes_numbers_and_ligatures(indexed: Flask, query: str) -> None:
    assert find(EVENT, query) == [2]


def test_every_word_must_be_there(indexed: Flask) -> None:
    assert find(EVENT, "aseptic cooking") == []


def test_subjects_do_not_mix(indexed: Flask) -> None:
    assert find(COURSE, "bpf") == [1]
    assert find(EVENT, "bpf") == []


@pytest.mark.parametrize("query", STRANGE)
def test_any_text_is_safe(indexed: Flask, query: str) -> None:
    assert isinstance(find(EVENT, query), list)


def test_indexing_again_replaces_and_no_words_remove(indexed: Flask) -> None:
    with writing():
        index_locked(EVENT, 1, "Cyclotron")
    assert (find(EVENT, "cyclotron"), find(EVENT, "aseptic")) == ([1], [])
    with writing():
        index_locked(EVENT, 1, "…")
    assert find(EVENT, "cyclotron") == []


def test_an_event_is_found_by_course_trainer_city_and_area(app: Flask, cast: Cast) -> None:
    event = make_event(title="Gestes", trainers=[cast.emil], city="Gosselies", areas=["radiation-health"])
    with writing() as session:
        course = session.get_one(Course, event.course_id)
        course.titles = {"fr": "Fabriquer proprement"}
        index_event_locked(event)
    for query in ("gestes", "vasseur", "emil", "gosselies", "radiation", "fabriquer", "delta"):
        assert find(EVENT, query) == [event.id], query


def test_courses_and_programmes_are_found_by_their_words(app: Flask, cast: Cast) -> None:
    event = make_event(kind=EventKind.TRAINING, title="Reading plates")
    with writing() as session:
        course = session.get_one(Course, event.course_id)
        area = area_locked("biopharmacy")
        programme = Programme(
            slug="lead", titles={"en": "Production lead"}, summaries={}, area=area, publication=Publication.PUBLISHED
        )
        session.add(programme)
        session.flush()
        session.add(ProgrammeStep(programme_id=programme.id, course_id=course.id, position=1))
        index_course_locked(course)
        index_programme_locked(programme)
    assert find(COURSE, "clean room") == [course.id]
    assert find(PROGRAMME, "plates biopharm") == [programme.id]


def test_everything_can_be_indexed_anew(app: Flask, cast: Cast) -> None:
    make_event(title="One")
    make_event(title="Two", kind=EventKind.WEBINAR)
    with writing():
        assert index_everything_locked() == 3
    assert db.session.scalar(select(func.count()).select_from(SearchEntry)) == 3
    assert len(find(EVENT, "delta")) == 2
