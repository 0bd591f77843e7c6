"""What a bank's file says, why it is refused, and what an import brought, in words: for the desk and the command line."""

from __future__ import annotations

from flask_babel import gettext as _, ngettext

from integrations.bank import BrokenFile, Reason
from integrations.references import structured_communications
from services.bank_summaries import Summary
from services.money import say_money


def refusal_words(error: BrokenFile) -> str:
    """One sentence of what is wrong and one of what to do, with the line of the file when it is known."""
    words = reasons(error.found)[error.reason]
    if error.line:
        words = _("Line %(number)s: %(words)s", number=error.line, words=words)
    return _("%(words)s Nothing of the file was taken.", words=words)


def reasons(found: str) -> dict[Reason, str]:
    return {
        Reason.EMPTY: _("The file is empty. Download it from the bank again."),
        Reason.TOO_LARGE: _("The file is larger than 64 MB. Download a shorter period from the bank."),
        Reason.ZIPPED: _("This is a ZIP archive. Unpack it and choose the file inside."),
        Reason.UNKNOWN_FORMAT: _("This is neither a CAMT.053 nor a CODA file. Choose one of these two at the bank."),
        Reason.NOT_WELL_FORMED: _("This is not correct XML (%(found)s). Download the file from the bank again.", found=found),
        Reason.DOCTYPE: _("The file declares a document type, which no bank does. It may be forged: do not use it."),
        Reason.OTHER_MESSAGE: _(
            "This is %(found)s, not a statement CAMT.053 in version 001.02 or 001.08. Choose that format at the bank.",
            found=found,
        ),
        Reason.NO_STATEMENT: _("There is no statement in the file. Choose a period with movements at the bank."),
        Reason.CUT_OFF: _("The file ends too early: its end is missing. Download it from the bank again."),
        Reason.NO_ACCOUNT: _("The statement does not say of which account it is (IBAN). Ask the bank."),
        Reason.OTHER_ACCOUNT: _("The statement is of another account, %(found)s. Choose that of our own account.", found=found),
        Reason.OTHER_CURRENCY: _("An amount is in %(found)s. Only statements in euros can be taken.", found=found),
        Reason.NO_BALANCE: _("The opening or closing balance is missing (%(found)s). Ask the bank for final statements.", found=found),
        Reason.NO_REFERENCE: _("The statement has no number of its own. Ask the bank."),
        Reason.BAD_AMOUNT: _("“%(found)s” is not an amount that can be taken. Download the file from the bank again.", found=found),
        Reason.ZERO_AMOUNT: _("An entry has an amount of zero. Ask the bank what it means."),
        Reason.BAD_DATE: _("“%(found)s” is not a date. Download the file from the bank again.", found=found),
        Reason.BAD_DIRECTION: _("An entry says neither that money came nor that it left. Ask the bank."),
        Reason.BATCH_SUM: _("The transactions of a batch do not add up to its amount. Download the file from the bank again."),
        Reason.WRONG_SUM: _(
            "Opening balance and movements do not give the closing balance: %(found)s. Download the file from the bank again.",
            found=found or "≠",
        ),
        Reason.BAD_RECORD: _("This record is not as CODA wants it (%(found)s). Download the file from the bank again.", found=found),
    }  # fmt: skip


def summary_words(found: Summary, locale: str) -> str:
    """“41 lines, 36 matched, €12,340.00; 3 proposals; 2 unknown”."""
    parts = [
        ngettext("%(num)s line", "%(num)s lines", found.lines)
        + ", "
        + ngettext(
            "%(num)s matched, %(amount)s",
            "%(num)s matched, %(amount)s",
            found.matched,
            amount=say_money(found.matched_cents, locale),
        )
    ]
    if found.proposed:
        parts.append(ngettext("%(num)s proposal", "%(num)s proposals", found.proposed))
    if found.new:
        parts.append(ngettext("%(num)s unknown", "%(num)s unknown", found.new))
    if found.ignored:
        parts.append(ngettext("%(num)s set aside", "%(num)s set aside", found.ignored))
    return "; ".join(parts)


def imported_words(lines: int, new: int) -> str:
    """What is said of a file that was there before; '' for a new one."""
    if lines and not new:
        return _("Every line of this file was here already: nothing was added.")
    if new < lines:
        return ngettext(
            "%(num)s line of this file was here already and was left out.",
            "%(num)s lines of this file were here already and were left out.",
            lines - new,
        )
    return ""


def reference_words(structured: str) -> str:
    """A structured reference as people read it, 123/4567/89012; one of another kind (ISO 11649) in groups of four."""
    found = structured_communications(structured)
    return found[0].strip("+") if found else iban_words(structured)


def iban_words(iban: str) -> str:
    """An account in groups of four, as the file tells it: whether it is one is the bank's business."""
    return " ".join(iban[begin : begin + 4] for begin in range(0, len(iban), 4))
