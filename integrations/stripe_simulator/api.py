"""The addresses under /v1, as the `stripe` package asks for them. Everything else is refused."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, current_app, request

from integrations.stripe_simulator import checkout, returns
from integrations.stripe_simulator.parameters import check, nested
from integrations.stripe_simulator.store import Refused, Store, Thing

blueprint = Blueprint("api", __name__, url_prefix="/v1")
Act = Callable[[Store, dict[str, Any]], Thing]


def store() -> Store:
    found: Store = current_app.extensions["store"]
    return found


def answer(kind: str, act: Act) -> Response:
    """Check key, version and parameters (`kind` names their typed dictionary), act once per idempotency key, answer."""
    with store().lock:
        try:
            status, body = 200, acted(kind, act)
        except Refused as refusal:
            status, body = refusal.status, refusal.body()
        store().keep()
    text = body if isinstance(body, str) else json.dumps(body)
    return Response(text, status, mimetype="application/json", headers={"Request-Id": store().new_id("req")})


def acted(kind: str, act: Act) -> Thing | str:
    """What the request does. A repeated idempotency key gets the first answer. Raises Refused."""
    check_caller()
    params = nested((request.form if request.method == "POST" else request.args).items(multi=True))
    check(params, kind)
    if request.method == "GET":
        return act(store(), params)
    key = request.headers.get("Idempotency-Key")
    if not key or len(key) > 255:
        raise Refused("A write needs an idempotency key of at most 255 characters.")
    said = hashlib.sha256(json.dumps([request.path, params], sort_keys=True).encode()).hexdigest()
    known = store().answers.get(key)
    if known is None:
        made = json.dumps(act(store(), params))  # a request that is refused leaves its key free
        store().answers[key] = {"said": said, "body": made}
        return made
    if known["said"] != said:
        raise Refused(
            "Keys for idempotent requests can only be used with the same parameters they were first used with.",
            kind="idempotency_error",
        )
    return str(known["body"])


def check_caller() -> None:
    """The right key, and the version that the package pins."""
    import stripe

    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    if scheme != "Bearer" or key != current_app.config["API_KEY"]:
        raise Refused("Invalid API Key provided.", status=401)
    version = request.headers.get("Stripe-Version")
    if version != stripe.api_version:
        raise Refused(f"The simulator answers version {stripe.api_version}, not {version}.")


def expanded(found: Thing, params: dict[str, Any]) -> Thing:
    """A copy in which the ids named by `expand` are the objects themselves."""
    copy: Thing = json.loads(json.dumps(found))
    for path in params.get("expand", []):
        place: Thing = copy
        for name in path.split("."):
            if name not in place:
                raise Refused(f"This property cannot be expanded ({name}).", param="expand")
            if isinstance(place[name], str):
                place[name] = json.loads(json.dumps(store().things[place[name]]))
            if place[name] is None:
                break
            place = place[name]
    return copy


@blueprint.post("/checkout/sessions")
def open_session() -> Response:
    host = request.host_url.rstrip("/")
    return answer("checkout.SessionCreateParams", lambda store, params: checkout.open_session(store, params, host))


@blueprint.get("/checkout/sessions/<session_id>")
def read_session(session_id: str) -> Response:
    return answer(
        "checkout.SessionRetrieveParams",
        lambda store, params: expanded(checkout.session_of(store, session_id), params),
    )


@blueprint.post("/checkout/sessions/<session_id>/expire")
def expire_session(session_id: str) -> Response:
    return answer("checkout.SessionExpireParams", lambda store, params: checkout.expire(store, session_id))


@blueprint.post("/refunds")
def create_refund() -> Response:
    return answer("RefundCreateParams", returns.refund)


@blueprint.get("/refunds/<refund_id>")
def read_refund(refund_id: str) -> Response:
    return answer("RefundRetrieveParams", lambda store, params: store.get("refund", refund_id))


@blueprint.get("/disputes/<dispute_id>")
def read_dispute(dispute_id: str) -> Response:
    return answer("DisputeRetrieveParams", lambda store, params: store.get("dispute", dispute_id))


@blueprint.get("/events")
def list_events() -> Response:
    return answer("EventListParams", page_of_events)


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


@blueprint.route("/<path:rest>", methods=["GET", "POST", "DELETE"])
def unknown(rest: str) -> Response:
    def refuse(store: Store, params: dict[str, Any]) -> Thing:
        raise Refused(f"The simulator does not know {request.method} /v1/{rest}.", status=404)

    return answer("EventRetrieveParams", refuse)
