"""Attendee lists: what each purpose may hold, whole cells, and a record of whatever left."""

from __future__ import annotations

import csv
import hashlib
import io
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import openpyxl
import pypdf
import pytest
from flask import Flask
from sqlalchemy import insert, select

from bench.crowd import rows_of as rows_of_person
from integrations.sheets import Column
from models.attendance import Presence
from models.base import db, now
from models.certificates import Certificate
from models.events import Event, Modality, Quota
from models.orders import LedgerEntry, Order, OrderLine
from models.outbox import AuditEntry, Export
from models.registrations import Outcome, Registration, Status
from services.attendance import attends
from services.attendee_columns import COLUMNS, Purpose, Scope, within
from services.attendee_lists import (
    Asked,
    Format,
    Headcount,
    NotOnPaper,
    export,
    headcounts,
    past_exports,
    purposes_for,
    streamed,
)
from services.attendee_papers import NoSlots, NothingToPrint, TooManyForPaper
from services.attendee_rows import SORTED, Table, in_order
from services.orders import receive_money
from services.permissions import roles_of
from services.registrations import add_walk_in, cancel
from services.transaction import writing
from services.wishes import Wish
from tests.cast import Cast, make_event
from tests.counting import queries
from tests.services.held import LATE, PRESENT, UNMARKED, held, slots_of, tap
from tests.services.post import registered

FREE: dict[str, Any] = {"public_cents": 0, "member_cents": None}


def asked(event: Event, purpose: Purpose = Purpose.FULL, form: Format = Format.CSV, **changes: Any) -> Asked:
    return Asked(**{"event": event, "purpose": purpose, "format": form, "locale": "en", "actor": None, **changes})


def taken(wanted: Asked) -> bytes:
    """The whole file; the test's session then sees what was recorded."""
    content = b"".join(export(wanted).blocks)
    db.session.rollback()
    return content


def lines(content: bytes) -> list[dict[str, str]]:
    """A CSV as a spreadsheet reads it."""
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))


def table(event: Event, purpose: Purpose = Purpose.FULL, **changes: Any) -> list[dict[str, str]]:
    return lines(taken(asked(event, purpose, **changes)))


def sheet(event: Event, purpose: Purpose = Purpose.FULL) -> Any:
    return openpyxl.load_workbook(io.BytesIO(taken(asked(event, purpose, Format.XLSX)))).active


def crowd(people: int) -> Event:
    """An event with so many confirmed registrations, written as rows."""
    event = make_event(capacity=20_000)
    chance = random.Random(1)
    with writing() as session:
        for number in range(1, people + 1):
            for kind, row in rows_of_person(number, chance).items():
                if kind in (Order, Registration, OrderLine):
                    session.execute(insert(kind), [{**row, **({"event_id": event.id} if "event_id" in row else {})}])
    return event


def test_it_works(cast: Cast) -> None:
    event = make_event()
    registered(cast.carol, event, needs="Vegetarian", phone="+32 470 12 34 56", organisation_name="Kelvin")
    found = registered(cast.bob, event, visible_to_guests=True)
    receive_money(
        db.session.get_one(Order, found.order_id).code, 30250, provider="transfer", provider_reference="1",
        booked_at=now(), actor=None,
    )  # fmt: skip
    bob, carol = table(event, scope=Scope.LIVE)
    day = found.created_at.astimezone(event.tz).isoformat(" ", "minutes")[:16]
    assert (bob["Last name"], bob["First name"], bob["E-mail"]) == ("Lambert", "Bob", "bob@lysara.example")
    assert (bob["Organisation"], bob["Member"], bob["Ticket"]) == ("Lysara Biologics", "yes", "Members")
    assert (bob["Price without VAT"], bob["Status"], bob["Payment"]) == ("250,00", "Confirmed", "Paid")
    assert (bob["Visible to the other guests"], bob["Registered"]) == ("yes", day)
    assert (carol["Needs"], carol["Phone"], carol["Member"]) == ("Vegetarian", "'+32 470 12 34 56", "no")
    assert (carol["Status"], carol["Payment"], carol["Outcome"]) == ("Awaiting payment", "Unpaid", "")


