"""A simulator of the part of Stripe that Atrium uses, over real HTTP: for tests, for the demo, for trying things out.

It is strict where a fake is usually kind. Each parameter that the `stripe` package's own typed dictionaries do not know
is refused, idempotency keys count, pages run out, refunds end at what was paid, and web hooks are signed; a test may
send them late, twice, out of order, tampered with or stale. It is not Stripe: what only Stripe's own servers decide
(which methods an account has, fraud, fees, payouts) is not here.

    store.py       what exists: objects, events, idempotency keys, a clock that tests may turn
    parameters.py  what a request may say
    checkout.py    payment pages, paying, debits that take days
    returns.py     refunds and disputes
    webhooks.py    signing and sending
    api.py         the addresses under /v1
    page.py        the payment page, clearly marked as a simulation
    server.py      all of it on a port
"""
