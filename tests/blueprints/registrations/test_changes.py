"""Changing a registration without giving it up: a colleague, another date, the other way to take part, and leaving."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from models.base import db, now
from models.events import Modality
from models.orders import Order
from models.registrations import Registration, Status
from tests.blueprints.registrations.test_order import code_of
from tests.browsing import Browser
from tests.cast import Cast, make_event, post_form, sign_in, words
from tests.services.test_cancel_registration import receive, status_of
from tests.services.test_kept_places import counted, keep, ticket_of
from tests.services.test_modality_switch import hybrid
from tests.services.test_register import enrol
from tests.services.test_substitutions import TIERS, two_dates

NADIA = {"given_name": "Nadia", "family_name": "Haddad", "email": "nadia@orvane.example"}


def test_sending_a_colleague(client: Browser, cast: Cast) -> None:
    row = enrol(cast.bob, make_event())
    home = f"/orders/{code_of(row)}"
    sign_in(client, cast.bob)
    assert "Send a colleague" in words(client.get(home))
    answer = post_form(client, f"{home}/colleague/{row.public_id}", NADIA)
    assert answer.location == home
    text = words(client.get(home))
    assert "Pay €302.50 by" in text  # the order goes on, and Bob still pays it
    assert "Nadia Haddad" in text
    assert "a colleague comes instead (you)" in text
    assert "Your place" not in text.split("Who comes")[0].split("Pay")[0]


def test_a_colleague_who_has_a_place_is_told_at_the_field(client: Browser, cast: Cast) -> None:
    event = make_event()
    row, _ = enrol(cast.bob, event), enrol(cast.dora, event, email="dora@lysara.example")
    sign_in(client, cast.bob)
    path = f"/orders/{code_of(row)}/colleague/{row.public_id}"
    answer = post_form(client, path, {"given_name": "Dora", "family_name": "Wouters", "email": "dora@lysara.example"})
    assert answer.status_code == 422
    assert "This person has a place of their own already." in words(answer)
    assert 'value="Wouters"' in answer.get_data(as_text=True)


def test_moving_to_another_date(client: Browser, cast: Cast) -> None:
    first, second = two_dates(starts_at=now() + timedelta(days=40))
    row = enrol(cast.carol, first)
    home = f"/orders/{code_of(row)}"
    sign_in(client, cast.carol)
    path = f"{home}/date/{row.public_id}"
    assert "Choose one of the dates." in words(post_form(client, path, {}))
    assert post_form(client, path, {"date": first.public_id}).status_code == 422
    assert post_form(client, path, {"date": second.public_id}).location == home
    assert status_of(row) == Status.TRANSFERRED
    assert "moved to another date" in words(client.get(home))


def test_without_another_date_it_says_so(client: Browser, cast: Cast) -> None:
    row = enrol(cast.carol, make_event())
    sign_in(client, cast.carol)
    assert "No other date of this course" in words(client.get(f"/orders/{code_of(row)}/date/{row.public_id}"))


def test_taking_part_online(client: Browser, cast: Cast) -> None:
    row = enrol(cast.carol, hybrid())
    home = f"/orders/{code_of(row)}"
    sign_in(client, cast.carol)
    assert "Take part online" in words(client.get(home))
    assert post_form(client, f"{home}/way/{row.public_id}").location == home
    assert "moved to an online place" in words(client.get(home))
    assert "Take part on site" in words(client.get(home))


def test_what_leaving_costs_stands_before_the_button(client: Browser, cast: Cast) -> None:
    event = make_event(public_cents=10000, member_cents=None, tiers=TIERS)
    row = enrol(cast.carol, event)
    code = code_of(row)
    receive(code, 12100, "bank-1", cast.fay)
    sign_in(client, cast.carol)
    page = words(client.get(f"/orders/{code}/cancel/{row.public_id}"))
    assert "€60.50: 50 % of the price of €121.00." in page
    assert "What comes back €60.50, by transfer" in page
    post_form(client, f"/orders/{code}/cancel/{row.public_id}")
    assert "We owe you €60.50" in words(client.get(f"/orders/{code}"))


def test_the_sentence_of_the_tiers_is_shown_and_frozen(client: Browser, cast: Cast) -> None:
    event = make_event(public_cents=10000, member_cents=None, tiers=TIERS, starts_at=now() + timedelta(days=60))
    sign_in(client, cast.carol)
    assert "then half the price; from" in words(client.get(f"/events/{event.slug}/register"))
    enrol(cast.carol, event)
    policy = db.session.scalars(select(Order.policy)).one()
    assert policy.startswith("Free until ")
    assert policy.endswith("the full price.")


def test_somebody_elses_registration_does_not_exist(client: Browser, cast: Cast) -> None:
    mine, theirs = enrol(cast.bob, make_event()), enrol(cast.carol, make_event())
    sign_in(client, cast.bob)
    for act in ("colleague", "date", "way", "who", "cancel"):
        assert client.get(f"/orders/{code_of(mine)}/{act}/{theirs.public_id}").status_code == 404
        assert client.get(f"/orders/{code_of(theirs)}/{act}/{theirs.public_id}").status_code == 404
    assert db.session.scalars(select(Registration.status).where(Registration.id == theirs.id)).one() != Status.CANCELLED


def test_a_code_opens_its_kept_place_on_another_date(client: Browser, cast: Cast) -> None:
    first, second = two_dates(starts_at=now() + timedelta(days=40))
    keep(second)
    row = enrol(cast.carol, first)
    home = f"/orders/{code_of(row)}"
    sign_in(client, cast.carol)
    path = f"{home}/date/{row.public_id}"
    assert "full, but for places kept for a code" in words(client.get(path))
    chosen = {"date": second.public_id}
    assert "Write it here, or choose another date." in words(post_form(client, path, chosen))
    wrong = post_form(client, path, {**chosen, "voucher": "WRONG"})
    assert wrong.status_code == 422
    assert "We do not know this code." in words(wrong)
    assert 'value="WRONG"' in wrong.text
    assert post_form(client, path, {**chosen, "voucher": "press"}).location == home
    assert status_of(row) == Status.TRANSFERRED


def test_a_code_opens_its_kept_place_online(client: Browser, cast: Cast) -> None:
    event = hybrid()
    keep(event, modality=Modality.ONLINE)
    row = enrol(cast.bob, event, ticket=ticket_of(event, Modality.ONSITE))
    home = f"/orders/{code_of(row)}"
    sign_in(client, cast.bob)
    assert "Take part online with a code" in words(client.get(home))
    path = f"{home}/way/{row.public_id}"
    assert "The last places there are kept for a code." in words(client.get(path))
    wrong = post_form(client, path, {"voucher": "WRONG"})
    assert "We do not know this code." in words(wrong)
    assert post_form(client, path, {"voucher": "PRESS"}).location == home
    assert counted(event) == [(0, 0), (1, 0)]
