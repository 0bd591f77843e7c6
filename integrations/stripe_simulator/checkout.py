"""Payment pages: opened, paid, declined, run out; and debits whose money takes days."""

from __future__ import annotations

from typing import Any

from integrations.stripe_simulator.store import Refused, Store, Thing

LIVES_AT_LEAST, LIVES_AT_MOST = 30 * 60, 24 * 3600
METHODS = ("card", "bancontact", "sepa_debit")
SMALLEST = 50  # cents


def open_session(store: Store, params: dict[str, Any], host: str) -> Thing:
    """A payment page. Raises Refused for what Stripe refuses."""
    expires_at = int(params.get("expires_at", store.now() + LIVES_AT_MOST))
    if not LIVES_AT_LEAST <= expires_at - store.now() <= LIVES_AT_MOST:
        raise Refused("The `expires_at` timestamp must be from 30 minutes to 24 hours ahead.", param="expires_at")
    if params.get("mode") != "payment":
        raise Refused("The simulator knows mode `payment` only.", param="mode")
    if not params.get("success_url"):
        raise Refused("Missing required param: success_url.", param="success_url")
    total, currency = total_of(params.get("line_items") or [])
    methods = [name for name in METHODS if name in params.get("allowed_payment_method_types", METHODS)]
    session = store.add(
        "cs_test",
        "checkout.session",
        amount_total=total,
        amount_subtotal=total,
        currency=currency,
        cancel_url=params.get("cancel_url"),
        success_url=params["success_url"],
        client_reference_id=params.get("client_reference_id"),
        customer_email=params.get("customer_email"),
        expires_at=expires_at,
        locale=params.get("locale"),
        metadata=params.get("metadata", {}),
        mode="payment",
        payment_intent=None,
        payment_method_types=methods,
        payment_status="unpaid",
        status="open",
    )
    session["url"] = f"{host}/pay/{session['id']}"
    store.things[f"draft {session['id']}"] = {
        "object": "draft",
        "name": params["line_items"][0]["price_data"]["product_data"]["name"],
        **params.get("payment_intent_data", {}),
    }
    return session


def total_of(lines: list[dict[str, Any]]) -> tuple[int, str]:
    """Cents and currency of the lines."""
    if not lines:
        raise Refused("Missing required param: line_items.", param="line_items")
    prices = [line.get("price_data", {}) for line in lines]
    currencies = {price.get("currency") for price in prices}
    if len(currencies) != 1 or not str(prices[0].get("currency") or "").islower():
        raise Refused("All lines need one currency, in lowercase.", param="line_items[0][price_data][currency]")
    if any("unit_amount" not in price or not price.get("product_data", {}).get("name") for price in prices):
        raise Refused("A line needs unit_amount and product_data[name].", param="line_items[0][price_data]")
    pairs = zip(lines, prices, strict=True)
    total = sum(int(line.get("quantity", 1)) * int(price["unit_amount"]) for line, price in pairs)
    if total < SMALLEST:
        raise Refused(f"The total must be at least {SMALLEST} cents.", code="amount_too_small")
    return total, str(prices[0]["currency"])


def session_of(store: Store, session_id: str) -> Thing:
    """The page as it is now: one whose time is over has run out, whether or not anybody looked."""
    session = store.get("checkout.session", session_id)
    if session["status"] == "open" and session["expires_at"] <= store.now():
        run_out(store, session)
    return session


def run_out(store: Store, session: Thing) -> None:
    session["status"] = "expired"
    store.tell("checkout.session.expired", session)


def expire(store: Store, session_id: str) -> Thing:
    """Close an open page. Raises Refused when it is not open any more."""
    session = session_of(store, session_id)
    if session["status"] != "open":
        raise Refused(
            'Only Checkout Sessions with a status in ["open"] can be expired. '
            f"This Checkout Session has a status of `{session['status']}`."
        )
    run_out(store, session)
    return session


def pay(store: Store, session_id: str, method: str) -> Thing:
    """The payer pays on the page. A debit is completed and unpaid: its money comes by `settle`. Raises Refused."""
    session = session_of(store, session_id)
    if session["status"] != "open":
        raise Refused("This payment page is closed.")
    if method not in session["payment_method_types"]:
        raise Refused(f"This page does not offer {method}.", param="payment_method")
    draft = store.things[f"draft {session_id}"]
    takes_days = method == "sepa_debit"
    intent = store.add(
        "pi",
        "payment_intent",
        amount=session["amount_total"],
        amount_received=0,
        currency=session["currency"],
        description=draft.get("description"),
        latest_charge=None,
        metadata=draft.get("metadata", {}),
        payment_method_types=list(session["payment_method_types"]),
        status="processing",
    )
    store.methods[intent["id"]] = method
    charge = store.add(
        "ch", "charge", amount=intent["amount"], currency=intent["currency"], payment_intent=intent["id"]
    )
    intent["latest_charge"] = charge["id"]
    session |= {"status": "complete", "payment_intent": intent["id"]}
    if not takes_days:
        receive(session, intent)
    store.tell("checkout.session.completed", session)
    return session


def receive(session: Thing, intent: Thing) -> None:
    intent |= {"status": "succeeded", "amount_received": intent["amount"]}
    session["payment_status"] = "paid"


def settle(store: Store, session_id: str, *, succeeds: bool = True) -> Thing:
    """The bank answers a debit: the money came, or it did not."""
    session = store.get("checkout.session", session_id)
    intent = store.get("payment_intent", session["payment_intent"])
    if intent["status"] != "processing":
        raise Refused("Nothing is on its way for this page.")
    if succeeds:
        receive(session, intent)
        store.tell("checkout.session.async_payment_succeeded", session)
    else:
        intent["status"] = "requires_payment_method"
        store.tell("checkout.session.async_payment_failed", session)
    return session


def is_refused(store: Store, session_id: str) -> bool:
    """Whether the payer chose a debit that the bank refuses."""
    return bool(store.things[f"draft {session_id}"].get("refused"))


def on_its_way(store: Store, older_than: int) -> list[str]:
    """The pages of debits that the bank has not answered for so many seconds."""
    found = [thing for thing in store.things.values() if thing["object"] == "checkout.session"]
    found = [session for session in found if session["status"] == "complete" and session["payment_status"] == "unpaid"]
    intents = [(session["id"], store.get("payment_intent", session["payment_intent"])) for session in found]
    limit = store.now() - older_than
    return [name for name, intent in intents if intent["status"] == "processing" and intent["created"] <= limit]
