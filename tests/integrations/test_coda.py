"""CODA files of every shape that Febelfin knows: totals with details, details of details, several statements, what is broken."""

from __future__ import annotations

import io
from contextlib import suppress
from pathlib import Path

import coda as package
import pytest
from hypothesis import given, settings, strategies as st

from integrations.bank import BrokenFile, Line, Reason, Statement as Read, read_statements
from tests.integrations.coda_files import DAY, OURS, Move, Statement, coda

PAYMENT = Move(50820, name="Renée Dubois", iban="BE71096123456769", structured="101010806817183", bank_reference="B-1")


def read(content: bytes) -> list[tuple[Read, list[Line]]]:
    return [(found, list(found.lines)) for found in read_statements(io.BytesIO(content))]


def lines(*moves: Move) -> list[Line]:
    [(_, found)] = read(coda(Statement(moves)))
    return found


def refused(content: bytes) -> tuple[Reason, int | None]:
    with pytest.raises(BrokenFile) as told:
        read(content)
    return told.value.reason, told.value.line


def test_it_works() -> None:
    [(statement, [line])] = read(coda(Statement([PAYMENT])))
    assert (statement.format, statement.account, statement.reference) == ("coda", OURS, "2026/117")
    assert (statement.opening_cents, statement.closing_cents, statement.ends_on) == (100_000, 150_820, DAY)
    assert (line.cents, line.booked_on, line.structured, line.free_text) == (50820, DAY, "010806817183", "")
    assert (line.counterparty, line.counterparty_iban) == ("Renée Dubois", "BE71096123456769")
    assert (line.bank_reference, line.note) == ("B-1", "")


def test_a_message_over_three_records_and_what_the_bank_adds() -> None:
    words = "Order MH-4K7Q-92XD for the days of November, " * 3
    [line] = lines(Move(100, words=words.strip(), name="Bob", information="sent at the counter", bank_reference="R"))
    assert line.free_text == f"{words.strip()} sent at the counter"


@pytest.mark.parametrize(
    "structure, account, read_as",
    [("2", OURS, OURS), ("0", "539007547034", OURS), ("3", "LU280019400644750000", "LU280019400644750000")],
)
def test_an_account_in_each_of_its_structures(structure: str, account: str, read_as: str) -> None:
    [(statement, _)] = read(coda(Statement([PAYMENT], account=account, structure=structure)))
    assert statement.account == read_as


@pytest.mark.parametrize("total, kinds", [("1", "5"), ("2", "6"), ("2", "7"), ("2", "67")])
def test_a_total_is_told_by_its_details(total: str, kinds: str) -> None:
    """A batch of the customer (1, details 5) and of the bank (2, details 6 and 7): each transfer is a line of its own."""
    parts = [
        Move(50820, kinds[0], name="Carol", structured="101010806817183"),
        Move(25000, kinds[-1], name="Bob", words="thanks"),
    ]
    found = lines(Move(75820, total, bank_reference="BATCH", details=parts))
    assert [(line.cents, line.counterparty, line.note) for line in found] == [(50820, "Carol", ""), (25000, "Bob", "")]
    assert found[0].structured == "010806817183"
    assert len({line.key for line in found}) == 2


def test_a_total_whose_details_do_not_add_up_waits_for_a_human() -> None:
    [line] = lines(Move(75820, "2", details=[Move(50820, "6", structured="101010806817183"), Move(1, "6")]))
    assert (line.cents, line.structured, line.note) == (75820, "", "batch_untold")


def test_a_total_without_details_is_one_movement() -> None:
    [line] = lines(Move(75820, "1", name="Worldline"))
    assert (line.cents, line.note) == (75820, "")


def test_the_parts_of_one_amount_are_no_movements() -> None:
    """Costs and rate of a single payment (type 3, details 8) are in its amount already."""
    [line] = lines(Move(49820, "3", name="Carol", details=[Move(50820, "8"), Move(-1000, "8")]))
    assert (line.cents, line.note) == (49820, "")


def test_details_of_a_detail_are_read_past() -> None:
    parts = [Move(49820, "7", name="Carol"), Move(50820, "9"), Move(-1000, "9"), Move(180, "6", name="Bob")]
    found = lines(Move(50000, "2", details=parts))
    assert [(line.cents, line.counterparty) for line in found] == [(49820, "Carol"), (180, "Bob")]


def test_a_detail_of_nothing_is_no_movement() -> None:
    found = lines(
        Move(50820, "2", details=[Move(50820, "6", name="Carol"), Move(0, "6", words="for your information")])
    )
    assert [line.counterparty for line in found] == ["Carol"]


def test_a_payment_in_another_currency_is_what_came_in_euros() -> None:
    """Type 105: 55.00 in dollars; the reference that it carries is still found."""
    told = f"105{50820 * 10:015}{55000 * 10:015}{'000108225000':12}USD010806817183US{50820 * 10:015}"
    [line] = lines(Move(50820, name="Carol", structured=told))
    assert (line.cents, "010806817183" in line.structured + line.free_text) == (50820, True)


def test_a_value_day_that_is_not_known_yet() -> None:
    [line] = lines(Move(50820, name="Carol", value_day="000000"))
    assert line.booked_on == DAY


def test_an_iso_11649_reference() -> None:
    [line] = lines(Move(50820, structured="100RF18539007547034"))
    assert line.structured == "RF18539007547034"


def test_our_own_reference_of_money_that_left() -> None:
    """A file for the bank gives each transfer one, and finds it again; a payer's own name for a transfer is not ours."""
    key = "k3v8q2m5n7p4r6s9t0w1x2y3z4"
    gone, untold, came = lines(
        Move(-12345, words="Refund", own_reference=key),
        Move(-1, own_reference="NOTPROVIDED"),
        Move(1, own_reference=key),
    )
    assert (gone.free_text, untold.free_text, came.free_text) == (f"Refund {key}", "", "")


