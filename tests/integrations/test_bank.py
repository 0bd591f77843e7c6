"""A statement is read as the bank wrote it, whatever the format; a broken file is refused with its line and the reason."""

from __future__ import annotations

import io
import re
from datetime import date
from pathlib import Path

import coda
import pytest
from hypothesis import given, settings, strategies as st
from lxml import etree

from integrations import bank
from integrations.bank import BrokenFile, Line, Reason, Statement, read_statements
from integrations.bank.camt import NAMESPACE, Reader
from integrations.bank.writing import Transfer, Written, camt

OURS = "BE68539007547034"
DAY = date(2026, 11, 27)
VERSIONS = ("camt.053.001.02", "camt.053.001.08")
CODA = (Path(coda.__file__).parent / "CODA.txt").read_bytes()


def read(content: bytes | str) -> list[tuple[Statement, list[Line]]]:
    content = content.encode() if isinstance(content, str) else content
    return [(found, list(found.lines)) for found in read_statements(io.BytesIO(content))]


def refused(content: bytes | str) -> tuple[Reason, int | None, str]:
    with pytest.raises(BrokenFile) as told:
        read(content)
    return told.value.reason, told.value.line, told.value.found


def written(*entries: Transfer | list[Transfer], version: str = VERSIONS[1], opening: int = 100_000) -> str:
    moved = sum(part.cents for each in entries for part in (each if isinstance(each, list) else [each])
                if part.status == "BOOK")  # fmt: skip
    return "".join(camt(Written(OURS, "2026/117", DAY, opening, entries, opening + moved, version)))


PAYMENT = Transfer(50820, DAY, "Carol Nguyễn", "BE71096123456769", "010806817183", "thank you", "B-1")


@pytest.mark.parametrize("version", VERSIONS)
def test_it_works(version: str) -> None:
    [(statement, [line])] = read(written(PAYMENT, version=version))
    assert (statement.format, statement.account, statement.reference) == (version, OURS, "2026/117")
    assert (statement.opening_cents, statement.closing_cents, statement.ends_on) == (100_000, 150_820, DAY)
    assert (line.cents, line.booked_on, line.position) == (50820, DAY, 1)
    assert (line.structured, line.free_text, line.bank_reference) == ("010806817183", "thank you", "B-1")
    assert (line.counterparty, line.counterparty_iban) == ("Carol Nguyễn", "BE71096123456769")


HAND_WRITTEN = """<?xml version="1.0" encoding="ISO-8859-1"?>
<n:Document xmlns:n="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02">
 <n:BkToCstmrStmt><n:GrpHdr><n:MsgId>1</n:MsgId></n:GrpHdr>
 <n:Stmt><n:Id>053</n:Id>
  <n:Acct><n:Id><n:IBAN>BE68539007547034</n:IBAN></n:Id></n:Acct>
  <n:Bal><n:Tp><n:CdOrPrtry><n:Cd>PRCD</n:Cd></n:CdOrPrtry></n:Tp><n:Amt Ccy="EUR">10</n:Amt><n:CdtDbtInd>DBIT</n:CdtDbtInd><n:Dt><n:Dt>2026-11-26</n:Dt></n:Dt></n:Bal>
  <n:Bal><n:Tp><n:CdOrPrtry><n:Cd>CLBD</n:Cd></n:CdOrPrtry></n:Tp><n:Amt Ccy="EUR">495.70</n:Amt><n:CdtDbtInd>CRDT</n:CdtDbtInd><n:Dt><n:Dt>2026-11-27</n:Dt></n:Dt></n:Bal>
  <!-- what the bank adds -->
  <n:Ntry><n:Amt Ccy="EUR">508.2</n:Amt><n:CdtDbtInd>CRDT</n:CdtDbtInd><n:Sts>BOOK</n:Sts>
   <n:BookgDt><n:DtTm>2026-11-27T10:00:00+01:00</n:DtTm></n:BookgDt><n:AcctSvcrRef>R7</n:AcctSvcrRef>
   <n:NtryDtls><n:TxDtls><n:Refs><n:EndToEndId>NOTPROVIDED</n:EndToEndId></n:Refs>
    <n:RltdPties><n:Dbtr><n:Nm>Ren\u00e9e  Dubois</n:Nm></n:Dbtr><n:DbtrAcct><n:Id><n:IBAN>BE71 0961 2345 6769</n:IBAN></n:Id></n:DbtrAcct></n:RltdPties>
    <n:RmtInf><n:Ustrd>part one</n:Ustrd><n:Ustrd>and two</n:Ustrd>
     <n:Strd><n:CdtrRefInf><n:Tp><n:CdOrPrtry><n:Cd>SCOR</n:Cd></n:CdOrPrtry><n:Issr>BBA</n:Issr></n:Tp><n:Ref>+++010/8068/17183+++</n:Ref></n:CdtrRefInf></n:Strd>
     <n:Strd><n:CdtrRefInf><n:Ref>RF18539007547034</n:Ref></n:CdtrRefInf></n:Strd></n:RmtInf></n:TxDtls></n:NtryDtls></n:Ntry>
  <n:Ntry><n:Amt Ccy="EUR">2.50</n:Amt><n:CdtDbtInd>DBIT</n:CdtDbtInd><n:Sts>BOOK</n:Sts>
   <n:ValDt><n:Dt>2026-11-27</n:Dt></n:ValDt><n:AddtlNtryInf>Costs of the account</n:AddtlNtryInf></n:Ntry>
 </n:Stmt></n:BkToCstmrStmt></n:Document>"""


