"""Credit transfers for the bank: valid under the schema of ISO 20022, adding up, in letters every bank takes."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st
from lxml import etree

from integrations.bank.transfers_out import NAMESPACE, Payer, TransferOut, credit_transfers, plain

pytestmark = pytest.mark.pure

SPACE = f"{{{NAMESPACE}}}"
AT, DAY = datetime(2026, 11, 30, 9, 30, tzinfo=UTC), date(2026, 12, 1)
US = Payer("Mosan Health ASBL", "BE68539007547034", "MOSABEB0XXX", "0123456749")
TAKEN_BY_EVERY_BANK = re.compile(r"[A-Za-z0-9/\-?:().,'+ ]*")


@cache
def schema() -> etree.XMLSchema:
    """The schema file of the wheel `sepaxml`; nothing of its code is used."""
    spec = find_spec("sepaxml")
    assert spec is not None
    assert spec.origin is not None
    return etree.XMLSchema(file=str(Path(spec.origin).parent / "schemas" / "pain.001.001.09.xsd"))


def checked(*transfers: TransferOut, payer: Payer = US) -> etree._Element:
    root = etree.fromstring(credit_transfers("k" * 26, payer, transfers, AT, DAY))
    assert schema().validate(root), str(schema().error_log)
    return root


def told(root: etree._Element, path: str) -> list[str]:
    return [found.text or "" for found in root.iterfind("/".join(f"{SPACE}{step}" for step in path.split("/")))]


def transfer(**changes: object) -> TransferOut:
    values = {"key": "0" * 26, "cents": 12345, "name": "Zoë Nguyễn & Søn", "iban": "BE71096123456769", "words": "Remboursement MH-4K7Q-92X8"}  # fmt: skip
    return TransferOut(**{**values, **changes})  # type: ignore[arg-type]


def test_it_works() -> None:
    root = checked(transfer(), transfer(key="1" * 26, cents=1))
    top = "CstmrCdtTrfInitn"
    for block in ("GrpHdr", "PmtInf"):
        assert told(root, f"{top}/{block}/NbOfTxs") == ["2"]
        assert told(root, f"{top}/{block}/CtrlSum") == ["123.46"]
    assert told(root, f"{top}/GrpHdr/MsgId") == ["k" * 26]
    assert told(root, f"{top}/GrpHdr/CreDtTm") == ["2026-11-30T09:30:00Z"]
    assert told(root, f"{top}/PmtInf/ReqdExctnDt/Dt") == ["2026-12-01"]
    assert told(root, f"{top}/PmtInf/DbtrAcct/Id/IBAN") == ["BE68539007547034"]
    assert told(root, f"{top}/PmtInf/BtchBookg") == ["false"]
    one = f"{top}/PmtInf/CdtTrfTxInf"
    assert told(root, f"{one}/PmtId/EndToEndId") == ["0" * 26, "1" * 26]
    assert told(root, f"{one}/Amt/InstdAmt") == ["123.45", "0.01"]
    assert told(root, f"{one}/Cdtr/Nm") == ["Zoe Nguyen + Son"] * 2
    assert told(root, f"{one}/CdtrAcct/Id/IBAN") == ["BE71096123456769"] * 2
    assert told(root, f"{one}/RmtInf/Ustrd") == ["Remboursement MH-4K7Q-92X8"] * 2


def test_without_bic_and_number() -> None:
    root = checked(transfer(), payer=Payer("Mosan Health", US.iban))
    assert told(root, "CstmrCdtTrfInitn/PmtInf/DbtrAgt/FinInstnId/Othr/Id") == ["NOTPROVIDED"]


@pytest.mark.parametrize(
    "transfers",
    [[], [transfer(cents=0)], [transfer(cents=-1)], [transfer(key="x" * 36)]],
    ids=["none", "0", "<0", "key"],
)
def test_what_is_no_file(transfers: list[TransferOut]) -> None:
    with pytest.raises(ValueError, match=r"^a (file|key) has"):
        credit_transfers("k", US, transfers, AT, DAY)


@settings(max_examples=60)
@given(
    name=st.text(max_size=200),
    words=st.text(max_size=300),
    cents=st.lists(st.integers(1, 10**9), min_size=1, max_size=9),
)
def test_whatever_the_texts_the_file_is_valid_and_adds_up(name: str, words: str, cents: list[int]) -> None:
    made = [
        transfer(key=f"{number:026}", cents=each, name=name or "x", words=words) for number, each in enumerate(cents)
    ]
    if not plain(name, 70):
        made = [transfer(key=one.key, cents=one.cents, words=words) for one in made]
    root = checked(*made)
    amounts = [int(text.replace(".", "")) for text in told(root, "CstmrCdtTrfInitn/PmtInf/CdtTrfTxInf/Amt/InstdAmt")]
    assert amounts == cents
    (total,) = told(root, "CstmrCdtTrfInitn/GrpHdr/CtrlSum")
    assert int(total.replace(".", "")) == sum(cents)


@given(st.text(max_size=300), st.integers(1, 140))
def test_plain_text(text: str, longest: int) -> None:
    said = plain(text, longest)
    assert TAKEN_BY_EVERY_BANK.fullmatch(said)
    assert len(said) <= longest
    assert "//" not in said
    assert not said.startswith("/")
    assert not said.endswith("/")


def test_the_schema_would_see_it() -> None:
    """What the other tests rely on: a wrong day, a missing name and a strange amount are found."""
    good = credit_transfers("k", US, [transfer()], AT, DAY)
    for before, after in ((b"2026-12-01", b"tomorrow"), (b"<NbOfTxs>1", b"<NbOfTxs>one"), (b"123.45", b"123,45")):
        assert before in good
        assert not schema().validate(etree.fromstring(good.replace(before, after)))
