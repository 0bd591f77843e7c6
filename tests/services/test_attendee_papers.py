"""Lists on paper, read back: a sheet for each slot, a badge for each person, nobody left out because of an alphabet."""

from __future__ import annotations

import io

import pypdf
import pytest
from sqlalchemy import select

from models.base import db, now
from models.outbox import Export
from services.attendee_columns import Purpose
from services.attendee_lists import (
    Format,
    NotOnPaper,
    export,
)
from services.attendee_papers import NoSlots, NothingToPrint, TooManyForPaper
from services.transaction import writing
from services.walk_ins import add_walk_in
from services.wishes import Wish
from tests.cast import Cast, make_event
from tests.services.held import slots_of
from tests.services.listed import FREE, asked, crowd, table, taken
from tests.services.post import registered


def pages(content: bytes) -> list[str]:
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages]


def test_a_sign_in_sheet_for_each_slot(cast: Cast) -> None:
    event = make_event(trainers=[cast.emil], slots=3, **FREE)
    registered(cast.carol, event)
    registered(cast.bob, event)
    sheets = pages(taken(asked(event, Purpose.SIGN_IN, Format.PDF)))
    assert len(sheets) == 3
    for text in sheets:
        assert text.index("Bob Lambert") < text.index("Carol Nguyễn")
        assert "Emil Vasseur" in text
        assert "Room 2" in text
    record = db.session.scalars(select(Export)).one()
    assert (record.columns, record.rows, record.format) == (["family_name", "given_name", "organisation"], 2, "pdf")


def test_badges(cast: Cast) -> None:
    event = make_event(**FREE)
    registered(cast.carol, event)
    (text,) = pages(taken(asked(event, Purpose.BADGES, Format.PDF)))
    assert "Carol Nguyễn" in " ".join(text.split())
    assert db.session.scalars(select(Export)).one().columns[-1] == "code"


def test_a_name_that_cannot_be_printed_keeps_its_line(cast: Cast) -> None:
    event = make_event(**FREE)
    for given, family in (("李小龍", "Lee"), ("Zoë 😀", "李"), ("Layla", "حداد")):
        add_walk_in(
            event.id,
            Wish(given, family, f"{len(given)}{family}@x.example", organisation_name="CHU"),
            actor=cast.alice,
            locale="en",
        )
    for purpose in (Purpose.SIGN_IN, Purpose.BADGES):
        file = export(asked(event, purpose, Format.PDF))
        assert file.unprintable == 2
        text = pages(b"".join(file.blocks))[0]
        assert "Zoë" in text
        assert text.count("CHU") == 3


def test_what_cannot_be_on_paper_says_why(cast: Cast) -> None:
    event = make_event(**FREE)
    for purpose in (Purpose.CATERING, Purpose.FULL, Purpose.ACCOUNTING):
        with pytest.raises(NotOnPaper):
            export(asked(event, purpose, Format.PDF))
    with pytest.raises(NothingToPrint):
        export(asked(event, Purpose.BADGES, Format.PDF))
    with writing() as session:
        for slot in slots_of(event):
            session.merge(slot).cancelled_at = now()
    with pytest.raises(NoSlots):
        export(asked(event, Purpose.SIGN_IN, Format.PDF))
    assert db.session.scalars(select(Export)).all() == []


def test_a_thousand_fit_on_paper(cast: Cast) -> None:
    event = crowd(1_001)
    with pytest.raises(TooManyForPaper, match="1000"):
        export(asked(event, Purpose.SIGN_IN, Format.PDF))
    assert len(table(event, Purpose.SIGN_IN)) == 1_001