def test_a_file_as_a_bank_writes_it() -> None:
    """A prefix, another encoding, an opening balance of the day before that is overdrawn, two references, no booking day."""
    [(statement, [line, costs])] = read(HAND_WRITTEN.encode("iso-8859-1"))
    assert (statement.opening_cents, statement.begins_on, statement.ends_on) == (-1000, date(2026, 11, 26), DAY)
    assert (line.structured, line.free_text) == ("010806817183", "RF18539007547034 part one and two")
    assert (line.counterparty, line.counterparty_iban) == ("Renée Dubois", "BE71096123456769")
    assert (costs.cents, costs.free_text, costs.bank_reference) == (-250, "Costs of the account", "")


@pytest.mark.parametrize("version", VERSIONS)
def test_a_batch_is_told_by_its_transactions(version: str) -> None:
    parts = [PAYMENT, Transfer(25000, DAY, "Bob", structured="010806817183"), Transfer(1, DAY, free_text="a cent")]
    [(_, lines)] = read(written(parts, version=version))
    assert [line.cents for line in lines] == [50820, 25000, 1]
    assert len({line.key for line in lines}) == 3


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("change", [("", ""), ('Ccy="EUR">', 'Ccy="USD">')])
def test_a_batch_that_does_not_tell_its_amounts_in_euros_is_for_a_human(version: str, change: tuple[str, str]) -> None:
    """Whose reference would it be? The first one names an order, and would get the money of all."""
    content = written([PAYMENT, Transfer(25000, DAY, "Bob", structured="999999999948")], version=version)
    begin = content.index("<NtryDtls>")
    details = (
        re.sub(r"<AmtDtls>.*?</AmtDtls>|<Amt .*?</Amt>", "", content[begin:])
        if not change[0]
        else content[begin:].replace(*change)
    )
    [(_, [line])] = read(content[:begin] + details)
    assert (line.cents, line.note) == (75820, "batch_untold")
    assert (line.structured, "999999999948" in line.free_text) == ("010806817183", True)


def test_details_in_several_groups_and_the_summary_of_a_batch_are_one_batch() -> None:
    told = written([PAYMENT, Transfer(25000, DAY, "Bob")])
    summary = '<Btch><NbOfTxs>2</NbOfTxs><TtlAmt Ccy="EUR">758.20</TtlAmt><CdtDbtInd>CRDT</CdtDbtInd></Btch>'
    told = told.replace("<NtryDtls>", f"<NtryDtls>{summary}").replace(
        "</TxDtls><TxDtls>", "</TxDtls></NtryDtls><NtryDtls><TxDtls>"
    )
    [(_, lines)] = read(told)
    assert [(line.cents, line.counterparty, line.note) for line in lines] == [
        (50820, "Carol Nguyễn", ""),
        (25000, "Bob", ""),
    ]


