"""PDF documents by typst: certificates, sign-in sheets, badges, invoices and credit notes.

The templates are in templates/documents. They print; they never compute: every value they get is a finished string
in the reader's language. Pictures (emblems, QR codes, signatures) are SVG text made by us, never taken from users.
"""

from __future__ import annotations

import atexit
import json
import os
import re
import shutil
import tempfile
import threading
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import typst

TEMPLATES = Path(__file__).resolve().parent.parent / "templates" / "documents"

# PDF/A-2a: keeps for decades; PDF/UA-1: a screen reader can follow it (ISO 19005-2, ISO 14289-1).
STANDARDS: list[Any] = ["a-2a", "ua-1"]
# PDF/A-3a: the same, with a file inside (ISO 19005-3).
WITH_FILE: list[Any] = ["a-3a", "ua-1"]

# The fixed words that each template prints: the keys that `data["words"]` must hold.
WORDS: dict[str, tuple[str, ...]] = {
    "certificate": (
        "title", "certifies", "did", "dates", "hours", "place", "assessment", "outcomes", "number", "issued",
        "valid", "verify", "qr",
    ),
    "sign-in-sheet": (
        "title", "name", "organisation", "signature", "trainer", "place", "half-day", "statement", "countersign",
        "sign-off", "present", "date", "page",
    ),
    "badge-sheet": ("title", "qr"),
    "invoice": (
        "invoice", "credit", "number", "date", "due", "supply", "order", "po", "corrects", "to", "vat-no",
        "enterprise-no", "description", "quantity", "price", "rate", "net", "gross", "summary", "base", "vat-rate", "vat",
        "total-net", "total-vat", "rounding", "total-gross", "total", "total-credit", "paid", "balance", "pay",
        "beneficiary", "iban", "bic", "amount", "communication", "scan", "qr", "page", "attached",
    ),
}  # fmt: skip


class DocumentError(RuntimeError):
    """The document could not be made; the message is the engine's own."""


class UnprintableText(DocumentError):
    """A text holds characters that the document's typefaces lack. Ask for the text in Latin letters.

    `characters` is the string of those characters, in the order in which they were met.
    """

    def __init__(self, characters: str) -> None:
        self.characters = characters
        super().__init__(f"These characters cannot be printed: {' '.join(characters)}")


def render(template: str, data: dict[str, Any], *, issued_epoch: int, attachment: bytes | None = None) -> bytes:
    """The PDF/A-2a and PDF/UA-1 file of one document. The same arguments give the same bytes, on any machine.

    With `attachment` (UTF-8 text, byte for byte inside the file as `data["attached"]`) it is PDF/A-3a instead.
    `template` is a key of WORDS. `issued_epoch` is the document's date in seconds since 1970, UTC.
    `?` below means: may be absent or None.

    Every document: `lang` (en, fr, nl), `words` (WORDS says which; see services/document_words.py),
    `brand {name, emblem, colour?}`, `area? {name, colour, emblem}`; colours are "#RRGGBB", pictures SVG text.

    - certificate: `number, name, title, dates, hours, place, assessment?, outcomes?` (up to 5 texts) or `steps?` (up
      to 8), `issuer {name, legal}, signatory {name, role, signature?}, issued, valid?, verify {url, qr}`.
      The words `certifies` and `verify` keep `{issuer}` in them.
    - sign-in-sheet: `event, code, blank?` (empty lines, 2), `people [{name, organisation?}]`,
      `slots [{when, place, trainer}]`: one sheet per slot. The word `page` keeps `{page}` and `{pages}`.
    - invoice: `number, date, due?, supply?, order?, po?, credits?` (its presence makes a credit note), `seller {name,
      lines [], numbers {}, legal []}, buyer {name, lines [], numbers {}}, lines [{description, detail?, quantity, price,
      rate, net}], vat [{rate, base, amount, mention?}], totals [{label, amount}]` (labels are words; the last is set
      large), `payment? {beneficiary, amount, iban, bic?, communication, qr?}` (needs `due`), `notes? [], attached?`.
    - badge-sheet: `event, people [{name, organisation?, qr, role?, colour?, emblem?}]`, ten to a page.

    Raises UnprintableText for a character that no typeface has, DocumentError for anything else, ValueError for an
    unknown template or missing words.
    """
    import typst

    if template not in WORDS:
        raise ValueError(f"There is no document template {template!r}.")
    missing = [key for key in WORDS[template] if not data["words"].get(key)]
    if missing:
        raise ValueError(f"The words of {template} lack {', '.join(missing)}.")
    text = json.dumps(_printable(data), ensure_ascii=False, sort_keys=True)
    inputs = {"data": text} if attachment is None else {"data": text, "attachment": attachment.decode()}
    standards = STANDARDS if attachment is None else WITH_FILE
    try:
        pdf = _compiler(template).compile(
            format="pdf", sys_inputs=inputs, pdf_standards=standards, timestamp=issued_epoch
        )
    except typst.TypstError as error:
        raise _named(error) from error
    assert isinstance(pdf, bytes)
    return pdf


