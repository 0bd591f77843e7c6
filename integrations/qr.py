"""QR codes as SVG text (ISO/IEC 18004), by segno: for pages, for documents, and for a bank transfer (EPC069-12)."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

if TYPE_CHECKING:
    import segno

INK = "#14211F"


class NotTransferable(ValueError):
    """These values cannot make a transfer QR code; the message says which and why."""


def svg(text: str, *, label: str | None = None) -> str:
    """A QR code of `text` for a page: black on white with its quiet zone of four modules, so that it reads in the dark.

    It scales with its box (only a viewBox). `label` is what a screen reader says, in the reader's language; without
    one the code is hidden from it, and the page must say the same in words.
    """
    return _for_screen(_code(text), label)


def print_svg(url: str) -> str:
    """A QR code of `url` for a document: ink on nothing, no quiet zone, since the paper around it is one."""
    return _svg(_code(url), border=0, dark=INK, svgclass=None, lineclass=None)


def epc(name: str, iban: str, bic: str | None, cents: int, communication: str, *, label: str | None = None) -> str:
    """The QR code of a SEPA transfer, for a page: EPC069-12 version 002, UTF-8, error correction M, at most 331 bytes.

    `cents` from 1 to 99,999,999,999; `communication` up to 140 characters. A Belgian structured communication
    goes in the free text as `+++123/4567/89012+++`: the structured field is for ISO 11649 (RF) references.
    Raises NotTransferable.
    """
    return _for_screen(_epc_code(name, iban, bic, cents, communication), label)


def print_epc(name: str, iban: str, bic: str | None, cents: int, communication: str) -> str:
    """The same transfer for a document: ink on nothing, no quiet zone. Raises NotTransferable."""
    return _svg(_epc_code(name, iban, bic, cents, communication), border=0, dark=INK, svgclass=None, lineclass=None)


def _code(text: str) -> segno.QRCode:
    import segno

    return segno.make_qr(text, error="m")


def _for_screen(code: segno.QRCode, label: str | None) -> str:
    drawing = _svg(code, border=4, dark="#000", light="#fff", svgclass=None, lineclass=None, omitsize=True)
    role = f'role="img" aria-label={quoteattr(label)}' if label else 'aria-hidden="true"'
    return drawing.replace("<svg ", f"<svg {role} ", 1)


def _svg(code: segno.QRCode, **look: object) -> str:
    out = io.BytesIO()
    code.save(out, kind="svg", xmldecl=False, nl=False, **look)
    return out.getvalue().decode()


def _epc_code(name: str, iban: str, bic: str | None, cents: int, communication: str) -> segno.QRCode:
    import segno

    payload = epc_payload(name, iban, bic, cents, communication)
    code = segno.make_qr(payload, error="m", boost_error=False)
    if int(code.version) > 13:
        raise NotTransferable("The transfer does not fit a QR code of version 13 (EPC069-12 §3.2).")
    return code


def epc_payload(name: str, iban: str, bic: str | None, cents: int, communication: str) -> bytes:
    """The bytes inside a transfer code: eleven lines, UTF-8, the amount always with two decimals.

    Written here and not by segno's helper, which drops the last zero of €508.20. Raises NotTransferable.
    """
    from stdnum import bic as bics, iban as ibans

    # The fields are lines: a line break inside a value would move all that follows it.
    name, communication = (" ".join(value.split()) for value in (name, communication))
    iban, bic = (re.sub(r"\s", "", value or "").upper() for value in (iban, bic))
    if not 1 <= len(name) <= 70:
        raise NotTransferable("The beneficiary’s name must have 1 to 70 characters (EPC069-12, AT-21).")
    # The country's own check knows only the banks of its bundled list; the checksum is the rule.
    if not ibans.is_valid(iban, check_country=False):
        raise NotTransferable(f"The IBAN {iban} is not valid.")
    if bic and not bics.is_valid(bic):
        raise NotTransferable(f"The BIC {bic} is not valid.")
    if not 1 <= cents <= 99_999_999_999:
        raise NotTransferable("The amount must be between €0.01 and €999,999,999.99 (EPC069-12, AT-04).")
    if not 1 <= len(communication) <= 140:
        raise NotTransferable("The communication must have 1 to 140 characters (EPC069-12, AT-05).")
    amount = f"EUR{cents // 100}.{cents % 100:02d}"
    payload = f"BCD\n002\n1\nSCT\n{bic}\n{name}\n{iban}\n{amount}\n\n\n{communication}".encode()
    if len(payload) > 331:
        raise NotTransferable(f"The transfer takes {len(payload)} bytes of the 331 allowed (EPC069-12).")
    return payload
