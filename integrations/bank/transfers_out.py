"""Writes credit transfers for the bank to carry out: ISO 20022 pain.001.001.09, as the SEPA rulebook (EPC132-08) narrows it.

One payment information block, one transaction for each transfer, booked one by one so that the statement shows each alone.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from xml.sax.saxutils import escape

from integrations.bank.statement import euros

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
SEPA = frozenset(
    re.findall(
        "[A-Z]{2}",
        "AD AL AT BE BG CH CY CZ DE DK EE ES FI FR GB GI GR HR HU IE IS IT LI LT LU LV MC MD ME MK MT NL NO PL PT RO RS SE "
        "SI SK SM VA",
    )
)
"""Where an account can be reached by a SEPA credit transfer (EPC409-09)."""
LONGEST_NAME, LONGEST_WORDS, LONGEST_KEY = 70, 140, 35
OTHERS = str.maketrans({"œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D",
                        "ß": "ss", "’": "'", "‘": "'", "–": "-", "—": "-", "&": "+"})  # fmt: skip


@dataclass(frozen=True)
class TransferOut:
    """One transfer: its key comes back on the statement (EndToEndId, at most 35 signs)."""

    key: str
    cents: int
    name: str
    iban: str
    words: str


@dataclass(frozen=True)
class Payer:
    """Whose account pays. `number` is the enterprise number, ten digits; `bic` may be ''."""

    name: str
    iban: str
    bic: str = ""
    number: str = ""


def is_reachable(iban: str) -> bool:
    """Whether a SEPA transfer can reach this account."""
    return iban[:2] in SEPA


def plain(text: str, longest: int) -> str:
    """What every bank must take (EPC217-08): letters without marks, digits, / - ? : ( ) . , ' + and spaces; no slash at an
    end, no two together."""
    letters = unicodedata.normalize("NFKD", text.translate(OTHERS))
    said = re.sub(
        r"[^A-Za-z0-9/\-?:().,'+ ]", " ", "".join(sign for sign in letters if not unicodedata.combining(sign))
    )
    return " ".join(re.sub(r"/{2,}", "/", said).split())[:longest].strip("/ ")


def credit_transfers(key: str, payer: Payer, transfers: Sequence[TransferOut], made_at: datetime, on: date) -> bytes:
    """The whole file. `key` names it to the bank, which refuses the same one twice; `on` is the day to carry it out.

    Raises ValueError for no transfer at all, an amount that is none, or a key that is too long.
    """
    if not transfers or any(each.cents <= 0 for each in transfers):
        raise ValueError("a file has at least one transfer, each above zero")
    if any(len(each) > LONGEST_KEY for each in (key, *(transfer.key for transfer in transfers))):
        raise ValueError(f"a key has at most {LONGEST_KEY} signs")
    sums = f"<NbOfTxs>{len(transfers)}</NbOfTxs><CtrlSum>{euros(sum(each.cents for each in transfers))}</CtrlSum>"
    parts = [
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="{NAMESPACE}">\n<CstmrCdtTrfInitn>',
        f"<GrpHdr><MsgId>{key}</MsgId><CreDtTm>{made_at:%Y-%m-%dT%H:%M:%SZ}</CreDtTm>{sums}{initiator(payer)}</GrpHdr>",
        f"<PmtInf><PmtInfId>{key}</PmtInfId><PmtMtd>TRF</PmtMtd><BtchBookg>false</BtchBookg>{sums}",
        "<PmtTpInf><SvcLvl><Cd>SEPA</Cd></SvcLvl></PmtTpInf>",
        f"<ReqdExctnDt><Dt>{on}</Dt></ReqdExctnDt>{debtor(payer)}<ChrgBr>SLEV</ChrgBr>",
        *(transaction(each) for each in transfers),
        "</PmtInf>\n</CstmrCdtTrfInitn>\n</Document>\n",
    ]
    return "\n".join(parts).encode()


def initiator(payer: Payer) -> str:
    """Belgian banks know who sends a file by its enterprise number (Febelfin, issuer KBO-BCE)."""
    number = f"<Id><OrgId><Othr><Id>{payer.number}</Id><Issr>KBO-BCE</Issr></Othr></OrgId></Id>" if payer.number else ""
    return f"<InitgPty>{named(payer.name)}{number}</InitgPty>"


def debtor(payer: Payer) -> str:
    bank = f"<BICFI>{payer.bic}</BICFI>" if payer.bic else "<Othr><Id>NOTPROVIDED</Id></Othr>"
    return (
        f"<Dbtr>{named(payer.name)}</Dbtr><DbtrAcct><Id><IBAN>{payer.iban}</IBAN></Id><Ccy>EUR</Ccy></DbtrAcct>"
        f"<DbtrAgt><FinInstnId>{bank}</FinInstnId></DbtrAgt>"
    )


def named(name: str) -> str:
    return f"<Nm>{escape(plain(name, LONGEST_NAME))}</Nm>"


def transaction(one: TransferOut) -> str:
    words = escape(plain(one.words, LONGEST_WORDS))
    return (
        f'<CdtTrfTxInf><PmtId><EndToEndId>{one.key}</EndToEndId></PmtId><Amt><InstdAmt Ccy="EUR">{euros(one.cents)}</InstdAmt></Amt>'
        f"<Cdtr>{named(one.name)}</Cdtr><CdtrAcct><Id><IBAN>{one.iban}</IBAN></Id></CdtrAcct>"
        f"{f'<RmtInf><Ustrd>{words}</Ustrd></RmtInf>' if words else ''}</CdtTrfTxInf>"
    )