# Characters that print nothing: controls other than tab and newline, halves of a character, and the byte-order mark.
_INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")


def _printable(value: Any) -> Any:
    """`value` without the absent parts and without invisible characters; accents joined to their letters."""
    if isinstance(value, str):
        return unicodedata.normalize("NFC", _INVISIBLE.sub("", value))
    if isinstance(value, dict):
        return {key: _printable(part) for key, part in value.items() if part is not None}
    if isinstance(value, (list, tuple)):
        return [_printable(part) for part in value]
    return value


_REFUSED = re.compile(r'(?:the text|codepoint) `"(.*?)"`', re.DOTALL)
_ESCAPED = re.compile(r"\\u\{([0-9a-fA-F]+)\}")


def _named(error: typst.TypstError) -> DocumentError:
    refused = "".join(_REFUSED.findall(error.diagnostic))
    if not refused:
        return DocumentError(error.diagnostic)
    plain = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), refused)
    return UnprintableText("".join(dict.fromkeys(plain)))


# A compiler serves one thread only; the fonts are read lazily from a folder that belongs to one process.
_of_thread = threading.local()
_making_fonts = threading.Lock()
_fonts_kept: typst.Fonts | None = None
_owner = 0


def _compiler(template: str) -> typst.Compiler:
    import typst

    fonts = _fonts()
    kept: dict[str, typst.Compiler] = _of_thread.__dict__.setdefault("compilers", {})
    if template not in kept:
        kept[template] = typst.Compiler(str(TEMPLATES / f"{template}.typ"), root=str(TEMPLATES), font_paths=fonts)
    return kept[template]


def _fonts() -> typst.Fonts:
    global _fonts_kept, _owner
    import typst

    if _owner not in (0, os.getpid()):
        # The engine's threads did not survive the fork: it would wait for them for ever.
        raise DocumentError("This process was forked from one that had made documents. Start it anew (spawn) instead.")
    with _making_fonts:
        if _fonts_kept is None:
            folder = str(_font_folder())
            _fonts_kept = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[folder])
            _owner = os.getpid()
        return _fonts_kept


def _font_folder() -> Path:
    """A folder of our four faces, and of one each for Arabic and Hebrew letters that they lack; kept until this process ends.

    The engine takes folders only, and the wheels' own folders hold each face twice (OTF and TTF) in an order that
    differs between machines, and with it the bytes of the document.
    """
    import font_source_sans_pro
    import font_source_serif_pro
    import justmytype_intl_rtl

    serif, sans = font_source_serif_pro.font_files_otf, font_source_sans_pro.font_files_otf
    other = Path(justmytype_intl_rtl.__file__).parent / "fonts" / "ofl"
    faces = (
        serif["SourceSerifPro"], serif["SourceSerifProSemibold"], sans["SourceSansPro"], sans["SourceSansProSemibold"],
        other / "notosansarabic" / "NotoSansArabic[wdth,wght].ttf",
        other / "notosanshebrew" / "NotoSansHebrew[wdth,wght].ttf",
    )  # fmt: skip
    folder = Path(tempfile.mkdtemp(prefix="atrium-fonts-"))
    atexit.register(_remove, folder, os.getpid())
    for face in map(Path, faces):
        try:
            (folder / face.name).symlink_to(face.resolve())
        except OSError:  # a file system without links
            shutil.copyfile(face, folder / face.name)
    return folder


def _remove(folder: Path, owner: int) -> None:
    # A forked child inherits this call and must leave its parent's folder alone.
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)
