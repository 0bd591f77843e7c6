"""What must not stay so in production: said by `flask check`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select

from config import ROOT, Cluster, Settings
from integrations.mail import folder_of
from models.base import db, now
from models.outbox import Delivery, Job, OutboxMessage
from models.payments import PaymentAttempt, ProviderEvent
from models.people import Role, StaffRole
from services import schema
from services.enterprise_numbers import NumberMalformed, clean_enterprise_number, clean_vat_number
from services.outbox import counts
from services.refund_accounts import is_iban

LATE = timedelta(minutes=10)


@dataclass(frozen=True)
class Finding:
    """One thing to change. `blocks`: nobody should be let in before it is changed."""

    blocks: bool
    says: str
    do: str


def findings(settings: Settings, cluster: Cluster) -> list[Finding]:
    """Everything worth saying about this installation, the blocking things first."""
    found = [*about_settings(settings), *about_cluster(settings, cluster), *about_database(settings)]
    db.session.rollback()
    return sorted(found, key=lambda finding: not finding.blocks)


def about_settings(settings: Settings) -> Iterator[Finding]:
    if settings.mode == "demo":
        yield Finding(True, "Demo mode: anybody on this machine signs in as anybody.", "Unset ATRIUM_MODE.")
    if not settings.public_url.startswith("https://"):
        yield Finding(
            True,
            f"PUBLIC_URL is {settings.public_url}: cookies and links travel unencrypted.",
            "Put a proxy with a certificate in front and set PUBLIC_URL=https://…",
        )
    elif not settings.trusted_proxies:
        yield Finding(
            False,
            "No proxy is trusted: all visitors seem to come from one address and share its limits.",
            "Set TRUSTED_PROXIES to the number of proxies in front (usually 1).",
        )
    if folder_of(settings.mail_url):
        yield Finding(True, "Mails are written to a folder and reach nobody.", "Set MAIL_URL=smtp+starttls://…")
    if len(settings.secret_key) < 32:
        yield Finding(True, "SECRET_KEY has fewer than 32 characters.", "Set it to a long random text, and keep it.")
    yield from about_cards(settings)
    if settings.queue_url.startswith("memory:"):
        yield Finding(True, "The queue is in memory: mails wait for nobody.", "Unset QUEUE_URL, or name a server.")
    yield from about_engines(settings)


def about_cards(settings: Settings) -> Iterator[Finding]:
    if settings.stripe_api_base:
        yield Finding(True, "Cards are paid at a simulator: no money moves.", "Unset STRIPE_API_BASE.")
    if settings.stripe_api_key and not settings.stripe_webhook_secrets:
        yield Finding(
            True, "Stripe’s web hooks cannot be verified, so all are refused.", "Set STRIPE_WEBHOOK_SECRETS=whsec_…"
        )
    if settings.stripe_api_key.startswith(("sk_live_", "sk_test_")) and not settings.stripe_api_base:
        yield Finding(
            False, "STRIPE_API_KEY may do everything at Stripe.", "Use a restricted key (rk_…): see docs/payments.md."
        )


def about_engines(settings: Settings) -> Iterator[Finding]:
    """One machine may keep all in files; several need servers."""
    in_files = [
        name
        for name, url in (("DATABASE_URL", settings.database_url), ("QUEUE_URL", settings.queue_url))
        if url.startswith("sqlite")
    ]
    if in_files:
        yield Finding(
            False,
            f"{' and '.join(in_files)}: SQLite serves one machine. With several, each would have its own.",
            "Fine on one machine. For several, set postgresql+psycopg://… (and redis://… for the queue).",
        )


def about_cluster(settings: Settings, cluster: Cluster) -> Iterator[Finding]:
    if settings.cluster_file.resolve() == (ROOT / "sample" / "cluster.toml").resolve():
        yield Finding(
            True,
            f"The cluster is the fictional {cluster.name}: its terms, its bank account and its names are nobody’s.",
            "Copy sample/cluster.toml, write your own, and set CLUSTER_FILE.",
        )
    yield from wrong_numbers(cluster)
    for path in keys_open_to_others(settings.instance):
        yield Finding(True, f"{path.name} can be read by other users of this machine.", f"chmod 600 {path}")


def wrong_numbers(cluster: Cluster) -> Iterator[Finding]:
    """Numbers of the cluster that are printed on every invoice and paid to: their digits are checked, offline."""
    checks: tuple[tuple[str, str, Callable[[str], object]], ...] = (
        ("enterprise_number", str(cluster.enterprise_number), clean_enterprise_number),
        ("vat_number", str(cluster.vat_number), clean_vat_number),
    )
    for name, text, clean in checks:
        try:
            clean(text)
        except NumberMalformed:
            yield Finding(
                True, f"{name} of the cluster is {text!r}: its digits do not fit.", f"Correct {name} in CLUSTER_FILE."
            )
    if not is_iban(str(cluster.bank["iban"])):
        iban = cluster.bank["iban"]
        yield Finding(
            True,
            f"The cluster’s account is {iban!r}: no IBAN has these digits.",
            "Correct [bank] iban in CLUSTER_FILE.",
        )


def keys_open_to_others(instance: Path) -> list[Path]:
    if os.name != "posix":
        return []
    keys = [path for pattern in ("secret_key", "*.pem", "*.key") for path in instance.glob(pattern)]
    return [path for path in keys if path.stat().st_mode & 0o077]


def about_database(settings: Settings) -> Iterator[Finding]:
    revision = schema.present_revision()
    if revision is None:
        yield Finding(True, "The database has no tables yet.", "Run flask init.")
        return
    if revision != schema.newest_revision():
        yield Finding(True, f"The database stands at revision {revision}.", "Run flask upgrade.")
        return
    yield from about_staff()
    yield from about_work()
    if not list((settings.instance / "backups").glob("*.tar.gz")):
        yield Finding(
            False, "No backup was ever made here.", "Run flask backup FILE every night, and keep it elsewhere."
        )


def about_staff() -> Iterator[Finding]:
    admins = select(func.count()).select_from(StaffRole).where(StaffRole.role == Role.ADMIN)
    if not db.session.scalar(admins):
        yield Finding(True, "Nobody is administrator.", "Run flask create-admin EMAIL.")
    staff = db.session.scalar(select(func.count(StaffRole.person_id.distinct()))) or 0
    if staff:
        yield Finding(
            False,
            f"{staff} staff sign in with one factor: whoever reads their mail is in.",
            "Protect their mailboxes with a second factor; Atrium will ask for one of its own in a later version.",
        )


def about_work() -> Iterator[Finding]:
    """Whether what should have happened has."""
    dead = counts()[Delivery.DEAD]
    if dead:
        yield Finding(
            False, f"{dead} mails could not be delivered and were given up.", "Read why on the staff’s mail page."
        )
    late = now() - LATE
    open_notices = select(func.count()).where(ProviderEvent.processed_at.is_(None), ProviderEvent.received_at < late)
    if notices := db.session.scalar(open_notices):
        yield Finding(
            False,
            f"{notices} notices of the card provider could not be worked off.",
            "Read the worker’s log; they are tried again.",
        )
    reviews = select(func.count()).where(PaymentAttempt.review != "")
    if differing := db.session.scalar(reviews):
        yield Finding(
            False, f"{differing} card payments differ from what was asked.", "Look at them on the finance desk."
        )
    waiting = select(func.count()).where(OutboxMessage.delivery == Delivery.QUEUED, OutboxMessage.due_at < late)
    jobs = select(func.count()).where(Job.finished_at.is_(None), Job.created_at < late)
    if db.session.scalar(waiting) or db.session.scalar(jobs):
        yield Finding(
            True,
            "Mails or jobs have waited for more than ten minutes: no worker seems to run.",
            "Start flask worker (flask serve starts one).",
        )
