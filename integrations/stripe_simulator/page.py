"""The payment page of the simulator: it says on every line that no money moves."""

from __future__ import annotations

import secrets
from typing import Any

from jinja2 import Environment
from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from integrations.stripe_simulator import checkout
from integrations.stripe_simulator.store import Refused, Store, Thing

LABELS = {"card": "Pay by card", "bancontact": "Pay by Bancontact", "sepa_debit": "Pay by SEPA direct debit"}

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ amount }} · payment simulation</title>
<style nonce="{{ nonce }}">
:root { color-scheme: light dark; --paper: #fbfaf7; --ink: #1c1b19; --quiet: #605d56; --line: #d9d5cc; --teal: #0d6767; --wait: #7a5200; --wash: #fdf3dc }
@media (prefers-color-scheme: dark) { :root { --paper: #171614; --ink: #f0ede6; --quiet: #b3aea3; --line: #45413a; --teal: #6cc7c2; --wait: #f0c674; --wash: #33290f } }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1.0625rem/1.5 system-ui, sans-serif }
main { max-width: 30rem; margin: 0 auto; padding: 2rem 1.25rem 4rem }
.sign { margin: 0; background: var(--wash); color: var(--wait); padding: .75rem 1.25rem; text-align: center; font-weight: 600; border-bottom: 2px dashed }
h1 { font: 500 2.25rem/1.2 Georgia, serif; margin: 2rem 0 .25rem }
.quiet { color: var(--quiet); margin: 0 0 2rem }
button { display: block; width: 100%; min-height: 3rem; margin: 0 0 .75rem; padding: .5rem 1rem; border-radius: .5rem; border: 1.5px solid var(--teal); background: transparent; color: var(--teal); font: inherit; text-align: left; cursor: pointer }
button.first { background: var(--teal); color: var(--paper); font-weight: 600 }
button.plain { border-color: var(--line); color: var(--ink) }
button:focus-visible, a:focus-visible { outline: 3px solid var(--teal); outline-offset: 2px }
small { display: block; font-weight: 400 }
a { color: var(--teal) }
[role=alert] { border-left: 4px solid #b3261e; padding: .25rem 1rem; margin: 0 0 1.5rem }
</style>
</head>
<body>
<p class="sign">Simulation of a payment page. No card is charged, no money moves.</p>
<main>
<h1>{{ amount }}</h1>
<p class="quiet">{{ name }}</p>
{% if declined %}<p role="alert">The card was declined (simulated). Choose another way, or leave.</p>{% endif %}
{% if is_open %}
<form method="post">
{% for method, label in methods %}<button name="act" value="{{ method }}"{% if loop.first %} class="first"{% endif %}>{{ label }}{% if method == 'sepa_debit' %}<small>The money arrives some seconds later; with a real bank, some days.</small>{% endif %}</button>
{% endfor %}
<button class="plain" name="act" value="decline">Use a card that is declined</button>
</form>
{% else %}<p role="alert">{{ closed }}</p>{% endif %}
{% if back %}<p><a href="{{ back }}">Leave without paying</a></p>{% endif %}
</main>
</body>
</html>"""


def rendered(store: Store, session: Thing, *, declined: bool = False) -> Response:
    nonce = secrets.token_urlsafe(12)
    name = store.things[f"draft {session['id']}"]["name"]
    amount = f"{session['amount_total'] / 100:,.2f} {session['currency'].upper()}"
    html = (
        Environment(autoescape=True)
        .from_string(PAGE)
        .render(
            amount=amount,
            name=name,
            nonce=nonce,
            declined=declined,
            is_open=session["status"] == "open",
            closed="This page has run out." if session["status"] == "expired" else "This is paid already.",
            methods=[(method, LABELS[method]) for method in session["payment_method_types"]],
            back=session["cancel_url"],
        )
    )
    policy = f"default-src 'none'; style-src 'nonce-{nonce}'; base-uri 'none'; frame-ancestors 'none'"
    return Response(html, mimetype="text/html", headers={"Content-Security-Policy": policy})


def answer(request: Request, store: Store, session_id: str) -> Any:
    """Show the page; or do what the payer chose: pay, or use a card that is declined."""
    with store.lock:
        try:
            session = checkout.session_of(store, session_id)
            if request.method != "POST":
                return rendered(store, session)
            if request.form.get("act") == "decline":
                return rendered(store, session, declined=True)
            if session["status"] == "open":
                checkout.pay(store, session_id, request.form.get("act", ""))
        except Refused as refusal:
            return Response(refusal.message, refusal.status, mimetype="text/plain")
        finally:
            store.keep()
    return redirect(session["success_url"].replace("{CHECKOUT_SESSION_ID}", session_id), 303)
