"""Money that goes back: refunds, never more than was paid, and disputes of the payer's bank."""

from __future__ import annotations

from typing import Any

from integrations.stripe_simulator.store import Refused, Store, Thing


def left_of(store: Store, intent: Thing) -> int:
    """What of a payment has not gone back, in cents."""
    refunds = [thing for thing in store.things.values() if thing["object"] == "refund"]
    counted = [refund for refund in refunds if refund["status"] in ("pending", "succeeded")]
    back = sum(int(refund["amount"]) for refund in counted if refund["payment_intent"] == intent["id"])
    return int(intent["amount_received"]) - back


def refund(store: Store, params: dict[str, Any]) -> Thing:
    """Give money back: at once for a card, after days for a debit. Raises Refused beyond what is left."""
    intent = store.get("payment_intent", params.get("payment_intent", ""))
    if intent["status"] != "succeeded":
        raise Refused("This PaymentIntent does not have a successful charge to refund.", param="payment_intent")
    left = left_of(store, intent)
    cents = int(params.get("amount", left))
    if not left:
        raise Refused("The charge has already been refunded.", code="charge_already_refunded")
    if not 0 < cents <= left:
        raise Refused(f"Refund amount ({cents}) is greater than unrefunded amount on charge ({left})", param="amount")
    found = store.add(
        "re",
        "refund",
        amount=cents,
        charge=intent["latest_charge"],
        currency=intent["currency"],
        metadata=params.get("metadata", {}),
        payment_intent=intent["id"],
        reason=params.get("reason"),
        status="pending" if store.methods[intent["id"]] == "sepa_debit" else "succeeded",
    )
    store.tell("refund.created", found)
    return found


def end_refund(store: Store, refund_id: str, *, succeeds: bool) -> Thing:
    """The bank answers: a refund that waited arrives, or one that had seemed to arrive comes back."""
    found = store.get("refund", refund_id)
    found["status"] = "succeeded" if succeeds else "failed"
    if not succeeds:
        found["failure_reason"] = "expired_or_canceled_card"
    store.tell("refund.updated" if succeeds else "refund.failed", found)
    return found


def dispute(store: Store, intent_id: str, cents: int | None = None, reason: str = "fraudulent") -> Thing:
    """The payer's bank takes a payment back, until it is decided who is right."""
    intent = store.get("payment_intent", intent_id)
    cents = cents or intent["amount_received"]
    found = store.add(
        "du",
        "dispute",
        amount=cents,
        balance_transactions=[],
        charge=intent["latest_charge"],
        currency=intent["currency"],
        evidence_details={"due_by": store.now() + 7 * 86400, "has_evidence": False, "past_due": False},
        metadata={},
        payment_intent=intent_id,
        reason=reason,
        status="needs_response",
    )
    move(store, found, -cents)
    store.tell("charge.dispute.created", found)
    store.tell("charge.dispute.funds_withdrawn", found)
    return found


def end_dispute(store: Store, dispute_id: str, *, won: bool) -> Thing:
    """The bank decides: the money comes again, or it is gone."""
    found = store.get("dispute", dispute_id)
    found["status"] = "won" if won else "lost"
    store.tell("charge.dispute.closed", found)
    if won:
        move(store, found, found["amount"])
        store.tell("charge.dispute.funds_reinstated", found)
    return found


def move(store: Store, found: Thing, cents: int) -> None:
    """Money of a dispute that leaves the account, or comes back to it, with the bank's fee."""
    fee = 2000 if cents < 0 else 0
    found["balance_transactions"].append(
        {
            "id": store.new_id("txn"),
            "object": "balance_transaction",
            "amount": cents,
            "created": store.now(),
            "currency": found["currency"],
            "fee": fee,
            "net": cents - fee,
            "source": found["id"],
            "type": "adjustment",
        }
    )
