"""Stripe: hosted payment pages (Checkout Sessions), refunds, disputes, events. API version: the one the package pins.

No `payment_method_types`: Stripe took it away in 2026-09-30.endive. No Stripe Tax and no Stripe invoices: one gross line
for each page, and the documents are ours. Objects of the package are not dictionaries.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from integrations.payments import (
    About,
    BadSignature,
    DisputeResult,
    DisputeTruth,
    Notice,
    PaidMeanwhile,
    ProviderError,
    ProviderUnreachable,
    Refunded,
    RefundResult,
    Start,
    Started,
    Truth,
    TruthState,
    Withdrawn,
)

if TYPE_CHECKING:
    import stripe

log = logging.getLogger(__name__)

TOLERANCE = 300  # seconds; an older signature is stale
TIMEOUT = 12.0  # seconds; the package's own 80 would hold a web worker that long

ABOUT = {
    "checkout.session.completed": About.PAYMENT,
    "checkout.session.async_payment_succeeded": About.PAYMENT,
    "checkout.session.async_payment_failed": About.PAYMENT,
    "checkout.session.expired": About.PAYMENT,
    "refund.created": About.REFUND,
    "refund.updated": About.REFUND,
    "refund.failed": About.REFUND,
    "charge.dispute.created": About.DISPUTE,
    "charge.dispute.updated": About.DISPUTE,
    "charge.dispute.closed": About.DISPUTE,
    "charge.dispute.funds_withdrawn": About.DISPUTE,
    "charge.dispute.funds_reinstated": About.DISPUTE,
}
"""The events to send to our web hook."""

REFUNDS = {
    "succeeded": RefundResult.SUCCEEDED,
    "failed": RefundResult.FAILED,
    "canceled": RefundResult.FAILED,
}
DISPUTES = {
    "won": DisputeResult.WON,
    "warning_closed": DisputeResult.WON,
    "prevented": DisputeResult.WON,
    "lost": DisputeResult.LOST,
}


@contextmanager
def answers() -> Iterator[None]:
    """Stripe's errors as ours: no answer, or a refusal."""
    import stripe

    try:
        yield
    except stripe.StripeError as error:
        unknown = isinstance(error, stripe.APIConnectionError | stripe.APIError | stripe.RateLimitError)
        kind = ProviderUnreachable if unknown or error.http_status == 409 else ProviderError
        raise kind(f"{type(error).__name__}: {error.user_message or error}"[:300]) from error


class Stripe:
    """One Stripe account. `secrets`: those of its web hook, several while they are rolled over. `base`: of a simulator."""

    key = "stripe"
    by_hand = False
    needs_account = False  # it goes back to the card
    retries = 2  # of one call, by the package, after a moment each

    def __init__(self, api_key: str, secrets: Sequence[str] = (), base: str = "") -> None:
        self.api_key = api_key
        self.secrets = tuple(secrets)
        self.base = base

    @cached_property
    def client(self) -> stripe.StripeClient:
        import stripe

        logging.getLogger("stripe").setLevel(logging.WARNING)  # it tells of each request otherwise
        return stripe.StripeClient(
            self.api_key,
            max_network_retries=self.retries,
            base_addresses={"api": self.base} if self.base else {},
            http_client=self.http,
        )

    @cached_property
    def http(self) -> stripe.HTTPClient:
        import stripe

        return stripe.RequestsClient(timeout=TIMEOUT)

    def close(self) -> None:
        """Let go of the connections of this thread."""
        self.http.close()  # type: ignore[no-untyped-call]

    def start(self, wish: Start) -> Started:
        """Open a payment page. Raises ProviderError."""
        with answers():
            session = self.client.v1.checkout.sessions.create(
                params=page_for(wish), options={"idempotency_key": f"checkout:{wish.key}"}
            )
        return Started(session.id, session.url or "", moment(session.expires_at))

    def refresh(self, reference: str) -> Truth:
        """Read the truth of a payment page. Raises ProviderError."""
        with answers():
            session = self.client.v1.checkout.sessions.retrieve(
                reference, params={"expand": ["payment_intent.latest_charge"]}
            )
        return truth_of(session)

    def cancel(self, reference: str) -> Truth:
        """Close the page, then read the truth: one that is not open any more may have been paid. Raises ProviderError."""
        try:
            with answers():
                self.client.v1.checkout.sessions.expire(reference, options={"idempotency_key": f"expire:{reference}"})
        except ProviderUnreachable:
            raise
        except ProviderError as error:
            log.info("page %s was not open any more: %s", reference, error)
        truth = self.refresh(reference)
        if truth.state is TruthState.OPEN:
            raise PaidMeanwhile(reference)
        return truth

    def refund(self, payment_reference: str, cents: int, key: str, reason: str) -> Refunded:
        """Give money back. Raises ProviderUnreachable; a refusal is a refund that failed."""
        try:
            with answers():
                refund = self.client.v1.refunds.create(
                    params={
                        "payment_intent": payment_reference,
                        "amount": cents,
                        "metadata": {"refund": key, "reason": reason[:200]},
                    },
                    options={"idempotency_key": f"refund:{key}"},
                )
        except ProviderUnreachable:
            raise
        except ProviderError as error:
            return Refunded(RefundResult.FAILED, None, str(error))
        return refunded(refund)

    def refund_truth(self, reference: str) -> Refunded:
        """Read what became of a refund. Raises ProviderError."""
        with answers():
            return refunded(self.client.v1.refunds.retrieve(reference, params={"expand": ["payment_intent"]}))

    def dispute_truth(self, reference: str) -> DisputeTruth:
        """Read where a dispute stands. Raises ProviderError."""
        with answers():
            dispute = self.client.v1.disputes.retrieve(reference, params={"expand": ["payment_intent"]})
        intent: Any = dispute.payment_intent
        due = dispute.evidence_details.due_by if dispute.evidence_details else None
        return DisputeTruth(
            reference=dispute.id,
            payment_reference=intent.id if intent is not None else "",
            key=kept_key(intent),
            cents=dispute.amount,
            result=DISPUTES.get(str(dispute.status), DisputeResult.OPEN),
            reason=str(dispute.reason),
            answer_by=moment(due) if due else None,
            moved=tuple(
                Withdrawn(moved.id, moved.amount, moment(moved.created)) for moved in dispute.balance_transactions
            ),
        )

    def about(self, kind: str) -> About:
        """What an event of this type is about."""
        return ABOUT.get(kind, About.NOTHING)

    def notices_since(self, since: datetime) -> Iterator[Notice]:
        """The events since, newest first; Stripe keeps them for thirty days. Raises ProviderError."""
        with answers():
            pages = self.client.v1.events.list(
                params={"created": {"gte": int(since.timestamp())}, "limit": 100, "types": sorted(ABOUT)}
            )
            for event in pages.auto_paging_iter():
                yield notice_of(event.to_dict())

    def parse_webhook(self, body: bytes, headers: Mapping[str, str]) -> Notice:
        """Verify a web hook by any of our secrets, and read it. Raises BadSignature."""
        import stripe

        signature = headers.get("Stripe-Signature")
        why = "no secret is configured"
        for secret in self.secrets:
            try:
                stripe.WebhookSignature.verify_header(body, signature, secret, TOLERANCE)
                notice = notice_of(json.loads(body))
            except stripe.SignatureVerificationError as error:
                why = (error.user_message or str(error)).split(" (")[0]
            except (ValueError, KeyError, TypeError) as error:  # not UTF-8, not JSON, not an event
                raise BadSignature(f"unreadable: {type(error).__name__}") from error
            else:
                if notice.payload["version"] != stripe.api_version:  # that of the endpoint, chosen when it was made
                    log.warning("a web hook speaks %s, we %s", notice.payload["version"], stripe.api_version)
                return notice
        raise BadSignature(why[:200])


