"""The payment page of the simulator: it says on every line that no money moves."""

from __future__ import annotations

import secrets
from typing import Any

from jinja2 import Environment
from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from integrations.stripe_simulator import checkout
from integrations.stripe_simulator.store import Refused, Store, Thing
from integrations.stripe_simulator.words import WORDS, words_of

PAGE = """<!doctype html>
<html lang="{{ lang }}">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ amount }} · {{ say.title }}</title>
<style nonce="{{ nonce }}">
:root { color-scheme: light dark; --paper: #fbfaf7; --card: #fff; --ink: #1c1b19; --quiet: #605d56; --line: #d9d5cc; --teal: #0d6767; --on-teal: #fff; --stop: #b3261e; --wait: #7a5200; --wash: #fdf3dc }
@media (prefers-color-scheme: dark) { :root { --paper: #171614; --card: #1f1d1a; --ink: #f0ede6; --quiet: #b3aea3; --line: #45413a; --teal: #6cc7c2; --on-teal: #102222; --stop: #f2938c; --wait: #f0c674; --wash: #33290f } }
* { box-sizing: border-box }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1.0625rem/1.5 system-ui, sans-serif }
main { max-width: 32rem; margin: 3rem auto; padding: 2.5rem; background: var(--card); border: 1px solid var(--line); border-radius: .5rem }
@media (max-width: 34rem) { main { margin: 0; padding: 1.5rem 1.25rem 3rem; border: 0; background: none } }
.sign { margin: 0; background: var(--wash); color: var(--wait); padding: .75rem 1.25rem; text-align: center; font-weight: 600; border-bottom: 2px dashed }
h1 { font: 500 2.75rem/1.1 Georgia, serif; margin: 0 0 .5rem; font-variant-numeric: lining-nums }
h2 { font-size: .875rem; font-weight: 600; color: var(--quiet); margin: 2rem 0 .75rem; padding-top: 1.25rem; border-top: 1px solid var(--line) }
.quiet { color: var(--quiet); margin: 0 0 2rem }
.code { white-space: nowrap; font-family: ui-monospace, monospace; font-size: .9375rem }
button { display: block; width: 100%; min-height: 3rem; margin: 0 0 .75rem; padding: .625rem 1rem; border-radius: .375rem; border: 1.5px solid var(--teal); background: transparent; color: var(--teal); font: inherit; font-weight: 600; text-align: left; cursor: pointer }
button.first { background: var(--teal); color: var(--on-teal) }
button.plain { min-height: 2.75rem; border: 1px solid var(--line); color: var(--ink); font-weight: 400; font-size: .9375rem; padding: .5rem 1rem; margin-bottom: .5rem }
button:focus-visible, a:focus-visible { outline: 3px solid var(--teal); outline-offset: 2px }
small { display: block; font-weight: 400 }
a { display: inline-block; padding: .375rem 0; color: var(--teal) }
[role=alert], [role=status] { border-left: 4px solid var(--stop); padding: .25rem 1rem; margin: 0 0 1.5rem }
[role=status] { border-color: var(--teal) }
.leave { margin: 1.5rem 0 0 }
</style>
</head>
<body>
<header><p class="sign">{{ say.sign }}</p></header>
<main>
<h1>{{ amount }}</h1>
<p class="quiet">{{ name }}{% if order %} <span class="code">{{ order }}</span>{% endif %}</p>
{% if declined %}<p role="alert">{{ say.declined }}</p>{% endif %}
{% if is_open %}
<form method="post">
{% for method in methods %}<button name="act" value="{{ method }}"{% if loop.first %} class="first"{% endif %}>{{ say[method] }}{% if method == 'sepa_debit' %}<small>{{ say.takes }}</small>{% endif %}</button>
{% endfor %}
<h2>{{ say.else }}</h2>
<button class="plain" name="act" value="decline">{{ say.decline }}</button>
{% if 'sepa_debit' in methods %}<button class="plain" name="act" value="refused_debit">{{ say.refused_debit }}</button>{% endif %}
<button class="plain" name="act" value="run_out">{{ say.run_out }}</button>
</form>
{% elif is_paid %}<p role="status">{{ say.paid }}</p>{% else %}<p role="alert">{{ say.expired }}</p>{% endif %}
{% if back %}<p class="leave"><a href="{{ back }}">{{ say.leave if is_open else say.back }}</a></p>{% endif %}
</main>
</body>
</html>"""


def rendered(store: Store, session: Thing, *, declined: bool = False) -> Response:
    nonce = secrets.token_urlsafe(12)
    draft = store.things[f"draft {session['id']}"]
    order = str(draft.get("description") or "")
    is_paid = session["status"] == "complete"
    html = (
        Environment(autoescape=True)
        .from_string(PAGE)
        .render(
            say=words_of(session["locale"]),
            lang=session["locale"] if session["locale"] in WORDS else "en",
            amount=amount_of(session),
            name=str(draft["name"]).removesuffix(f" ({order})"),
            order=order,
            nonce=nonce,
            declined=declined,
            is_open=session["status"] == "open",
            is_paid=is_paid,
            methods=session["payment_method_types"],
            back=came_back(session) if is_paid else session["cancel_url"],
        )
    )
    policy = f"default-src 'none'; style-src 'nonce-{nonce}'; base-uri 'none'; frame-ancestors 'none'"
    return Response(html, mimetype="text/html", headers={"Content-Security-Policy": policy})


def amount_of(session: Thing) -> str:
    """The amount as the language of the page writes it."""
    from babel.numbers import format_currency

    return format_currency(session["amount_total"] / 100, session["currency"].upper(), locale=session["locale"] or "en")


def came_back(session: Thing) -> str:
    """Where a payer is sent after paying."""
    return str(session["success_url"].replace("{CHECKOUT_SESSION_ID}", session["id"]))


def answer(request: Request, store: Store, session_id: str) -> Any:
    """Show the page; or do what the payer chose: pay, be refused, or let it run out."""
    with store.lock:
        try:
            session = checkout.session_of(store, session_id)
            if request.method != "POST":
                return rendered(store, session)
            act = request.form.get("act", "")
            if act == "decline":
                return rendered(store, session, declined=session["status"] == "open")
            if act == "run_out" or session["status"] != "open":
                return rendered(store, closed(store, session))
            checkout.pay(store, session_id, "sepa_debit" if act == "refused_debit" else act)
            store.things[f"draft {session_id}"]["refused"] = act == "refused_debit"
        except Refused as refusal:
            return Response(refusal.message, refusal.status, mimetype="text/plain")
        finally:
            store.keep()
    return redirect(came_back(session), 303)


def closed(store: Store, session: Thing) -> Thing:
    """The page, run out unless it was paid."""
    if session["status"] == "open":
        checkout.run_out(store, session)
    return session
