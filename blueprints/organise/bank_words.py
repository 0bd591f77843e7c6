"""What a line of the bank is said to be: why it waits, and by what it was matched."""

from __future__ import annotations

from flask_babel import get_locale, gettext as _, ngettext, pgettext

from models.bank import BankLine, LineState
from services.bank_acts import Accepted
from services.bank_summaries import Summary
from services.money import say_money


def state_words(line: BankLine) -> tuple[str, str]:
    """The sign and the word of a state."""
    return {
        LineState.NEW: ("state-stop", pgettext("bank line", "unknown")),
        LineState.PROPOSED: ("state-wait", pgettext("bank line", "proposal")),
        LineState.MATCHED: ("state-good", pgettext("bank line", "matched")),
        LineState.IGNORED: ("state-quiet", pgettext("bank line", "set aside")),
    }[LineState(line.state)]


def note_words(note: str) -> str:
    """Why a line stands where it stands; what a human wrote stays as written."""
    return {
        "unknown_reference": _("It carries a reference that no order has."),
        "batch_untold": _("Several transfers in one sum, and the file does not tell each: ask the bank, then share it out."),
        "nothing_fits": _("No reference, and no open order of this amount."),
        "several_orders": _("It names several orders, and their sum is another one: share it out."),
        "other_amount": _("It names an invoice, but the amount is another one."),
        "perhaps_by_hand": _("The same amount was marked as received by hand already. Accept it when it is the same money."),
        "looks_like": "",
        "money_out": _("Money that left"),
        "undone": _("Its match was undone."),
        "looked_again": _("Taken up again."),
    }.get(note, note)  # fmt: skip


def rule_words(rule: str) -> str:
    """Why this order."""
    return {
        "reference": _("its reference"),
        "invoice": _("the number of its invoice"),
        "iban": _("same amount, from an account that paid for them before"),
        "name": _("same amount, same name"),
        "amount": _("same amount"),
        "refund": _("a refund of this amount"),
        "reversal": _("a receipt that the bank took back"),
        "by_hand": _("marked by hand before"),
        "hand": _("matched by hand"),
    }.get(rule, rule)


def reason_choices() -> list[str]:
    """What a line that is for no order mostly is."""
    return [_("Membership fee"), _("Subsidy or gift"), _("Interest or costs"), _("Between our own accounts"), _("For something else")]  # fmt: skip


def headline(found: Summary) -> str:
    """What a statement's page says first."""
    amount = say_money(found.matched_cents, str(get_locale()))
    waiting = found.proposed + found.new
    if waiting:
        return ngettext("%(num)s line waits for you", "%(num)s lines wait for you", waiting)
    return _("Every line has its place: %(amount)s matched", amount=amount)


def accepted_words(done: Accepted) -> str:
    """What became of the proposals that were accepted at once."""
    amount = say_money(done.cents, str(get_locale()))
    words = ngettext(
        "%(num)s proposal is booked, %(amount)s.",
        "%(num)s proposals are booked, %(amount)s.",
        done.lines,
        amount=amount,
    )
    if done.left:
        words += " " + ngettext(
            "%(num)s no longer fits and was left: its order was paid meanwhile.",
            "%(num)s no longer fit and were left: their orders were paid meanwhile.",
            done.left,
        )
    return words
