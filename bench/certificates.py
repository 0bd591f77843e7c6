"""A certificate: the document alone, and the whole step of the worker (read, render, write with its mail).

    python -m bench.certificates [--json] [--number 100]

Milliseconds, median and 95th of a hundred, on both engines; beside them a bare commit in the same run.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from bench.places import bare_commits, engines
from bench.season import make_season
from bench.storm import settings_for

LIMIT = 40.0  # of the document


def milliseconds(number: int, work: Callable[[int], object]) -> dict[str, float]:
    """Median and 95th of `number` runs by the clock, and the median by the processor, which a busy machine does not
    change; the first run, which loads the typefaces, is told apart."""
    started = time.perf_counter()
    work(0)
    first = (time.perf_counter() - started) * 1000
    took, worked = [], []
    for index in range(1, number + 1):
        started, busy = time.perf_counter(), time.process_time()
        work(index)
        took.append((time.perf_counter() - started) * 1000)
        worked.append((time.process_time() - busy) * 1000)
    return {
        "first_ms": round(first, 1),
        "median_ms": round(statistics.median(took), 1),
        "p95_ms": round(statistics.quantiles(took, n=20)[-1], 1),
        "processor_ms": round(statistics.median(worked), 1),
    }


def closed_training(number: int) -> list[int]:
    """A training that is over, with `number` people who completed it; the ids of their registrations."""
    from models.base import db, now, random_id
    from models.events import Event, Quota, Run, Ticket
    from models.orders import Order
    from models.people import Person
    from models.registrations import Outcome, Registration
    from services.transaction import writing

    with writing() as session:
        event = session.query(Event).filter(Event.course_id.is_not(None)).order_by(Event.id).first()
        assert event
        event.run = Run.CLOSED
        quota = session.query(Quota).filter_by(event_id=event.id).first()
        ticket = session.query(Ticket).filter_by(event_id=event.id).first()
        assert quota
        assert ticket
        people = [Person(given_name="Anaïs", family_name=f"Thiry-Vandenbroucke {index}") for index in range(number)]
        session.add_all(people)
        session.flush()
        rows = [
            Registration(
                event_id=event.id, person_id=person.id, ticket_id=ticket.id, quota_id=quota.id, status="confirmed",
                given_name=person.given_name, family_name=person.family_name, email=f"person-{person.id}@example.org",
                outcome=Outcome.COMPLETED, attended_minutes=630, updated_at=now() - timedelta(hours=1),
                order=Order(code=random_id()[:12], buyer_id=person.id, buyer_email="x@example.org", locale="fr"),
            )
            for person in people
        ]  # fmt: skip
        session.add_all(rows)
    ids = [row.id for row in rows]
    db.session.remove()
    return ids


def measure(url: str, folder: Path, number: int) -> dict[str, Any]:
    """The figures of one engine."""
    make_season(url, folder, events=40)
    commits = bare_commits(url, folder)
    from app import create_app
    from models.base import now
    from services import certificates
    from services.certificate_records import document_of

    app = create_app(settings_for(url, folder))
    with app.app_context():
        rows = closed_training(number + 1)
        draft = certificates.drafted(rows[0], now())
        render = milliseconds(number, lambda index: certificates.printed(draft))
        drawing = milliseconds(number, lambda index: document_of(draft.record))
        whole = milliseconds(number, lambda index: certificates.issue(rows[index], now()))
    return {
        "document": render,
        "of_which_drawings": drawing,
        "issue": whole,
        "bare_commit_ms": round(1000 / commits, 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--number", type=int, default=100)
    options = parser.parse_args()
    figures: dict[str, Any] = {"limit_ms": LIMIT}
    with tempfile.TemporaryDirectory() as name, engines(Path(name)) as urls:
        for engine, url in urls.items():
            figures[engine] = found = measure(url, Path(name), options.number)
            document, issue = found["document"], found["issue"]
            print(
                f"{engine}: document {document['median_ms']} ms (limit {LIMIT:.0f}; {document['processor_ms']} of the processor), ",
                end="",
            )
            print(
                f"issued with number, mail and commit {issue['median_ms']} ms ({issue['processor_ms']} of the processor), ",
                end="",
            )
            print(f"bare commit {found['bare_commit_ms']} ms")
    if options.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
