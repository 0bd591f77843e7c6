"""The calendar feed of 500 events: built, served again unchanged, and answered with 304.

    python -m bench.feeds [--json]

Times are of the whole request inside the application (no network), median of many, on both engines.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient

from bench.places import engines
from bench.storm import prepare, settings_for

PATH = "/calendar/events.ics?lang=en"


def milliseconds(client: FlaskClient, number: int, headers: dict[str, str] | None = None) -> tuple[float, int]:
    """The median time of a request in milliseconds, and the status of the last."""
    took = []
    for _ in range(number):
        started = time.perf_counter()
        response = client.get(PATH, headers=headers or {})
        took.append((time.perf_counter() - started) * 1000)
    return round(statistics.median(took), 2), response.status_code


def measure(url: str, folder: Path) -> dict[str, Any]:
    """The figures of one engine."""
    from app import create_app

    prepare(url, folder, capacity=20, people=1, events=500)
    client = create_app(settings_for(url, folder)).test_client()
    started = time.perf_counter()
    first = client.get(PATH)
    built = (time.perf_counter() - started) * 1000
    again, status = milliseconds(client, 50)
    unchanged, not_modified = milliseconds(client, 50, {"If-None-Match": first.headers["ETag"]})
    assert (status, not_modified) == (200, 304)
    assert first.data.count(b"BEGIN:VEVENT") == 500
    return {
        "first_build_ms": round(built, 1),
        "unchanged_ms": again,
        "not_modified_ms": unchanged,
        "bytes": len(first.data),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as name, engines(Path(name)) as urls:
        for engine, url in urls.items():
            figures[engine] = found = measure(url, Path(name))
            print(
                f"{engine}: first build {found['first_build_ms']} ms, unchanged {found['unchanged_ms']} ms (limit 30), ",
                end="",
            )
            print(f"304 in {found['not_modified_ms']} ms (limit 5), {found['bytes']} bytes")
    if options.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
