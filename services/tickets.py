"""Places and tickets of an event: how many there are, who may buy them, and for how much."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import exists, select

from models.events import Event, Modality, Quota, Ticket
from models.registrations import Registration
from models.vouchers import Voucher
from services.event_plans import PlanRefused, Problem, TicketPlan
from services.places import FRESH, holding_locked, quotas_locked
from services.transaction import require_writing

TICKET_FIELDS = ("names", "audience", "net_cents", "vat", "limit", "sale_opens_at", "sale_closes_at")


def change_places_locked(event: Event, places: dict[Modality, int]) -> bool:
    """Make the capacity of each modality what `places` says; a modality it leaves out offers none.

    Raises PlanRefused with the numbers when fewer places are asked for than are taken. The event must be locked.
    Returns whether anything changed. The caller promotes the waiting list.
    """
    session = require_writing()
    quotas = {Modality(quota.modality): quota for quota in reversed(quotas_locked(event.id))}
    problems = [
        Problem(
            f"places_{modality}",
            "below_taken",
            {"capacity": places.get(modality, 0), "taken": quota.taken + quota.kept},
        )
        for modality, quota in quotas.items()
        if places.get(modality, 0) < quota.taken + quota.kept
    ]
    if problems:
        raise PlanRefused(problems)
    changed = False
    for modality in Modality:
        quota, capacity = quotas.get(modality), places.get(modality, 0)
        if quota is None and modality in places:
            session.add(Quota(event=event, modality=modality, capacity=capacity))
            changed = True
        elif quota is not None and quota.capacity != capacity:
            quota.capacity = capacity
            changed = True
    session.flush()
    return changed


def live_tickets_locked(event_id: int) -> list[Ticket]:
    """The tickets that are not withdrawn, as they are now."""
    query = select(Ticket).where(Ticket.event_id == event_id, Ticket.withdrawn_at.is_(None))
    return list(require_writing().scalars(query.order_by(Ticket.position, Ticket.id).execution_options(**FRESH)))


def change_tickets_locked(event: Event, plans: tuple[TicketPlan, ...], at: datetime) -> bool:
    """Make the event's tickets those of `plans`, in that order. A ticket left out is withdrawn, or deleted when nobody
    ever took one. Prices already agreed stay: they live on the orders' lines. Returns whether anything changed.

    Raises PlanRefused when a ticket's own limit is below what is held, or when another organiser removed the ticket.
    """
    session = require_writing()
    quotas = {Modality(quota.modality): quota for quota in reversed(quotas_locked(event.id))}
    existing = {ticket.public_id: ticket for ticket in live_tickets_locked(event.id)}
    problems = [
        Problem(f"tickets-{row}-modality", "no_places_for_ticket")
        for row, plan in enumerate(plans)
        if plan.modality not in quotas
    ]
    problems += limit_problems(event, plans, existing)
    if problems:
        raise PlanRefused(problems)
    changed = False
    for position, plan in enumerate(plans):
        changed |= change_one_locked(event, existing.pop(plan.public_id, None), plan, quotas[plan.modality], position)
    for ticket in existing.values():
        if session.scalar(select(exists().where(Registration.ticket_id == ticket.id))):
            ticket.withdrawn_at = at
        else:
            session.delete(ticket)
        changed = True
    session.flush()
    remove_empty_quotas_locked(event)
    return changed


def limit_problems(event: Event, plans: tuple[TicketPlan, ...], existing: dict[str, Ticket]) -> Iterator[Problem]:
    for row, plan in enumerate(plans):
        if not plan.public_id:
            continue
        ticket = existing.get(plan.public_id)
        if ticket is None:
            yield Problem(f"tickets-{row}", "ticket_gone")
        elif plan.limit is not None and plan.limit != ticket.limit:
            held = holding_locked(event.id, ticket_id=ticket.id)
            if held > plan.limit:
                yield Problem(f"tickets-{row}-limit", "below_taken", {"capacity": plan.limit, "taken": held})


def change_one_locked(event: Event, ticket: Ticket | None, plan: TicketPlan, quota: Quota, position: int) -> bool:
    wanted = {name: getattr(plan, name) for name in TICKET_FIELDS} | {"quota_id": quota.id, "position": position}
    if ticket is None:
        require_writing().add(Ticket(event=event, **wanted))
        return True
    changed = [name for name, value in wanted.items() if getattr(ticket, name) != value]
    for name in changed:
        setattr(ticket, name, wanted[name])
    return bool(changed)


def remove_empty_quotas_locked(event: Event) -> None:
    """A modality that is no longer offered and that nothing refers to goes; every event keeps at least one."""
    session = require_writing()
    quotas = quotas_locked(event.id)
    for quota in [quota for quota in quotas if quota.capacity == 0]:
        kinds = (Ticket.quota_id, Registration.quota_id, Voucher.reserved_quota_id)
        used = any(session.scalar(select(exists().where(column == quota.id))) for column in kinds)
        if not used and len(quotas) > 1:
            session.delete(quota)
            quotas.remove(quota)
    session.flush()
