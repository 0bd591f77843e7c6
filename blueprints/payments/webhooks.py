"""What Stripe tells us. The answer is quick: the notice is kept, and worked off after the commit."""

from __future__ import annotations

from flask import abort, request
from flask.typing import ResponseReturnValue

from blueprints.payments import blueprint
from extensions import csrf
from services.payment_inbox import NoticeRefused, receive
from services.providers import CARDS, card_provider


@blueprint.post("/webhooks/stripe")
@csrf.exempt  # its signature says where it comes from
def stripe() -> ResponseReturnValue:
    """Keep a notice: 200 however often it comes, 400 when it is forged or stale, 404 where no cards are taken."""
    if card_provider() is None:
        abort(404)
    try:
        receive(CARDS, request.get_data(cache=False), dict(request.headers), ip=request.remote_addr or "")
    except NoticeRefused:
        return {"error": "the signature does not fit"}, 400
    return {"received": True}, 200