# ── what each purpose holds ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("purpose", Purpose)
@pytest.mark.parametrize("form", [Format.CSV, Format.XLSX])
def test_a_list_holds_the_columns_of_its_purpose_and_no_other(cast: Cast, purpose: Purpose, form: Format) -> None:
    event = make_event(**FREE)
    registered(cast.carol, event, needs="Vegan")
    content = taken(asked(event, purpose, form))
    record = db.session.scalars(select(Export)).one()
    allowed = [name for key in COLUMNS[purpose] for name in (["slot_1", "slot_2"] if key == "slots" else [key])]
    assert record.columns == allowed
    if form is Format.CSV:
        assert len(next(csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"))) == len(allowed)
    else:
        assert openpyxl.load_workbook(io.BytesIO(content)).active.max_column == len(allowed)


@pytest.mark.parametrize("purpose", [Purpose.SIGN_IN, Purpose.BADGES, Purpose.CATERING, Purpose.ACCOUNTING])
def test_only_the_full_list_tells_how_to_reach_somebody(cast: Cast, purpose: Purpose) -> None:
    event = make_event(**FREE)
    registered(cast.carol, event, phone="0470 12 34 56", needs="Vegan")
    text = taken(asked(event, purpose)).decode()
    assert "carol@" not in text
    assert "0470" not in text
    assert ("Vegan" in text) == (purpose is Purpose.CATERING)
    assert ("Carol" in text) == (purpose is not Purpose.CATERING)


def test_catering_counts_needs_without_names(cast: Cast) -> None:
    event = make_event(**FREE)
    for person, needs in (
        (cast.bob, "Vegetarian"),
        (cast.carol, " vegetarian "),
        (cast.dora, ""),
        (cast.emil, "Nuts; no"),
    ):
        registered(person, event, needs=needs)
    cancel(registered(cast.fay, event, needs="Vegan").public_id, actor=None)
    rows = [(row["Need"], row["People"]) for row in table(event, Purpose.CATERING, scope=Scope.ALL)]
    assert [(need.casefold(), people) for need, people in rows] == [
        ("nothing special", "1"), ("vegetarian", "2"), ("nuts; no", "1"), ("in all", "4"),
    ]  # fmt: skip


def test_nobody_eats_or_wears_a_badge_online(cast: Cast) -> None:
    event = make_event(**FREE)
    registered(cast.bob, event)
    with writing() as session:
        session.scalars(select(Quota).where(Quota.event_id == event.id)).one().modality = Modality.ONLINE
    assert table(event, Purpose.CATERING)[-1] == {"Need": "In all", "People": "0"}
    assert table(event, Purpose.BADGES) == []
    assert len(table(event, Purpose.SIGN_IN)) == 1
    assert headcounts(event.id)[Scope.EXPECTED] == Headcount(1, 0)


def test_attendance_by_slot_outcome_and_certificate(cast: Cast) -> None:
    training = held(cast, [LATE, UNMARKED], [PRESENT, PRESENT])
    bob, carol = training.registrations
    tap(bob, training.slots[0], PRESENT, minutes=30)
    with writing() as session:
        session.get_one(Registration, carol.id).outcome = Outcome.COMPLETED
        session.add(Certificate(registration_id=carol.id, year=2026, serial=7, snapshot="{}", sha256="0" * 64))
    first, second = table(training.event)
    slots = [title for title in first if title.endswith(", 9:00")]
    assert len(slots) == 2
    assert [first[title] for title in slots] == ["Present", ""]
    assert [second[title] for title in slots] == ["Present", "Present"]
    assert (first["Outcome"], first["Certificate"]) == ("", "")
    assert (second["Outcome"], second["Certificate"]) == ("Completed", "MH-2026-00007")


def test_money_of_an_order_is_counted_once(cast: Cast) -> None:
    event = make_event(member_cents=None)
    first = registered(cast.carol, event)
    second = registered(cast.dora, event)
    with writing() as session:
        order = session.get_one(Order, first.order_id)
        session.get_one(Registration, second.id).order_id = order.id
        session.scalars(select(OrderLine).where(OrderLine.registration_id == second.id)).one().order_id = order.id
        order.payer_organisation_id = cast.lysara.id
        order.purchase_order = "PO-7"
        for cents, reference in ((101640, "a"), (-1000, "b")):
            session.add(
                LedgerEntry(
                    order_id=order.id, kind="receipt", provider="transfer", provider_reference=reference, cents=cents,
                    booked_at=datetime(2026, 11, 2, 23, 30, tzinfo=UTC),
                )
            )  # fmt: skip
        code, communication = order.code, order.reference
    rows = table(event, Purpose.ACCOUNTING, scope=Scope.LIVE)
    assert [row["Received"] for row in rows] == ["1016,40", "0,00"]
    assert [row["Paid back"] for row in rows] == ["10,00", "0,00"]
    assert {(row["Order"], row["Payer"], row["Purchase order"]) for row in rows} == {
        (code, "Lysara Biologics SA", "PO-7")
    }
    assert {row["Reference"].removeprefix("'") for row in rows} == {communication}
    assert {(row["Net"], row["VAT rate"], row["VAT"], row["Gross"]) for row in rows} == {
        ("420,00", "21", "88,20", "508,20")
    }
    assert {(row["Payment"], row["Paid on"]) for row in rows} == {("Partly paid", "2026-11-03")}


# ── whose registrations ──────────────────────────────────────────────────────────────────────────────────────────────


def test_scopes(cast: Cast) -> None:
    event = make_event(member_cents=None, capacity=2)
    registered(cast.bob, event)  # awaits payment
    add_walk_in(event.id, Wish("Wim", "Willems", "wim@w.example"), actor=cast.alice, locale="en")
    registered(cast.carol, event)  # waits
    cancel(registered(cast.dora, event).public_id, actor=None)

    def names(scope: Scope) -> list[str]:
        return [row["First name"] for row in table(event, scope=scope)]

    assert names(Scope.EXPECTED) == ["Wim"]
    assert names(Scope.LIVE) == ["Bob", "Carol", "Wim"]
    assert names(Scope.ALL) == ["Bob", "Carol", "Wim", "Dora"]
    assert [headcounts(event.id)[scope].people for scope in Scope] == [1, 3, 4]


def test_expected_is_who_stands_on_the_attendance_list() -> None:
    assert str(within(Scope.EXPECTED)) == str(attends())


def test_a_list_of_one_event_holds_nobody_of_another(cast: Cast) -> None:
    registered(cast.bob, make_event(**FREE))
    empty = make_event(**FREE)
    for purpose in (Purpose.FULL, Purpose.SIGN_IN, Purpose.BADGES, Purpose.ACCOUNTING):
        assert table(empty, purpose, scope=Scope.ALL) == []
    assert table(empty, Purpose.CATERING)[-1]["People"] == "0"


def test_by_name_without_regard_to_accents_and_case(cast: Cast) -> None:
    event = make_event(**FREE)
    for given, family in (("Zoë", "zwart"), ("Bob", "Éloy"), ("Ada", "Eloy"), ("Carol", "de Vries")):
        add_walk_in(event.id, Wish(given, family, f"{given}@x.example"), actor=cast.alice, locale="en")
    found = [f"{row['First name']} {row['Last name']}" for row in table(event, Purpose.SIGN_IN)]
    assert found == ["Carol de Vries", "Ada Eloy", "Bob Éloy", "Zoë zwart"]


def test_a_long_list_is_not_held_to_be_sorted() -> None:
    rows: Iterator[tuple[str, str]] = ((f"{SORTED * 9 - number}", "") for number in range(SORTED + 9))
    found = in_order(rows, ["family_name", "given_name"])
    assert [next(found)[0] for _ in range(2)] == [str(SORTED * 9), str(SORTED * 9 - 1)]
    assert sum(1 for _ in found) == SORTED + 7


# ── whole cells ──────────────────────────────────────────────────────────────────────────────────────────────────────

STRANGE = ("=1+1", "+32 470 12 34 56", "-2", "@SUM(A1)", "ليلى", "Nguyễn", 'a "quoted"; word', "two\nlines")


@pytest.mark.parametrize("text", STRANGE)
def test_no_cell_is_a_formula_and_none_loses_a_letter(cast: Cast, text: str) -> None:
    event = make_event(**FREE)
    registered(cast.carol, event, needs=text, phone=text[:40], organisation_name=text)
    with writing() as session:
        session.scalars(select(Registration)).one().given_name = text
    row = table(event)[0]
    for title in ("First name", "Needs", "Phone", "Organisation"):
        assert row[title].removeprefix("'") == text
        assert not row[title].startswith(("=", "+", "-", "@"))
    page = sheet(event)
    titles = [cell.value for cell in page[1]]
    for title in ("First name", "Needs", "Phone", "Organisation"):
        cell = page.cell(2, titles.index(title) + 1)
        assert (cell.value, cell.data_type) == (text, "s")


def test_a_spreadsheet_has_real_dates_amounts_and_a_frozen_header(cast: Cast) -> None:
    event = make_event()
    found = registered(cast.carol, event)
    with writing() as session:
        session.get_one(Registration, found.id).status = Status.CONFIRMED
    page = sheet(event)
    row = dict(zip([cell.value for cell in page[1]], page[2], strict=True))
    local = found.created_at.astimezone(event.tz).replace(tzinfo=None)
    assert abs(row["Registered"].value - local) < timedelta(seconds=1)
    assert row["Registered"].is_date
    assert (row["Price without VAT"].value, row["Member"].value) == (420, False)
    assert page.freeze_panes == "A2"
    assert page.auto_filter.ref == f"A1:{row['Certificate'].coordinate}"
    assert page.title == "Aseptic techniques"


def test_words_follow_the_reader(cast: Cast) -> None:
    event = make_event(titles={"en": "Aseptic techniques", "fr": "Techniques aseptiques"}, **FREE)
    registered(cast.carol, event)
    titles = list(table(event, Purpose.SIGN_IN, locale="fr")[0])
    assert titles[-1].endswith(", 9\N{NO-BREAK SPACE}h")
    book = openpyxl.load_workbook(io.BytesIO(taken(asked(event, form=Format.XLSX, locale="fr"))))
    assert book.active.title == "Techniques aseptiques"


# ── paper ────────────────────────────────────────────────────────────────────────────────────────────────────────────


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
    for given, family in (("ليلى", "حداد"), ("Zoë 😀", "李"), ("Bob", "Lambert")):
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


# ── the record ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("form", Format)
def test_what_leaves_is_recorded_with_its_hash(cast: Cast, form: Format) -> None:
    event = make_event(**FREE)
    registered(cast.carol, event)
    content = taken(asked(event, Purpose.SIGN_IN, form, actor=cast.alice, ip="192.0.2.7"))
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "attendees.exported")).one()
    record = db.session.scalars(select(Export)).one()
    assert (entry.actor_id, entry.event_id, entry.ip) == (cast.alice.id, event.id, "192.0.2.7")
    assert entry.details == {"purpose": "sign_in", "format": form, "scope": "expected", "rows": 1}
    assert (record.audit_entry_id, record.event_id, record.purpose, record.rows) == (entry.id, event.id, "sign_in", 1)
    assert record.sha256 == hashlib.sha256(content).hexdigest()
    (past,) = past_exports(event.id)
    assert (past.actor, past.purpose, past.format, past.rows, past.interrupted) == (
        "Alice Renard",
        "sign_in",
        form,
        1,
        False,
    )


