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

from integrations.bank.statement import NOTHING, BrokenFile, Facts, Keys, Line, Reason, Statement, cents_of, check_sum

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:"
VERSIONS = ("camt.053.001.02", "camt.053.001.08")
CURRENCY = "EUR"
NOT_BOOKED = frozenset({"PDNG", "INFO", "FUTR"})


def read_camt(file: IO[bytes]) -> Iterator[Statement]:
    """The statements of a CAMT.053 file. Raises BrokenFile."""
    from lxml import etree

    safe = {"resolve_entities": False, "load_dtd": False, "no_network": True, "huge_tree": False}
    _, root = next(sound(etree.iterparse(file, events=("start",), **safe)))
    name, space = message_of(root)
    file.seek(0)
    tags = [f"{space}Stmt", f"{space}Ntry"]  # the parser wakes us for these two alone: ten times less than for all
    events = etree.iterparse(file, events=("start", "end"), tag=tags, **safe)
    yield from Reader(sound(events), name, space).statements()


def message_of(root: Any) -> tuple[str, str]:
    """Which message the root says this is, and what stands before each of its tags; a document type is refused before
    anything of it is used."""
    if root.getroottree().docinfo.doctype:
        raise BrokenFile(Reason.DOCTYPE, 1)
    space = re.fullmatch(r"\{(.*)\}Document", root.tag)
    message = (space[1] if space else str(root.tag)).removeprefix(NAMESPACE)
    if message not in VERSIONS:
        raise BrokenFile(Reason.OTHER_MESSAGE, root.sourceline, message)
    return message, f"{{{space[1]}}}" if space else ""


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

    def __init__(self, events: Any, message: str, space: str) -> None:
        self.events = events
        self.format = message
        self.space = space
        self.paths: dict[str, tuple[str, ...]] = {}

    def statements(self) -> Iterator[Statement]:
        for event, element in self.events:
            if event == "start" and element.tag == self.space + "Stmt":
                statement = self.head(element)
                yield statement
                for _ in statement.lines:  # what nobody asked for is checked all the same
                    pass
                let_go(element)

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
        at, line = self.text_at, statement.sourceline
        account = at(statement, "Acct/Id/IBAN")
        if not account:
            raise BrokenFile(Reason.NO_ACCOUNT, line)
        currency = at(statement, "Acct/Ccy") or CURRENCY
        if currency != CURRENCY:
            raise BrokenFile(Reason.OTHER_CURRENCY, line, currency)
        reference = at(statement, "Id")
        if not reference:
            raise BrokenFile(Reason.NO_REFERENCE, line)
        found = statement.iterchildren(self.space + "Bal")  # those between the pages of a statement count as well
        balances = {at(balance, "Tp/CdOrPrtry/Cd"): self.balance(balance) for balance in found}
        opening, closing = balances.get("OPBD") or balances.get("PRCD"), balances.get("CLBD")
        if opening is None or closing is None:
            raise BrokenFile(Reason.NO_BALANCE, line, "CLBD" if opening else "OPBD")
        begins = at(statement, "FrToDt/FrDtTm") or at(statement, "FrToDt/FrDt")
        return Statement(
            self.format, account, reference[:60], currency, day_of(begins, line) if begins else opening[1],
            closing[1], opening[0], closing[0],
        )  # fmt: skip

    def balance(self, element: Any) -> tuple[int, date]:
        """Cents, negative when overdrawn, and the day."""
        when = self.text_at(element, "Dt/Dt") or self.text_at(element, "Dt/DtTm")
        cents = self.amount(self.first(element, "Amt"), element.sourceline)
        return cents * self.sign(element), day_of(when, element.sourceline)

    def lines(self, told: Statement, statement: Any, first: Any) -> Iterator[Line]:
        """The movements, entry by entry; then opening + Σ = closing."""
        keys, moved, tag = Keys(told.account), 0, self.space + "Ntry"
        ended = first is None
        for event, element in self.events if not ended else ():
            if event == "end" and element.tag == tag:
                for facts, note in self.movements(element):
                    moved += facts.cents
                    yield keys.line_of(facts, note)
                let_go(element)
            elif event == "end" and element is statement:
                ended = True
                break
        if not ended:
            raise BrokenFile(Reason.CUT_OFF, statement.sourceline)
        check_sum(told.opening_cents, moved, told.closing_cents, statement.sourceline)

    def movements(self, entry: Any) -> Iterator[tuple[Facts, str]]:
        """One entry, or each transaction of a batch when the entry tells their amounts in our currency; else a human
        shares it out."""
        line, at = entry.sourceline, self.text_at
        if (at(entry, "Sts/Cd") or at(entry, "Sts")) in NOT_BOOKED:
            return
        cents = self.amount(self.first(entry, "Amt"), line) * self.sign(entry)
        if not cents:
            raise BrokenFile(Reason.ZERO_AMOUNT, line)
        day = day_of(at(entry, "BookgDt/Dt") or at(entry, "BookgDt/DtTm") or at(entry, "ValDt/Dt")
                     or at(entry, "ValDt/DtTm"), line)  # fmt: skip
        details, transaction = self.space + "NtryDtls", self.space + "TxDtls"
        parts = [part for each in entry.iterchildren(details) for part in each.iterchildren(transaction)]
        if len(parts) < 2:
            yield self.facts(entry, parts, day, cents), ""
            return
        told = [self.part_amount(part, 1 if cents > 0 else -1) for part in parts]
        amounts = [amount for amount in told if amount is not None]
        if len(amounts) < len(parts):
            yield self.facts(entry, parts, day, cents), "batch_untold"
            return
        if sum(amounts) != cents:
            raise BrokenFile(Reason.BATCH_SUM, line)
        for part, amount in zip(parts, amounts, strict=True):
            if amount:
                yield self.facts(entry, [part], day, amount), ""

    def part_amount(self, part: Any, sign: int) -> int | None:
        """The amount of one transaction in the account's currency, or None when the file does not tell it."""
        amount = self.first(part, "Amt")
        if amount is None:
            amount = self.first(part, "AmtDtls/TxAmt/Amt")
        if amount is None or amount.get("Ccy", CURRENCY) != CURRENCY:
            return None
        own = self.first(part, "CdtDbtInd")
        return cents_of(amount.text, amount.sourceline) * (sign if own is None else self.sign(part))

    def facts(self, entry: Any, parts: list[Any], day: date, cents: int) -> Facts:
        """What the file says of one movement; `parts` are its transactions, mostly one."""
        references: list[str] = []
        texts: list[str] = []
        for part in parts:
            self.remittance(part, references, texts)
        if cents < 0:  # our own transfer: the reference we gave it
            ends = [self.text_at(part, "Refs/EndToEndId") for part in parts]
            texts += [end for end in ends if end.upper() not in NOTHING]
        if not any(texts):
            texts += [more for part in parts if (more := self.text_at(part, "AddtlTxInf"))]
            texts.append(self.text_at(entry, "AddtlNtryInf"))
        name, iban = self.counterparty(parts, came=cents > 0)
        return Facts(
            day, cents, self.bank_reference(entry, parts), compact(references[0]) if references else "",
            " ".join(" ".join([*references[1:], *texts]).split()), name, iban,
        )  # fmt: skip

    def remittance(self, part: Any, references: list[str], texts: list[str]) -> None:
        """Add the structured references of a transaction, and what stands in words beside them."""
        space = self.space
        told: list[str] = []
        for info in part.iterchildren(space + "RmtInf"):
            texts += [text for free in info.iterchildren(space + "Ustrd") if (text := (free.text or "").strip())]
            for each in info.iterchildren(space + "Strd"):
                references += [
                    text for ref in each.iterchildren(space + "CdtrRefInf") if (text := self.text_at(ref, "Ref"))
                ]
                told += [
                    text for more in each.iterchildren(space + "AddtlRmtInf") if (text := (more.text or "").strip())
                ]
        texts += told

    def bank_reference(self, entry: Any, parts: list[Any]) -> str:
        """The bank's own reference of the transaction, else of the entry."""
        at = self.text_at
        if len(parts) == 1:
            own = at(parts[0], "Refs/AcctSvcrRef") or at(parts[0], "Refs/TxId")
            if own and own.upper() not in NOTHING:
                return own
        return at(entry, "AcctSvcrRef") or at(entry, "NtryRef")

    def counterparty(self, parts: list[Any], *, came: bool) -> tuple[str, str]:
        """Name and IBAN of the other side; .001.08 has one more `Pty` than .001.02."""
        at, side = self.text_at, "Dbtr" if came else "Cdtr"
        parties = self.first(parts[0], "RltdPties") if parts else None
        if parties is None:
            return "", ""
        name = at(parties, f"{side}/Pty/Nm") or at(parties, f"{side}/Nm")
        return " ".join(name.split()), compact(at(parties, f"{side}Acct/Id/IBAN"))

    def amount(self, element: Any, line: int) -> int:
        """The cents of an `Amt` in euros; the sign stands elsewhere."""
        if element is None:
            raise BrokenFile(Reason.BAD_AMOUNT, line)
        if element.get("Ccy", CURRENCY) != CURRENCY:
            raise BrokenFile(Reason.OTHER_CURRENCY, element.sourceline, element.get("Ccy"))
        return cents_of(element.text, element.sourceline)

    def sign(self, element: Any) -> int:
        direction = self.text_at(element, "CdtDbtInd")
        if direction not in ("CRDT", "DBIT"):
            raise BrokenFile(Reason.BAD_DIRECTION, element.sourceline, direction)
        return 1 if direction == "CRDT" else -1

    def first(self, element: Any, names: str) -> Any:
        """The first element at a path such as `Acct/Id`, or None. A third of the time that lxml's own paths take."""
        tags = self.paths.get(names)
        if tags is None:
            tags = self.paths[names] = tuple(self.space + name for name in names.split("/"))
        for tag in tags:
            for found in element.iterchildren(tag):
                element = found
                break
            else:
                return None
        return element

    def text_at(self, element: Any, names: str) -> str:
        """The text there without blanks around it; '' when there is none."""
        found = self.first(element, names)
        return (found.text or "").strip() if found is not None else ""


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
