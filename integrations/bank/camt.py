"""CAMT.053, the statement of ISO 20022, in the versions that Belgian banks write: .001.02 and .001.08.

Read entry by entry (iterparse): what was read is let go. No document type, no entity, no network. The structured
reference stands in `Strd/CdtrRefInf/Ref`, never in the free text; a batch has several `TxDtls`; pending entries are not
money yet. The sign is that of `CdtDbtInd`, also for a reversal, whose indicator already tells its own direction.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import IO, Any

from integrations.bank.statement import BrokenFile, Facts, Keys, Line, Reason, Statement, cents_of, check_sum

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:"
VERSIONS = ("camt.053.001.02", "camt.053.001.08")
CURRENCY = "EUR"
NOT_BOOKED = frozenset({"PDNG", "INFO", "FUTR"})
NOTHING = frozenset({"NOTPROVIDED", "NOT PROVIDED", "NOTAVAILABLE"})


def read_camt(file: IO[bytes]) -> Iterator[Statement]:
    """The statements of a CAMT.053 file. Raises BrokenFile."""
    from lxml import etree

    events = etree.iterparse(
        file, events=("start", "end"), resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False
    )
    yield from Reader(sound(events)).statements()


def sound(events: Any) -> Iterator[tuple[str, Any]]:
    """The events of the parser; what is no XML becomes a BrokenFile, whoever asks for the next event."""
    from lxml import etree

    try:
        yield from events
    except etree.XMLSyntaxError as error:
        cut = "Premature end" in str(error) or "EndTag" in str(error)
        raise BrokenFile(
            Reason.CUT_OFF if cut else Reason.NOT_WELL_FORMED, error.lineno or None, error.msg or ""
        ) from None


class Reader:
    """One pass through a file: `events` are those of lxml's iterparse."""

    def __init__(self, events: Any) -> None:
        self.events = events
        self.root: Any = None
        self.format = ""
        self.space = ""
        self.paths: dict[str, str] = {}

    def statements(self) -> Iterator[Statement]:
        for event, element in self.events:
            if event == "start" and self.root is None:
                self.begin(element)
            elif event == "start" and element.tag == self.space + "Stmt":
                statement = self.head(element)
                yield statement
                for _ in statement.lines:  # what nobody asked for is checked all the same
                    pass
                let_go(element)

    def begin(self, root: Any) -> None:
        """The root says which message this is; a document type is refused before anything of it is used."""
        if root.getroottree().docinfo.doctype:
            raise BrokenFile(Reason.DOCTYPE, 1)
        space = re.fullmatch(r"\{(.*)\}Document", root.tag)
        message = (space[1] if space else str(root.tag)).removeprefix(NAMESPACE)
        if message not in VERSIONS:
            raise BrokenFile(Reason.OTHER_MESSAGE, root.sourceline, message)
        self.root, self.format, self.space = root, message, f"{{{space[1]}}}" if space else ""

    def head(self, statement: Any) -> Statement:
        """The statement up to its first entry: the schema puts account and balances before."""
        tag, end = self.space + "Ntry", self.space + "Stmt"
        first = None
        for event, element in self.events:
            if event == "start" and element.tag == tag:
                first = element
                break
            if event == "end" and element.tag == end:
                break
        found = self.told(statement)
        found.lines = self.lines(found, statement, first)
        return found

    def told(self, statement: Any) -> Statement:
        """Account, balances and days of a statement."""
        at, line = self.path, statement.sourceline
        account = (statement.findtext(at("Acct/Id/IBAN")) or "").strip()
        if not account:
            raise BrokenFile(Reason.NO_ACCOUNT, line)
        currency = (statement.findtext(at("Acct/Ccy")) or CURRENCY).strip()
        if currency != CURRENCY:
            raise BrokenFile(Reason.OTHER_CURRENCY, line, currency)
        reference = (statement.findtext(at("Id")) or "").strip()
        if not reference:
            raise BrokenFile(Reason.NO_REFERENCE, line)
        balances = {code: self.balance(found) for found in statement.findall(at("Bal")) for code in self.codes(found)}
        opening, closing = balances.get("OPBD") or balances.get("PRCD"), balances.get("CLBD")
        if opening is None or closing is None:
            raise BrokenFile(Reason.NO_BALANCE, line, "CLBD" if opening else "OPBD")
        begins = statement.findtext(at("FrToDt/FrDtTm")) or statement.findtext(at("FrToDt/FrDt"))
        return Statement(
            self.format, account, reference[:60], currency, day_of(begins, line) if begins else opening[1],
            closing[1], opening[0], closing[0],
        )  # fmt: skip

    def codes(self, balance: Any) -> Iterator[str]:
        """The kind of a balance: OPBD, PRCD, CLBD; the intermediate ones of a statement in pages count as well."""
        code = balance.findtext(self.path("Tp/CdOrPrtry/Cd"))
        if code:
            yield code.strip()

    def balance(self, element: Any) -> tuple[int, date]:
        """Cents, negative when overdrawn, and the day."""
        when = element.findtext(self.path("Dt/Dt")) or element.findtext(self.path("Dt/DtTm"))
        cents = self.amount(element.find(self.path("Amt")), element.sourceline)
        return cents * self.sign(element), day_of(when, element.sourceline)

    def lines(self, told: Statement, statement: Any, first: Any) -> Iterator[Line]:
        """The movements, entry by entry; then opening + Σ = closing."""
        keys, moved, tag = Keys(told.account), 0, self.space + "Ntry"
        ended = first is None
        for event, element in self.events if not ended else ():
            if event == "end" and element.tag == tag:
                for facts in self.movements(element):
                    moved += facts.cents
                    yield keys.line_of(facts)
                let_go(element)
            elif event == "end" and element is statement:
                ended = True
                break
        if not ended:
            raise BrokenFile(Reason.CUT_OFF, statement.sourceline)
        check_sum(told.opening_cents, moved, told.closing_cents, statement.sourceline)

    def movements(self, entry: Any) -> Iterator[Facts]:
        """One entry, or each transaction of a batch when the entry tells their amounts."""
        line = entry.sourceline
        status = (entry.findtext(self.path("Sts/Cd")) or entry.findtext(self.path("Sts")) or "").strip()
        if status in NOT_BOOKED:
            return
        cents = self.amount(entry.find(self.path("Amt")), line) * self.sign(entry)
        if not cents:
            raise BrokenFile(Reason.ZERO_AMOUNT, line)
        at = self.path
        booked = next((found for name in ("BookgDt/Dt", "BookgDt/DtTm", "ValDt/Dt", "ValDt/DtTm")
                       if (found := entry.findtext(at(name)))), None)  # fmt: skip
        day = day_of(booked, line)
        parts = entry.findall(at("NtryDtls/TxDtls"))
        amounts = [self.part_amount(part, 1 if cents > 0 else -1) for part in parts]
        told = [amount for amount in amounts if amount is not None]
        if len(parts) < 2 or len(told) < len(parts):
            yield self.facts(entry, parts, day, cents)
            return
        if sum(told) != cents:
            raise BrokenFile(Reason.BATCH_SUM, line)
        for part, amount in zip(parts, told, strict=True):
            if amount:
                yield self.facts(entry, [part], day, amount)

    def part_amount(self, part: Any, sign: int) -> int | None:
        """The amount of one transaction in the account's currency, or None when the file does not tell it."""
        amount = part.find(self.path("Amt"))
        if amount is None:
            amount = part.find(self.path("AmtDtls/TxAmt/Amt"))
        if amount is None or amount.get("Ccy", CURRENCY) != CURRENCY:
            return None
        own = part.findtext(self.path("CdtDbtInd"))
        return cents_of(amount.text, amount.sourceline) * (self.sign(part) if own else sign)

    def facts(self, entry: Any, parts: list[Any], day: date, cents: int) -> Facts:
        """What the file says of one movement; `parts` are its transactions, mostly one."""
        references, texts, ends = [], [], []
        for part in parts:
            references += [self.text(ref) for ref in part.iterfind(self.path("RmtInf/Strd/CdtrRefInf/Ref"))]
            texts += [self.text(free) for free in part.iterfind(self.path("RmtInf/Ustrd"))]
            texts += [self.text(more) for more in part.iterfind(self.path("RmtInf/Strd/AddtlRmtInf"))]
            ends += [self.text(end) for end in part.iterfind(self.path("Refs/EndToEndId"))]
        references = [ref for ref in references if ref]
        if cents < 0:  # our own transfer: the reference we gave it
            texts += [end for end in ends if end.upper() not in NOTHING]
        if not any(texts):
            texts += [self.text(more) for part in parts for more in part.iterfind(self.path("AddtlTxInf"))]
            texts += [entry.findtext(self.path("AddtlNtryInf")) or ""]
        name, iban = self.counterparty(parts, came=cents > 0)
        return Facts(
            day, cents, self.bank_reference(entry, parts), compact(references[0]) if references else "",
            " ".join(" ".join([*references[1:], *texts]).split()), name, iban,
        )  # fmt: skip

    def bank_reference(self, entry: Any, parts: list[Any]) -> str:
        """The bank's own reference of the transaction, else of the entry."""
        at = self.path
        if len(parts) == 1:
            own = parts[0].findtext(at("Refs/AcctSvcrRef")) or parts[0].findtext(at("Refs/TxId"))
            if own and own.strip().upper() not in NOTHING:
                return str(own).strip()
        return (entry.findtext(at("AcctSvcrRef")) or entry.findtext(at("NtryRef")) or "").strip()

    def counterparty(self, parts: list[Any], *, came: bool) -> tuple[str, str]:
        """Name and IBAN of the other side; .001.08 has one more `Pty` than .001.02."""
        at, side = self.path, "Dbtr" if came else "Cdtr"
        for part in parts[:1]:
            name = part.findtext(at(f"RltdPties/{side}/Pty/Nm")) or part.findtext(at(f"RltdPties/{side}/Nm")) or ""
            iban = part.findtext(at(f"RltdPties/{side}Acct/Id/IBAN")) or ""
            return " ".join(name.split()), compact(iban)
        return "", ""

    def amount(self, element: Any, line: int) -> int:
        """The cents of an `Amt` in euros; the sign stands elsewhere."""
        if element is None:
            raise BrokenFile(Reason.BAD_AMOUNT, line)
        if element.get("Ccy", CURRENCY) != CURRENCY:
            raise BrokenFile(Reason.OTHER_CURRENCY, element.sourceline, element.get("Ccy"))
        return cents_of(element.text, element.sourceline)

    def sign(self, element: Any) -> int:
        direction = (element.findtext(self.path("CdtDbtInd")) or "").strip()
        if direction not in ("CRDT", "DBIT"):
            raise BrokenFile(Reason.BAD_DIRECTION, element.sourceline, direction)
        return 1 if direction == "CRDT" else -1

    def path(self, names: str) -> str:
        """`Acct/Id` with the namespace of this file before each name."""
        found = self.paths.get(names)
        if found is None:
            found = self.paths[names] = "/".join(self.space + name for name in names.split("/"))
        return found

    @staticmethod
    def text(element: Any) -> str:
        return (element.text or "").strip()


def compact(text: str) -> str:
    """A reference or an IBAN without what people put between its characters."""
    return re.sub(r"[\s+*/.\-]", "", text).upper()


def day_of(text: str | None, line: int) -> date:
    """The day of a date or of a moment: 2026-11-30, 2026-11-30T08:00:00+01:00. Raises BrokenFile."""
    try:
        return date.fromisoformat((text or "").strip()[:10])
    except ValueError:
        raise BrokenFile(Reason.BAD_DATE, line, text or "") from None


def let_go(element: Any) -> None:
    """Free an element that was read, and those before it: the parser still stands at the element itself."""
    element.clear()
    before = element.getprevious()
    while before is not None and before.tag == element.tag:
        element.getparent().remove(before)
        before = element.getprevious()
