"""Words that people type about themselves: made clean, and kept free of web addresses."""

from __future__ import annotations

import re
import unicodedata

BIDI_CONTROLS = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)))  # they reorder the words around them
DOMAINS = "com|net|org|info|biz|xyz|top|app|dev|shop|site|online|club|link|click|live|store|tech|icu|vip|work|page|eu"
WEB_ADDRESS = re.compile(
    rf"://|\bwww\.|[\w-]{{2,}}\.(?:{DOMAINS})\b|[\w-]{{3,}}\.[a-z]{{2}}(?=[/\s:?#]|$)|\.[a-z]{{2,}}/", re.IGNORECASE
)


def clean(text: str, *, lines: bool = False) -> str:
    """`text` in NFC, trimmed, without control characters and without marks that reorder a line.

    Line ends and tabs stay only with `lines`. Letters of every script stay, joiners included (Persian needs them).
    """
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).translate(BIDI_CONTROLS)
    kept = "\n\t" if lines else ""
    text = "".join(
        character if character in kept or unicodedata.category(character) not in ("Cc", "Cs", "Zl", "Zp") else " "
        for character in text
    )
    return text.strip() if lines else " ".join(text.split())


def holds_web_address(text: str) -> bool:
    """Whether a mail program may turn a part of `text` into a link: a name is printed in mails to others, so it may
    hold none. Full-width letters and dots count as plain ones; `St. John` and `van der Berg` are no address."""
    plain = unicodedata.normalize("NFKC", text).replace("。", ".").replace("․", ".")
    return bool(WEB_ADDRESS.search(plain))
