"""What each list holds: the columns of its purpose, the people of its scope, whole cells."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import openpyxl
import pytest
from sqlalchemy import select

from models.attendance import Presence
from models.base import db, now
from models.certificates import Certificate
from models.events import Modality, Quota
from models.orders import LedgerEntry, Order, OrderLine
from models.outbox import Export
from models.registrations import Outcome, Registration, Status
from services.attendance import attends
from services.attendee_columns import COLUMNS, Purpose, Scope, within
from services.attendee_lists import (
    Format,
    Headcount,
    headcounts,
)
from services.attendee_rows import SORTED, in_order
from services.orders import receive_money
from services.registrations import cancel
from services.transaction import writing
from services.walk_ins import add_walk_in
from services.wishes import Wish
from tests.cast import Cast, make_event
from tests.services.held import LATE, PRESENT, UNMARKED, held, tap
from tests.services.listed import FREE, asked, sheet, table, taken
from tests.services.post import registered
from tests.services.test_vouchers import student_ticket


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
    assert (bob["Visible to guests"], bob["Registered"]) == ("yes", day)
    assert (carol["Needs"], carol["Phone"], carol["Member"]) == ("Vegetarian", "'+32 470 12 34 56", "no")
    assert (carol["Status"], carol["Payment"], carol["Outcome"]) == ("Awaiting payment", "Unpaid", "")


def test_what_a_student_says_is_in_the_full_list(cast: Cast) -> None:
    event = make_event(public_cents=42000, member_cents=None)
    student_ticket(event)
    registered(cast.carol, event, studies="Pharmacy, Liège")
    (carol,) = table(event, scope=Scope.LIVE)
    assert (carol["Ticket"], carol["Studies"]) == ("Students", "Pharmacy, Liège")
    assert "studies" not in {key for purpose in Purpose if purpose is not Purpose.FULL for key in COLUMNS[purpose]}


@pytest.mark.parametrize("purpose", Purpose)
@pytest.mark.parametrize("form", [Format.CSV, Format.XLSX])
def test_a_list_holds_the_columns_of_its_purpose_and_no_other(cast: Cast, purpose: Purpose, form: Format) -> None:
    event = make_event(**FREE)
    registered(cast.carol, event, needs="Vegan")
    content = taken(asked(event, purpose, form))
    record = db.session.scalars(select(Export)).one()
    several = {"slots": ["slot_1", "slot_2"], "answers": []}  # the event has two slots and asks nothing
    allowed = [name for key in COLUMNS[purpose] for name in several.get(key, [key])]
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
    for given, family in (("Zoë", "zwart"), ("Bob", "Éloy"), ("Ada", "Eloy"), ("Anh", "Đặng")):
        add_walk_in(event.id, Wish(given, family, f"{given}@x.example"), actor=cast.alice, locale="en")
    found = [f"{row['First name']} {row['Last name']}" for row in table(event, Purpose.SIGN_IN)]
    assert found == ["Anh Đặng", "Ada Eloy", "Bob Éloy", "Zoë zwart"]


def test_a_long_list_is_not_held_to_be_sorted() -> None:
    rows: Iterator[tuple[str, str]] = ((f"{SORTED * 9 - number}", "") for number in range(SORTED + 9))
    found = in_order(rows, ["family_name", "given_name"])
    assert [next(found)[0] for _ in range(2)] == [str(SORTED * 9), str(SORTED * 9 - 1)]
    assert sum(1 for _ in found) == SORTED + 7


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
    assert (row["Price without VAT"].value, row["Member"].value) == (420, "no")
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