def test_a_whole_list_never_leaves_before_it_is_recorded(cast: Cast) -> None:
    event = make_event(**FREE)
    registered(cast.carol, event)
    blocks = export(asked(event)).blocks
    next(blocks)
    db.session.rollback()
    assert len(past_exports(event.id)) == 1
    blocks.close()
    db.session.rollback()
    assert [past.interrupted for past in past_exports(event.id)] == [False]


def test_a_reader_who_goes_away_is_recorded_with_what_they_got(app: Flask, cast: Cast) -> None:
    event = crowd(1_200)
    blocks = export(asked(event, actor=cast.alice)).blocks
    got = next(blocks)
    blocks.close()
    db.session.rollback()
    (past,) = past_exports(event.id)
    record = db.session.scalars(select(Export)).one()
    assert past.interrupted
    assert past.rows in (500, 1_000)
    assert record.sha256 == hashlib.sha256(got).hexdigest()
    assert db.engine.pool.checkedout() <= 1  # type: ignore[attr-defined]


def test_nothing_that_never_left_is_recorded(app: Flask, cast: Cast) -> None:
    def rows(good: int) -> Any:
        for number in range(good):
            yield (str(number),)
        raise LookupError("the database went away")

    event = make_event(**FREE)
    export(asked(event)).blocks.close()
    with pytest.raises(LookupError):
        list(streamed(app, asked(event), Table(["a"], [Column("A")], rows(0)), ("yes", "no")))
    db.session.rollback()
    assert past_exports(event.id) == []
    with pytest.raises(LookupError):
        list(streamed(app, asked(event), Table(["a"], [Column("A")], rows(1_100)), ("yes", "no")))
    db.session.rollback()
    assert [(past.rows, past.interrupted) for past in past_exports(event.id)] == [(1_100, True)]


