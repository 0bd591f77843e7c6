"""Loading the sample season into an empty database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from flask import current_app
from sqlalchemy import func, select

from models.areas import Area
from models.base import db
from models.events import Event
from models.organisations import Organisation
from services.areas import load_areas_locked
from services.sample.catalogue import Stage, add_courses_locked, add_events_locked, add_programmes_locked
from services.sample.conclusion import attend_locked, close_locked
from services.sample.enrolment import enrol_locked
from services.sample.files import Season, read_season
from services.sample.invoices import invoice_locked
from services.sample.population import populate_locked
from services.sample.questions import add_questions_locked
from services.search import index_everything_locked
from services.transaction import require_writing, writing


@dataclass(frozen=True)
class Loaded:
    """How much was written; the certificates are the worker's to issue."""

    organisations: int
    people: int
    events: int
    registrations: int
    certificates: int


def load_sample(today: date) -> Loaded | None:
    """Fill an empty database with the sample season around `today`; None, and nothing changed, when it is not empty.

    One transaction, all or nothing. Raises SampleMalformed when a file says something that cannot be.
    """
    if has_data():
        return None
    season = read_season()
    with writing():
        return fill_locked(season, today)


def has_data() -> bool:
    """Whether organisations or events are there already. A person alone may be the first administrator."""
    counts = [db.session.scalar(select(func.count()).select_from(model)) for model in (Organisation, Event)]
    db.session.rollback()
    return any(counts)


def fill_locked(season: Season, today: date) -> Loaded:
    session = require_writing()
    cluster = current_app.extensions["cluster"]
    load_areas_locked(cluster)
    areas = {area.slug: area for area in session.scalars(select(Area))}
    population = populate_locked(season, {slug: area.id for slug, area in areas.items()}, cluster.languages, today)
    courses = add_courses_locked(season, areas, today)
    add_programmes_locked(season, areas, courses)
    stage = Stage(season, population, areas, courses, cluster.cancellation, today)
    staged = add_events_locked(stage)
    registrations = enrol_locked(stage, staged)
    session.flush()
    add_questions_locked(staged, registrations)
    attend_locked(stage, staged, registrations)
    session.flush()
    certificates = close_locked(stage, staged)
    invoice_locked()
    index_everything_locked()
    return Loaded(
        organisations=len(population.members),
        people=len(population.guests) + len(population.by_key),
        events=len(staged),
        registrations=len(registrations),
        certificates=certificates,
    )