def test_money_in_and_out_and_an_overdrawn_account() -> None:
    [(statement, found)] = read(
        coda(Statement([PAYMENT, Move(-70000, words="rent")], opening=-5000, free=["Season’s greetings"]))
    )
    assert (statement.opening_cents, statement.closing_cents) == (-5000, -24180)
    assert [line.cents for line in found] == [50820, -70000]


def test_several_statements_in_one_file() -> None:
    first, second = Statement([PAYMENT], number="117", last=False), Statement([PAYMENT], number="118", opening=150_820)
    found = read(coda(first, second))
    assert [(statement.reference, len(told)) for statement, told in found] == [("2026/117", 1), ("2026/118", 1)]
    assert found[1][0].closing_cents == 201_640


def test_a_statement_without_movements() -> None:
    content = (Path(package.__file__).parent / "CODA-empty.txt").read_bytes()
    [(statement, found)] = read(content)
    assert (statement.opening_cents, statement.closing_cents, found) == (0, 0, [])


def test_twins_are_two_and_are_known_again() -> None:
    till = Move(2000, words="till")
    once, again = lines(till, till), lines(till, till)
    assert len({line.key for line in once}) == 2
    assert [line.key for line in again] == [line.key for line in once]


GOOD = coda(Statement([PAYMENT, Move(-250, words="costs")]))
RECORDS = GOOD.decode("windows-1252").splitlines()  # 0 · 1 · 21 22 23 · 21 · 8 · 9


def changed(number: int, begin: int, put: str) -> bytes:
    """The good file with `put` at a position (from 0) of one line (from 1)."""
    told = list(RECORDS)
    told[number - 1] = told[number - 1][:begin] + put + told[number - 1][begin + len(put) :]
    return "\r\n".join(told).encode("windows-1252")


def without(number: int) -> bytes:
    return "\r\n".join(RECORDS[: number - 1] + RECORDS[number:]).encode("windows-1252")


def half_a_cent() -> bytes:
    """Its sums are right: the amount itself is told."""
    return GOOD.replace(b"0508200", b"0508205").replace(b"0002500", b"0002505")


@pytest.mark.parametrize(
    "content, reason, line",
    [
        (half_a_cent(), Reason.BAD_AMOUNT, 3),
        (changed(3, 32, "000000000508210"), Reason.WRONG_SUM, 8),
        (changed(3, 32, "00000000050821X"), Reason.BAD_RECORD, 3),
        (changed(3, 31, "1"), Reason.WRONG_SUM, 8),
        (changed(6, 32, "000000000000000"), Reason.WRONG_SUM, 8),
        (changed(3, 115, "321326"), Reason.BAD_RECORD, 3),
        (changed(3, 53, "4"), Reason.BAD_RECORD, 3),
        (changed(4, 2, "0009"), Reason.BAD_RECORD, 4),
        (changed(2, 39, "USD"), Reason.BAD_RECORD, 7),  # it contradicts the closing balance
        (changed(7, 42, "000000000009999"), Reason.WRONG_SUM, 8),
        (changed(8, 16, "000099"), Reason.WRONG_SUM, 8),
        (changed(1, 127, "1"), Reason.UNKNOWN_FORMAT, None),
        (changed(5, 0, "\0\0"), Reason.BAD_RECORD, 5),
        (without(8), Reason.CUT_OFF, 7),
        (without(6), Reason.WRONG_SUM, 7),
        (without(1), Reason.UNKNOWN_FORMAT, None),
        (GOOD + RECORDS[2].encode("windows-1252"), Reason.BAD_RECORD, 9),
        (coda(Statement([PAYMENT], currency="USD")), Reason.OTHER_CURRENCY, 1),
        (coda(Statement([Move(0, words="nothing"), PAYMENT])), Reason.ZERO_AMOUNT, 3),
        (coda(Statement([PAYMENT], last=False)) + changed(3, 32, "000000000508210"), Reason.WRONG_SUM, 15),
    ],
)
def test_a_broken_file_is_refused_with_its_line(content: bytes, reason: Reason, line: int | None) -> None:
    assert refused(content) == (reason, line)


moves = st.builds(
    Move,
    st.integers(-10_000_000, 10_000_000).filter(bool),
    name=st.text("ABCdéü &", max_size=35),
    iban=st.sampled_from(["", "BE71096123456769", "LU280019400644750000"]),
    words=st.text("abc é/+0123", max_size=140),
)


@settings(max_examples=60)
@given(st.lists(moves, max_size=6), st.integers(-5_000_000, 5_000_000))
def test_what_is_written_is_read(all_moves: list[Move], opening: int) -> None:
    [(statement, found)] = read(coda(Statement(all_moves, opening=opening)))
    assert [(line.cents, line.counterparty_iban) for line in found] == [(move.cents, move.iban) for move in all_moves]
    assert [line.free_text.split() for line in found] == [move.words.split() for move in all_moves]
    assert statement.opening_cents + sum(line.cents for line in found) == statement.closing_cents


@settings(max_examples=150)
@given(st.integers(0, len(GOOD) - 1), st.sampled_from(b"\0 0179XE\n"))
def test_one_wrong_byte_is_read_or_refused_but_never_an_accident(at: int, byte: int) -> None:
    """Whatever stands there: a sound statement, or a reason; no other error leaves the reader."""
    with suppress(BrokenFile):
        for statement, found in read(GOOD[:at] + bytes([byte]) + GOOD[at + 1 :]):
            assert statement.opening_cents + sum(line.cents for line in found) == statement.closing_cents
