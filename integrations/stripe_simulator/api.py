"""The addresses under /v1, as the `stripe` package asks for them. Everything else is refused."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from werkzeug.wrappers import Request, Response

from integrations.stripe_simulator import checkout, returns
from integrations.stripe_simulator.parameters import check, nested
from integrations.stripe_simulator.store import Refused, Store, Thing

Act = Callable[[Store, dict[str, Any]], Thing]


def answer(request: Request, store: Store, api_key: str, kind: str, act: Act) -> Response:
    """Check key, version and parameters (`kind` names their typed dictionary), act once per idempotency key, answer."""
    with store.lock:
        try:
            check_caller(request, store, api_key)
            status, body = 200, acted(request, store, kind, act)
        except Refused as refusal:
            status, body = refusal.status, json.dumps(refusal.body())
        store.keep()
    return Response(body, status, mimetype="application/json", headers={"Request-Id": store.new_id("req")})


def acted(request: Request, store: Store, kind: str, act: Act) -> str:
    """What the request does, as JSON. A repeated idempotency key gets the first answer. Raises Refused."""
    params = nested((request.form if request.method == "POST" else request.args).items(multi=True))
    check(params, kind)
    if request.method == "GET":
        return json.dumps(act(store, params))
    key = request.headers.get("Idempotency-Key")
    if not key or len(key) > 255:
        raise Refused("A write needs an idempotency key of at most 255 characters.")
    said = hashlib.sha256(json.dumps([request.path, params], sort_keys=True).encode()).hexdigest()
    known = store.answers.get(key)
    if known is None:
        made = json.dumps(act(store, params))  # a request that is refused leaves its key free
        store.answers[key] = {"said": said, "body": made}
        return made
    if known["said"] != said:
        raise Refused(
            "Keys for idempotent requests can only be used with the same parameters they were first used with.",
            kind="idempotency_error",
        )
    return str(known["body"])


def check_caller(request: Request, store: Store, api_key: str) -> None:
    """The right key, and the version that the package pins; and whether today is a bad day."""
    import stripe

    if store.failing:
        store.failing -= 1
        raise Refused("Something is wrong on our side.", status=500, kind="api_error")
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    if scheme != "Bearer" or key != api_key:
        raise Refused("Invalid API Key provided.", status=401)
    version = request.headers.get("Stripe-Version")
    if version != stripe.api_version:
        raise Refused(f"The simulator answers version {stripe.api_version}, not {version}.")


def act_of(request: Request, endpoint: str, names: dict[str, str]) -> tuple[str, Act]:
    """The typed dictionary of the request's parameters, and what it does."""
    host = request.host_url.rstrip("/")
    thing = names.get("name", "")
    match endpoint:
        case "open_session":
            return "checkout.SessionCreateParams", lambda store, params: checkout.open_session(store, params, host)
        case "read_session":
            return "checkout.SessionRetrieveParams", lambda store, params: expanded(
                store, checkout.session_of(store, thing), params
            )
        case "expire_session":
            return "checkout.SessionExpireParams", lambda store, params: checkout.expire(store, thing)
        case "create_refund":
            return "RefundCreateParams", returns.refund
        case "read_refund":
            return "RefundRetrieveParams", lambda store, params: expanded(store, store.get("refund", thing), params)
        case "read_dispute":
            return "DisputeRetrieveParams", lambda store, params: expanded(store, store.get("dispute", thing), params)
        case "list_events":
            return "EventListParams", page_of_events
    return "EventRetrieveParams", lambda store, params: refuse(f"{request.method} {request.path}")


def refuse(what: str) -> Thing:
    raise Refused(f"The simulator does not know {what}.", status=404)


def expanded(store: Store, found: Thing, params: dict[str, Any]) -> Thing:
    """A copy in which the ids named by `expand` are the objects themselves."""
    copy: Thing = json.loads(json.dumps(found))
    for path in params.get("expand", []):
        place: Thing = copy
        for name in path.split("."):
            if name not in place:
                raise Refused(f"This property cannot be expanded ({name}).", param="expand")
            if isinstance(place[name], str):
                place[name] = json.loads(json.dumps(store.things[place[name]]))
            if place[name] is None:
                break
            place = place[name]
    return copy


def page_of_events(store: Store, params: dict[str, Any]) -> Thing:
    """The newest first, as Stripe lists them."""
    found = list(reversed(store.events))
    created = params.get("created")
    if isinstance(created, dict) and "gte" in created:
        found = [event for event in found if event["created"] >= int(created["gte"])]
    if "types" in params:
        found = [event for event in found if event["type"] in params["types"]]
    if "starting_after" in params:
        ids = [event["id"] for event in found]
        found = found[ids.index(params["starting_after"]) + 1 :]
    size = int(params.get("limit", 10))
    return {"object": "list", "url": "/v1/events", "has_more": len(found) > size, "data": found[:size]}
