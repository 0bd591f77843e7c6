"""What the tests of the desk share: the event form as a browser sends it, and counting queries."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser

from flask.testing import FlaskClient
from sqlalchemy import event, select
from werkzeug.test import TestResponse

from models.base import db
from models.events import Event
from models.people import Person
from models.registrations import Registration
from services.registrations import register
from services.wishes import Wish


class FormReader(HTMLParser):
    """Collects what a browser would send for the form that has the field `holding`."""

    def __init__(self, holding: str) -> None:
        super().__init__()
        self.holding = holding
        self.found: dict[str, list[str]] = {}
        self.data: dict[str, list[str]] = {}
        self.area: str | None = None
        self.choices: list[tuple[str, bool]] | None = None
        self.select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        got = dict(attrs)
        name, value = got.get("name") or "", got.get("value")
        if tag == "form":
            self.data = {}
        elif tag == "input" and name:
            ticks = got.get("type") in ("checkbox", "radio")
            if not ticks or "checked" in got:
                self.data.setdefault(name, []).append(value or ("y" if ticks else ""))
        elif tag == "textarea":
            self.area = name
            self.data.setdefault(name, []).append("")
        elif tag == "select":
            self.select, self.choices = name, []
        elif tag == "option" and self.choices is not None:
            self.choices.append((value or "", "selected" in got))

    def handle_data(self, data: str) -> None:
        if self.area is not None:
            self.data[self.area][-1] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self.area is not None:
            self.data[self.area][-1] = self.data[self.area][-1].removeprefix("\r").removeprefix("\n")
            self.area = None
        elif tag == "select" and self.choices:
            chosen = next((value for value, is_chosen in self.choices if is_chosen), self.choices[0][0])
            self.data.setdefault(self.select, []).append(chosen)
            self.choices = None
        elif tag == "form" and self.holding in self.data:
            self.found = self.data


def form_of(client: FlaskClient, path: str, holding: str) -> dict[str, list[str]]:
    """The form of the page at `path` that has the field `holding`, as it would be sent unchanged."""
    response = client.get(path)
    assert response.status_code == 200, response.status_code
    return form_in(response, holding)


def form_in(response: TestResponse, holding: str) -> dict[str, list[str]]:
    reader = FormReader(holding)
    reader.feed(response.get_data(as_text=True))
    assert reader.found, f"no form with a field {holding}"
    return reader.found


def enrol(person: Person, on: Event) -> Registration:
    """The registration that comes of `person` registering on the event."""
    wish = Wish(person.given_name, person.family_name, f"{person.given_name.lower()}@example.org")
    order = register(person, on.id, wish, locale="en")
    return db.session.scalars(select(Registration).where(Registration.order_id == order.id)).one()


@contextmanager
def counted_queries() -> Iterator[list[str]]:
    """The statements that reach the database inside the block, without the transaction's own."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.startswith(("PRAGMA", "BEGIN", "COMMIT", "SET", "SAVEPOINT")):
            seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