def test_what_was_sent_in_another_currency_is_what_came_in_euros() -> None:
    instructed = '<AmtDtls><InstdAmt><Amt Ccy="USD">550.00</Amt></InstdAmt></AmtDtls>'
    [(_, [line])] = read(written(PAYMENT).replace("<TxDtls>", f"<TxDtls>{instructed}"))
    assert (line.cents, line.structured, line.note) == (50820, "010806817183", "")


def test_pending_entries_are_no_money_yet() -> None:
    [(_, lines)] = read(written(PAYMENT, Transfer(700, DAY, status="PDNG"), Transfer(800, DAY, status="INFO")))
    assert [line.cents for line in lines] == [50820]


def test_a_reversal_goes_the_way_it_says() -> None:
    [(_, lines)] = read(written(PAYMENT, Transfer(-50820, DAY, "Carol", reversal=True)))
    assert [line.cents for line in lines] == [50820, -50820]


def test_twins_are_two_and_are_known_again() -> None:
    """Two payments at the till that the file cannot tell apart; and the same file once more."""
    till = Transfer(2000, DAY, free_text="till")
    [(_, lines)] = read(written(till, till))
    [(_, again)] = read(written(till, till))
    assert len({line.key for line in lines}) == 2
    assert [line.key for line in again] == [line.key for line in lines]


def test_several_statements_in_one_file() -> None:
    days = [date(2026, 11, 26), DAY]
    content = "".join(camt(*(Written(OURS, f"S{day.day}", day, 0, [PAYMENT], 50820) for day in days)))
    assert [(found.reference, len(lines)) for found, lines in read(content)] == [("S26", 1), ("S27", 1)]
    assert [found.reference for found in read_statements(io.BytesIO(content.encode()))] == ["S26", "S27"]


amounts = st.integers(1, 10_000_000)
texts = st.text(st.characters(categories=("L", "N", "P", "Zs"), exclude_characters="\x85"), max_size=40)
transfers = st.builds(
    Transfer,
    st.one_of(amounts, amounts.map(lambda cents: -cents)),
    st.dates(date(2026, 1, 1), date(2026, 12, 31)),
    texts,
    st.sampled_from(["", "BE71096123456769", "LU280019400644750000"]),
    st.sampled_from(["", "010806817183", "999999999948"]),
    texts,
    st.text("ABC0123456789", max_size=12),
    st.sampled_from(["BOOK", "BOOK", "PDNG"]),
)
entries = st.lists(st.one_of(transfers.map(lambda one: [one]), st.lists(transfers, min_size=2, max_size=4)), max_size=8)


@settings(max_examples=120)
@given(entries, st.sampled_from(VERSIONS), st.integers(-5_000_000, 5_000_000))
def test_what_is_written_is_read(all_entries: list[list[Transfer]], version: str, opening: int) -> None:
    """Every movement of every booked entry, in its order, cent by cent; the older version has no sign within a batch."""
    kept = [
        parts
        for parts in all_entries
        if sum(part.cents for part in parts)
        and (version == VERSIONS[1] or len({part.cents > 0 for part in parts}) == 1)
    ]
    booked = [part for parts in kept if parts[0].status == "BOOK" for part in parts]
    closing = opening + sum(part.cents for part in booked)
    content = "".join(camt(Written(OURS, "S1", DAY, opening, kept, closing, version)))
    [(statement, lines)] = read(content)
    assert [(line.cents, line.structured, line.counterparty_iban) for line in lines] == [
        (part.cents, part.structured, part.iban) for part in booked
    ]
    assert [line.counterparty for line in lines] == [" ".join(part.name.split()) for part in booked]
    assert statement.opening_cents + sum(line.cents for line in lines) == statement.closing_cents
    assert len({line.key for line in lines}) == len(lines)


GOOD = written(PAYMENT)
BOMB = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>'
SPY = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>'


