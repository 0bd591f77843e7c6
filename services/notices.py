"""Telling the person of a registration what happened, through the outbox, in the transaction of the cause."""

from __future__ import annotations

from typing import Any

from models.registrations import Registration
from services.outbox import queue_mail_locked
from services.transaction import require_writing


def tell_locked(template: str, registration: Registration, context: dict[str, Any] | None = None) -> None:
    """Queue the mail `template` to the person of `registration`, in the order's language. Placeholders have no address."""
    if not registration.email:
        return
    require_writing().flush()  # the outbox row refers to the registration's id
    queue_mail_locked(
        template,
        registration.email,
        locale=registration.order.locale,
        name=registration.name,
        person=registration.person_id,
        event=registration.event_id,
        registration=registration.id,
        context=context or {},
    )
