"""Writes CAMT.053 files: for the sample season, the bench and the tests. A real one comes from a bank."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from xml.sax.saxutils import escape

from integrations.bank.camt import NAMESPACE
from integrations.bank.statement import euros


@dataclass(frozen=True)
class Transfer:
    """One movement to write. `cents`: in positive, out negative."""

    cents: int
    booked_on: date
    name: str = ""
    iban: str = ""
    structured: str = ""  # twelve digits
    free_text: str = ""
    bank_reference: str = ""
    status: str = "BOOK"
    reversal: bool = False


@dataclass(frozen=True)
class Written:
    """One statement to write. A list inside `entries` is a batch: one entry with several transactions."""

    account: str
    reference: str
    day: date
    opening_cents: int
    entries: Iterable[Transfer | list[Transfer]]
    closing_cents: int
    version: str = "camt.053.001.08"
    currency: str = "EUR"


def camt(*statements: Written) -> Iterator[str]:
    """A whole file, piece by piece."""
    version = statements[0].version
    yield f'<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="{NAMESPACE}{version}">\n<BkToCstmrStmt>\n'
    yield f"<GrpHdr><MsgId>{escape(statements[0].reference)}</MsgId><CreDtTm>{statements[0].day}T08:00:00</CreDtTm></GrpHdr>\n"
    for statement in statements:
        yield from written(statement)
    yield "</BkToCstmrStmt>\n</Document>\n"


def written(statement: Written) -> Iterator[str]:
    yield f"<Stmt><Id>{escape(statement.reference)}</Id><CreDtTm>{statement.day}T08:00:00</CreDtTm>\n"
    yield f"<Acct><Id><IBAN>{statement.account}</IBAN></Id><Ccy>{statement.currency}</Ccy></Acct>\n"
    yield balance("OPBD", statement.opening_cents, statement)
    yield balance("CLBD", statement.closing_cents, statement)
    for each in statement.entries:
        yield entry(each if isinstance(each, list) else [each], statement)
    yield "</Stmt>\n"


def balance(code: str, cents: int, statement: Written) -> str:
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>{amount(abs(cents), statement.currency)}"
        f"{direction(cents)}<Dt><Dt>{statement.day}</Dt></Dt></Bal>\n"
    )


def entry(parts: list[Transfer], statement: Written) -> str:
    first, total = parts[0], sum(part.cents for part in parts)
    newer = statement.version.endswith("08")
    status = f"<Cd>{first.status}</Cd>" if newer else first.status
    reversal = "<RvslInd>true</RvslInd>" if first.reversal else ""
    reference = f"<AcctSvcrRef>{escape(first.bank_reference)}</AcctSvcrRef>" if first.bank_reference else ""
    details = "".join(transaction(part, len(parts) > 1, newer, statement.currency) for part in parts)
    return (
        f"<Ntry>{amount(abs(total), statement.currency)}{direction(total)}{reversal}<Sts>{status}</Sts>"
        f"<BookgDt><Dt>{first.booked_on}</Dt></BookgDt><ValDt><Dt>{first.booked_on}</Dt></ValDt>{reference}"
        f"<NtryDtls>{details}</NtryDtls></Ntry>\n"
    )


def transaction(part: Transfer, in_batch: bool, newer: bool, currency: str) -> str:
    """One transaction; .001.02 tells its amount in AmtDtls, .001.08 in Amt, and has one more Pty around a name."""
    told = ""
    if in_batch:
        value = amount(abs(part.cents), currency)
        told = f"{value}{direction(part.cents)}" if newer else f"<AmtDtls><TxAmt>{value}</TxAmt></AmtDtls>"
    side = "Dbtr" if part.cents > 0 else "Cdtr"
    name = f"<Nm>{escape(part.name)}</Nm>"
    parties = f"<{side}>{f'<Pty>{name}</Pty>' if newer else name}</{side}>" if part.name else ""
    if part.iban:
        parties += f"<{side}Acct><Id><IBAN>{part.iban}</IBAN></Id></{side}Acct>"
    free = f"<Ustrd>{escape(part.free_text)}</Ustrd>" if part.free_text else ""
    structured = (
        f"<Strd><CdtrRefInf><Tp><CdOrPrtry><Cd>SCOR</Cd></CdOrPrtry><Issr>BBA</Issr></Tp><Ref>{part.structured}</Ref>"
        "</CdtrRefInf></Strd>"
        if part.structured
        else ""
    )
    parties = f"<RltdPties>{parties}</RltdPties>" if parties else ""
    return f"<TxDtls>{told}{parties}<RmtInf>{free}{structured}</RmtInf></TxDtls>"


def amount(cents: int, currency: str) -> str:
    return f'<Amt Ccy="{currency}">{euros(cents)}</Amt>'


def direction(cents: int) -> str:
    return f"<CdtDbtInd>{'CRDT' if cents >= 0 else 'DBIT'}</CdtDbtInd>"