@pytest.mark.parametrize(
    "content, reason",
    [
        (b"", Reason.EMPTY),
        (b"  \r\n ", Reason.EMPTY),
        (b"PK\x03\x04rest", Reason.ZIPPED),
        (b"Date;Amount\n2026-11-27;508,20\n", Reason.UNKNOWN_FORMAT),
        (b":20:940S\n:25:BE68\n", Reason.UNKNOWN_FORMAT),
        (GOOD.replace("?>", f"?>{SPY}", 1).replace("thank you", "&a;"), Reason.DOCTYPE),
        (GOOD.replace("?>", f"?>{BOMB}", 1).replace("thank you", "&c;"), Reason.DOCTYPE),
        (GOOD.replace("?>", '?><!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">', 1), Reason.DOCTYPE),
        (GOOD[: len(GOOD) // 2], Reason.CUT_OFF),
        (GOOD.replace("</Document>", ""), Reason.CUT_OFF),
        (GOOD.replace("<Stmt>", "<Stmt><<"), Reason.NOT_WELL_FORMED),
        (GOOD.replace("thank you", "&nbsp;"), Reason.NOT_WELL_FORMED),
        (GOOD.replace("camt.053.001.08", "camt.054.001.08"), Reason.OTHER_MESSAGE),
        (GOOD.replace("camt.053.001.08", "camt.053.001.99"), Reason.OTHER_MESSAGE),
        ("<html><body>Please sign in</body></html>", Reason.OTHER_MESSAGE),
        (GOOD[: GOOD.index("<Stmt>")] + "</BkToCstmrStmt></Document>", Reason.NO_STATEMENT),
        (GOOD.replace(f"<IBAN>{OURS}</IBAN>", "<Othr><Id>1</Id></Othr>"), Reason.NO_ACCOUNT),
        (GOOD.replace("<Ccy>EUR", "<Ccy>USD"), Reason.OTHER_CURRENCY),
        (GOOD.replace('Ccy="EUR">508.20', 'Ccy="USD">508.20'), Reason.OTHER_CURRENCY),
        (GOOD.replace("OPBD", "XPCD"), Reason.NO_BALANCE),
        (GOOD.replace("CLBD", "CLAV"), Reason.NO_BALANCE),
        (GOOD.replace(">508.20<", ">508.205<"), Reason.BAD_AMOUNT),
        (GOOD.replace(">508.20<", ">-508.20<"), Reason.BAD_AMOUNT),
        (GOOD.replace(">508.20<", ">508,20<"), Reason.BAD_AMOUNT),
        (GOOD.replace(">508.20<", ">NaN<"), Reason.BAD_AMOUNT),
        (GOOD.replace(">508.20<", ">1e99999999<"), Reason.BAD_AMOUNT),
        (GOOD.replace(">508.20<", ">5e2<"), Reason.BAD_AMOUNT),
        (GOOD.replace(">508.20<", ">5_08.20<"), Reason.BAD_AMOUNT),
        (GOOD.replace(">508.20<", ">٥٠٨.٢٠<"), Reason.BAD_AMOUNT),
        (GOOD.replace(">508.20<", ">20000000.01<"), Reason.BAD_AMOUNT),
        (GOOD.replace(">508.20<", "><"), Reason.BAD_AMOUNT),
        (GOOD.replace(">508.20<", ">0.00<"), Reason.ZERO_AMOUNT),
        (GOOD.replace("<Dt>2026-11-27</Dt></BookgDt>", "<Dt>27/11/2026</Dt></BookgDt>"), Reason.BAD_DATE),
        (GOOD.replace("CRDT</CdtDbtInd><Sts>", "PLUS</CdtDbtInd><Sts>"), Reason.BAD_DIRECTION),
        (GOOD.replace(">508.20<", ">508.21<"), Reason.WRONG_SUM),
        (written([PAYMENT, PAYMENT]).replace(">508.20<", ">508.19<", 1), Reason.BATCH_SUM),
        (CODA[: len(CODA) // 2], Reason.CUT_OFF),
        (CODA.replace(b"1000000002578250", b"1000000002578260", 1), Reason.WRONG_SUM),
        (CODA.replace(b"\n21", b"\nX1", 1), Reason.BAD_RECORD),
        (CODA.replace(b"EUR0BE", b"USD0BE"), Reason.OTHER_CURRENCY),
    ],
)  # fmt: skip
def test_a_broken_file_is_refused_with_its_reason(content: bytes | str, reason: Reason) -> None:
    assert refused(content)[0] is reason


@pytest.mark.parametrize("amount", ["508.2", "508.200", "+508.20", "0508.20", " 508.20 "])
def test_an_amount_as_xml_schema_lets_it_be_written(amount: str) -> None:
    [(_, [line])] = read(GOOD.replace(">508.20<", f">{amount}<"))
    assert line.cents == 50820


def test_the_line_of_what_is_wrong_is_told() -> None:
    content = written(PAYMENT, PAYMENT).replace(">508.20<", ">eleven<", 1)
    number = next(n for n, line in enumerate(content.splitlines(), 1) if "eleven" in line)
    assert refused(content) == (Reason.BAD_AMOUNT, number, "eleven")
    assert refused(GOOD.replace(">508.20<", ">508.21<"))[2] == "1000.00 + 508.21 ≠ 1508.20"


def test_the_line_is_told_in_a_long_file_too() -> None:
    """libxml2 counts in sixteen bits unless it is told not to."""
    content = GOOD.replace("<Stmt>", "\n" * 70_000 + "<Stmt>").replace(">508.20<", ">eleven<", 1)
    number = next(n for n, line in enumerate(content.splitlines(), 1) if "eleven" in line)
    assert number > 70_000
    assert refused(content) == (Reason.BAD_AMOUNT, number, "eleven")


@pytest.mark.parametrize(
    "evil",
    [
        GOOD.replace("thank you", "a" * 11_000_000),
        GOOD.replace("<RmtInf>", "<x>" * 100_000 + "</x>" * 100_000 + "<RmtInf>"),
        GOOD.replace("<Stmt>", f"<Stmt {'a' * 11_000_000}='1'>"),
    ],
    ids=["long text", "deep", "long name"],
)
def test_a_file_that_wants_to_fill_the_memory_is_refused(evil: str) -> None:
    assert refused(evil)[0] is Reason.NOT_WELL_FORMED


def test_too_large_a_file_is_not_even_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bank, "LARGEST", len(GOOD.encode()) - 1)
    assert refused(GOOD)[0] is Reason.TOO_LARGE


def held_while_reading(entries: int) -> int:
    """How many elements of the file are alive when the last entry is read: lxml frees those that nothing holds."""
    content = "".join(camt(Written(OURS, "S", DAY, 0, (PAYMENT for _ in range(entries)), 50820 * entries)))
    name, space = "camt.053.001.08", f"{{{NAMESPACE}camt.053.001.08}}"
    tags = [f"{space}Stmt", f"{space}Ntry"]
    events = etree.iterparse(io.BytesIO(content.encode()), events=("start", "end"), tag=tags)
    [statement] = (each for each in Reader(events, name, space).statements() if len(list(each.lines)) == entries)
    assert statement.closing_cents == 50820 * entries
    return sum(1 for _ in events.root.iter())


def test_the_memory_does_not_grow_with_the_file() -> None:
    assert held_while_reading(2_000) == held_while_reading(50)


def test_nothing_is_read_from_elsewhere(tmp_path: Path) -> None:
    """An entity of another file never reaches a line, whatever the encoding hides the document type in."""
    secret = tmp_path / "secret"
    secret.write_text("do not tell")
    evil = GOOD.replace("?>", f'?><!DOCTYPE x [<!ENTITY a SYSTEM "{secret.as_uri()}">]>', 1).replace("thank you", "&a;")
    wide = evil.replace("UTF-8", "UTF-16").encode("utf-16")
    assert refused(wide)[0] is Reason.DOCTYPE


def test_coda_as_the_banks_write_it() -> None:
    """The example that the package brings: 67 movements, an account without IBAN, structured communications."""
    [(statement, lines)] = read(CODA)
    assert (statement.format, statement.account, statement.reference) == ("coda", "BE47435000000080", "2006/001")
    assert statement.opening_cents + sum(line.cents for line in lines) == statement.closing_cents == 940_529_699
    assert len(lines) == 67
    assert len({line.key for line in lines}) == 67
    [from_iceland] = [line for line in lines if line.free_text == "/INV/2061260"]
    assert (from_iceland.cents, from_iceland.counterparty) == (107500, "Olgerdin Egill Skallagrims")