@pytest.mark.parametrize("purpose", Purpose)
@pytest.mark.parametrize("form", [Format.CSV, Format.XLSX])
def test_few_queries_whatever_the_number(cast: Cast, purpose: Purpose, form: Format) -> None:
    event = crowd(30)
    with queries() as sent:
        b"".join(export(asked(event, purpose, form, actor=cast.alice)).blocks)
    assert len(sent) <= 5


# ── who may ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_who_may_take_which_list(cast: Cast) -> None:
    own, foreign = make_event(organisers=[cast.otto], trainers=[cast.emil]), make_event()
    people = {Purpose.SIGN_IN, Purpose.BADGES, Purpose.CATERING, Purpose.FULL}
    expected = {
        "carol": (set(), set()),
        "bob": (set(), set()),
        "emil": ({Purpose.SIGN_IN}, set()),
        "fay": ({Purpose.ACCOUNTING}, {Purpose.ACCOUNTING}),
        "alice": (people, people),
        "otto": (people, set()),
        "ada": (set(Purpose), set(Purpose)),
    }
    for name, lists in expected.items():
        roles = roles_of(getattr(cast, name))
        assert tuple(set(purposes_for(roles, event.id)) for event in (own, foreign)) == lists, name


def test_a_file_has_a_name_that_every_system_takes(cast: Cast) -> None:
    event = make_event(slug="été/../à-namur\r\n")
    assert export(asked(event, Purpose.SIGN_IN)).name.startswith("t-------namur-sign-in-20")
    file = export(asked(make_event(slug="äé"), form=Format.XLSX))
    assert file.name.startswith("event-full-20")
    file.blocks.close()  # the temporary file goes with it, read or not


def test_a_mark_at_the_same_instant_is_settled_as_the_model_does(cast: Cast) -> None:
    """The latest by device time, then by client id: models/attendance.presence_of, said in SQL."""
    from models.attendance import AttendanceMark, presence_of

    training = held(cast, [UNMARKED, UNMARKED])
    (bob,), slot = training.registrations, training.slots[0]
    at = slot.starts_at
    marks = [
        AttendanceMark(client_id=client_id, registration_id=bob.id, slot_id=slot.id, presence=presence, marked_at=at)
        for client_id, presence in (("m2", Presence.LATE), ("m3", Presence.EXCUSED), ("m1", Presence.PRESENT))
    ]
    expected = presence_of(marks)
    with writing() as session:
        session.add_all(marks)
    assert list(table(training.event, Purpose.SIGN_IN)[0].values())[3] == expected.value.capitalize()
