"""The clock: what happens because time passes. Each entry calls one service function that is safe to run twice or late.

The worker's scheduler looks at it every second and puts what is due into the queue; with several workers each puts it
there, and the functions take locks or leases, so that the second finds nothing left to do.
"""

from __future__ import annotations

from collections.abc import Callable

from huey import crontab

import tasks.payments  # noqa: F401  (works web hooks off after the commit that kept them)
from services.bank_matching import match_waiting
from services.closing import conclude_late
from services.decisions import ask_to_decide
from services.event_changes import advance_runs
from services.halfway import remind_halfway
from services.membership_clock import advance_memberships
from services.payment_reminders import remind_unpaid
from services.reconciliation import reconcile
from services.refunds import carry_out_due
from services.registrations import expire_due
from services.reminders import remind_due
from services.retention import purge_due
from services.unanswered import end_unanswered
from services.unnamed_places import ask_for_names
from services.voucher_desk import release_ended
from tasks.delivery import deliver_due
from tasks.invoices import finish_papers
from tasks.jobs import run_waiting_jobs
from tasks.queue import queue

EVERY_MINUTE = crontab()
EVERY_TEN_MINUTES = crontab(minute="*/10")
EVERY_HOUR = crontab(minute="5")
EACH_NIGHT = crontab(hour="2", minute="20")  # UTC


@queue.periodic_task(EVERY_MINUTE)
def deliver_mails() -> None:
    """Mails that a lost task or a dead server left behind."""
    deliver_due()


@queue.periodic_task(EVERY_MINUTE)
def continue_jobs() -> None:
    """Jobs whose worker died."""
    run_waiting_jobs()


@queue.periodic_task(EVERY_MINUTE)
def print_invoices() -> None:
    """Papers of invoices that a lost task left undone, and e-invoices that wait."""
    finish_papers()


@queue.periodic_task(EVERY_MINUTE)
def end_holds() -> None:
    """Places that nobody paid for, offers and requests that nobody answered, waits that the event has overtaken."""
    expire_due()
    end_unanswered()


@queue.periodic_task(EVERY_TEN_MINUTES)
def end_vouchers() -> None:
    """Places kept for vouchers whose time is over."""
    release_ended()


@queue.periodic_task(EVERY_MINUTE)
def move_events() -> None:
    """Events that became guaranteed, began or ended."""
    advance_runs()


@queue.periodic_task(EVERY_TEN_MINUTES)
def ask_providers() -> None:
    """Payments that no web hook told of, and web hooks that could not be worked off."""
    reconcile()


@queue.periodic_task(EVERY_TEN_MINUTES)
def conclude() -> None:
    """People who were there and whose money came after the closing."""
    conclude_late()


@queue.periodic_task(EVERY_TEN_MINUTES)
def remind() -> None:
    """The day before; at half time of what is held; places without a name; events that nobody has decided about."""
    remind_due()
    remind_halfway()
    ask_for_names()
    ask_to_decide()


@queue.periodic_task(EVERY_TEN_MINUTES)
def give_back() -> None:
    """Refunds whose provider gave no answer."""
    carry_out_due()


@queue.periodic_task(EVERY_HOUR)
def end_memberships() -> None:
    """Memberships that ran out, or whose grace did: soon after midnight in Brussels, and again if that was missed."""
    advance_memberships()


@queue.periodic_task(EVERY_HOUR)
def remind_of_payment() -> None:
    """Orders that were not paid: a notice, two reminders, then a human; and lines of a bank's file whose import died."""
    match_waiting()
    remind_unpaid()


@queue.periodic_task(EACH_NIGHT)
def forget() -> None:
    """What the privacy text promises to forget."""
    purge_due()


ENTRIES: tuple[Callable[[], None], ...] = (
    deliver_mails,
    continue_jobs,
    print_invoices,
    end_holds,
    move_events,
    ask_providers,
    conclude,
    remind,
    give_back,
    end_memberships,
    forget,
    remind_of_payment,
)