def page_for(wish: Start) -> Any:
    """The parameters of a payment page: always the same for the same wish, for its idempotency key."""
    assert wish.expires_at is not None
    told = {"attempt": wish.key, "order": wish.order}
    return {
        "mode": "payment",
        "locale": wish.locale,
        "client_reference_id": wish.key,
        "customer_email": wish.email,
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": wish.currency.lower(),
                    "unit_amount": wish.cents,
                    "product_data": {"name": wish.description},
                },
            }
        ],
        "allowed_payment_method_types": ["card", "bancontact", *(["sepa_debit"] if wish.allows_debit else [])],
        "adaptive_pricing": {"enabled": False},  # the payer pays euros, and we receive what we asked for
        "submit_type": "pay",
        "expires_at": int(wish.expires_at.timestamp()),
        "metadata": told,
        "payment_intent_data": {"metadata": told, "description": wish.order},  # not copied from the page's own
        "success_url": wish.success_url,
        "cancel_url": wish.cancel_url,
    }


def truth_of(session: stripe.checkout.Session) -> Truth:
    """A page as our truth. `complete` alone is not paid: a debit is complete days before its money comes."""
    intent: Any = session.payment_intent
    state = TruthState.OPEN
    if session.payment_status == "paid":
        state = TruthState.PAID
    elif session.status == "expired":
        state = TruthState.EXPIRED
    elif session.status == "complete":
        ended = intent is not None and intent.status in ("requires_payment_method", "canceled")
        state = TruthState.FAILED if ended else TruthState.PROCESSING
    charge = intent.latest_charge if intent is not None else None
    return Truth(
        state=state,
        key=session.client_reference_id or "",
        asked_cents=session.amount_total or 0,
        received_cents=intent.amount_received if intent is not None else 0,
        currency=(session.currency or "").upper(),
        reference=session.id,
        payment_reference=intent.id if intent is not None else None,
        at=moment(charge.created) if charge is not None else None,
    )


def refunded(refund: stripe.Refund) -> Refunded:
    result = REFUNDS.get(refund.status or "", RefundResult.PENDING)
    error = getattr(refund, "failure_reason", None) if result is RefundResult.FAILED else None
    told = refund.metadata.to_dict() if refund.metadata else {}
    intent: Any = refund.payment_intent
    return Refunded(
        result,
        refund.id,
        str(error or ""),
        payment_reference=intent if isinstance(intent, str) else intent.id if intent is not None else "",
        cents=refund.amount,
        key=str(told.get("refund", "")),
        attempt="" if isinstance(intent, str) else kept_key(intent),
    )


def notice_of(event: Mapping[str, Any]) -> Notice:
    """An event as our notice: only what tells whom to ask."""
    thing = event["data"]["object"]
    told = thing.get("metadata") or {}
    key = thing.get("client_reference_id") or told.get("attempt") or told.get("refund") or ""
    return Notice(
        id=str(event["id"]),
        kind=str(event["type"]),
        reference=str(thing.get("id", "")),
        about=ABOUT.get(str(event["type"]), About.NOTHING),
        payload={"key": str(key), "version": str(event.get("api_version")), "created": int(event.get("created", 0))},
    )


def kept_key(intent: Any) -> str:
    """The attempt's public id as it was kept with the payment."""
    return str(intent.metadata.to_dict().get("attempt", "")) if intent is not None else ""


def moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
