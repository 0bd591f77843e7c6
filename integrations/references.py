"""Payment references: the Belgian structured communication (OGM-VCS) and the written form of an IBAN."""

from __future__ import annotations

import re

# Ten digits: what is left of the twelve after the two check digits.
LARGEST = 9_999_999_999


def structured_communication(n: int) -> str:
    """The structured communication of the number `n`, 0 to 9,999,999,999, as printed: `+++123/4567/89012+++`.

    The two check digits are the number modulo 97, and 97 when the remainder is 0 (Febelfin, OGM-VCS).
    Raises ValueError outside that range.
    """
    from stdnum.be import ogm_vcs

    if not 0 <= n <= LARGEST:
        raise ValueError(f"A structured communication holds 0 to {LARGEST}, not {n}.")
    base = f"{n:010d}"
    return f"+++{ogm_vcs.format(base + ogm_vcs.calc_check_digits(base))}+++"


# Banks print +++…+++ or ***…***, people type the digits with slashes, points, spaces or nothing.
_WRITTEN = re.compile(
    r"(?<!\d)(?:[+*]{3}\s*)?(\d{3})\s*[/ .\-]?\s*(\d{4})\s*[/ .\-]?\s*(\d{5})(?:\s*[+*]{3})?(?!\d)", re.ASCII
)


def structured_communications(text: str) -> list[str]:
    """Every valid structured communication in free text, as printed, each once, in the order in which it appears.

    One in 97 of random twelve-digit numbers passes the check: a caller must still know the reference.
    """
    from stdnum.be import ogm_vcs

    found = ("".join(match.groups()) for match in _WRITTEN.finditer(text))
    return list(dict.fromkeys(f"+++{ogm_vcs.format(digits)}+++" for digits in found if ogm_vcs.is_valid(digits)))


def number_of(communication: str) -> int:
    """The number `n` of which `communication` is the structured communication. Raises ValueError if it is not one."""
    found = structured_communications(communication)
    if len(found) != 1:
        raise ValueError(f"{communication!r} is not one structured communication.")
    return int(re.sub(r"\D", "", found[0])[:10])


def compact_iban(text: str) -> str:
    """The IBAN in `text` without spaces, in capitals (ISO 13616). Raises ValueError if its checksum is wrong."""
    from stdnum import iban

    compact = re.sub(r"[\s.\-]", "", text).upper()
    # Only the checksum and the length: the Belgian rule knows the banks of a bundled list alone.
    if not iban.is_valid(compact, check_country=False):
        raise ValueError(f"{text!r} is not an IBAN.")
    return compact


def formatted_iban(text: str) -> str:
    """An IBAN as people read it, in groups of four: `BE68 5390 0754 7034`. Raises ValueError if it is not one."""
    compact = compact_iban(text)
    return " ".join(compact[i : i + 4] for i in range(0, len(compact), 4))
