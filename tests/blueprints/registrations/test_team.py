"""Enrolling several colleagues: three pages, no script, and nothing typed is lost."""

from __future__ import annotations

import re
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from models.base import db
from models.events import Event
from models.orders import Order
from models.organisations import Affiliation
from models.registrations import Registration, Status
from services.team_lists import TeamWish
from services.team_orders import order_for_team
from services.transaction import writing
from tests.browsing import Browser
from tests.cast import (
    Cast,
    add_member_locked,
    add_person_locked,
    affiliate_locked,
    make_event,
    post_form,
    sign_in,
    words,
)
from tests.services.billed import as_company

SIX = "\n".join(f"Person{letter} Family{letter} <p{letter}@lysara.example>" for letter in "abcdef")


def path_of(event: Event) -> str:
    return f"/events/{event.slug}/register/team"


def shown(response: TestResponse) -> dict[str, str]:
    """The hidden fields that say what the page showed."""
    html = response.get_data(as_text=True)
    return dict(re.findall(r'name="(shown_\w+)"[^>]*value="(\d+)"', html))


def look(client: FlaskClient, event: Event, **data: Any) -> TestResponse:
    return post_form(client, path_of(event), {"people": SIX, "act": "look", **data})


def test_it_works(client: Browser, cast: Cast) -> None:
    event = make_event(public_cents=59000, member_cents=42000)
    sign_in(client, cast.dora)
    assert "Enrol several colleagues" in words(client.get(f"/events/{event.slug}"))
    page = look(client, event, unnamed="2", purchase_order="PO-9")
    text = words(page)
    assert page.status_code == 200
    for part in ("Enrol 8 colleagues?", "Persona Familya", "2 places to be named later", "€4,065.60", "Order 8 places"):
        assert part.casefold() in text.casefold(), part
    data = {"people": SIX, "unnamed": "2", "purchase_order": "PO-9", "act": "order", **shown(page)}
    answer = post_form(client, path_of(event), data)
    assert answer.status_code == 303
    order = words(client.get(answer.location))
    for part in (
        "Pay €4,065.60 by",
        "To be named",
        "Say who comes",
        "Paid by Lysara Biologics",
        "enrolled by the organisation",
    ):
        assert part in order, part
    assert db.session.scalar(select(Order.purchase_order)) == "PO-9"


def test_only_hr_managers_find_it(client: Browser, cast: Cast) -> None:
    event = make_event()
    assert client.get(path_of(event)).location.startswith("/sign-in")
    for person in (cast.bob, cast.carol, cast.alice, cast.ada):
        sign_in(client, person)
        assert client.get(path_of(event)).status_code == 404
        assert "Enrol several colleagues" not in words(client.get(f"/events/{event.slug}"))


def test_an_unclear_line_is_told_and_kept(client: Browser, cast: Cast) -> None:
    event = make_event()
    sign_in(client, cast.dora)
    page = look(client, event, people="Nadia\nOtto Claes\nOtto Claes")
    text = words(page)
    assert page.status_code == 422
    assert "One line is unclear." in text
    assert "There is one word only. Write the first and the last name." in text
    assert "The same person as in line 2." in text
    assert "Nadia\nOtto Claes\nOtto Claes" in page.get_data(as_text=True)
    answer = post_form(client, path_of(event), {"people": "Nadia\nOtto Claes", "act": "order"})
    assert answer.status_code == 422
    assert db.session.scalar(select(Order.id)) is None


def test_too_few_places_offer_the_waiting_list(client: Browser, cast: Cast) -> None:
    event = make_event(capacity=4, public_cents=0, member_cents=None)
    sign_in(client, cast.dora)
    page = look(client, event)
    assert "Take 4 places, the rest waits" in words(page)
    refused = post_form(client, path_of(event), {"people": SIX, "act": "order", **shown(page)})
    assert refused.status_code == 422
    assert "Only 4 places are left now." in words(refused)
    taken = post_form(client, path_of(event), {"people": SIX, "act": "order_and_wait", **shown(page)})
    assert taken.status_code == 303
    found = [Status(each) for each in db.session.scalars(select(Registration.status))]
    assert (found.count(Status.CONFIRMED), found.count(Status.WAITLISTED)) == (4, 2)


def test_a_price_that_changed_is_told_before_anything_is_booked(client: Browser, cast: Cast) -> None:
    event = make_event(public_cents=59000, member_cents=42000)
    sign_in(client, cast.dora)
    page = look(client, event)
    with writing() as session:
        affiliation = session.scalars(select(Affiliation).where(Affiliation.is_hr_manager)).one()
        other = add_member_locked("Orvane", "orvane.example")
        affiliate_locked(cast.dora, other, is_hr_manager=True, is_main=False)
        affiliation.is_hr_manager = False  # lapsed in mid-form
    data = {"people": SIX, "act": "order", **shown(page), "shown_cents": "1"}
    answer = client.post(path_of(event), data={**data, "csrf_token": token_of(client, event)})
    assert answer.status_code == 422
    assert "The price has changed" in words(answer)
    assert db.session.scalar(select(Order.id)) is None


def token_of(client: Browser, event: Event) -> str:
    from tests.browsing import csrf_token

    return csrf_token(client.get(path_of(event)))


def test_two_organisations_ask_for_which(client: Browser, cast: Cast) -> None:
    with writing():
        other = add_member_locked("Orvane", "orvane.example")
        affiliate_locked(cast.dora, other, is_hr_manager=True, is_main=False)
    event = make_event()
    sign_in(client, cast.dora)
    page = look(client, event, organisation=other.public_id)
    data = {"people": SIX, "organisation": other.public_id, "act": "order", **shown(page)}
    assert post_form(client, path_of(event), data).status_code == 303
    assert db.session.scalar(select(Order.payer_organisation_id)) == other.id


def test_a_colleague_sees_their_own_place_only(client: Browser, cast: Cast) -> None:
    event = make_event()
    wish = TeamWish(people="Nadia Haddad <n@x.example>", colleagues=(cast.bob.public_id,))
    order = order_for_team(cast.dora, cast.lysara, event.id, wish, locale="en").order
    rows = {row.person_id: row.public_id for row in db.session.scalars(select(Registration))}
    nadia = next(public_id for person_id, public_id in rows.items() if person_id != cast.bob.id)
    sign_in(client, cast.bob)
    page = client.get(f"/orders/{order.code}")
    text = words(page)
    assert "Bob Lambert" in text
    for hidden in ("Nadia", "€", "+++"):
        assert hidden not in text.replace("€0", "")
    for act in ("cancel", "name", "colleague", "date", "way", "who"):
        assert client.get(f"/orders/{order.code}/{act}/{nadia}").status_code == 404
    assert client.get(f"/orders/{order.code}/cancel/{rows[cast.bob.id]}").status_code == 200


def test_the_number_comes_later(client: Browser, cast: Cast) -> None:
    event = make_event()
    order = order_for_team(cast.dora, cast.lysara, event.id, TeamWish(people=SIX), locale="en").order
    sign_in(client, cast.dora)
    home = f"/orders/{order.code}"
    answer = post_form(client, f"{home}/purchase-order", {"purchase_order": "PO-1"}, page=home)
    assert answer.location == home
    assert 'value="PO-1"' in client.get(home).get_data(as_text=True)
    post_form(client, f"{home}/purchase-order", {"purchase_order": "x" * 61}, page=home)
    assert db.session.scalar(select(Order.purchase_order)) == "PO-1"


def test_naming_a_place(client: Browser, cast: Cast) -> None:
    event = make_event()
    order = order_for_team(cast.dora, cast.lysara, event.id, TeamWish(unnamed=1), locale="en").order
    place = db.session.scalars(select(Registration)).one().public_id
    sign_in(client, cast.dora)
    path = f"/orders/{order.code}/who/{place}"
    assert post_form(client, path, {"given_name": "Zoé"}).status_code == 422
    data = {"given_name": "Bob", "family_name": "Lambert", "email": "bob@lysara.example"}
    assert post_form(client, path, data).location == f"/orders/{order.code}"
    assert db.session.scalars(select(Registration.person_id)).one() == cast.bob.id


def test_another_hr_manager_looks_after_the_order_as_who_placed_it(client: Browser, cast: Cast) -> None:
    """Hugo is HR manager of Lysara too: he finds Dora's order, names a place, adds the number, cancels one of six."""
    with writing():
        hugo = add_person_locked("Hugo", "Adam", "hugo@lysara.example")
        affiliate_locked(hugo, cast.lysara, is_hr_manager=True)
    event = make_event()
    wish = TeamWish(people=SIX.split("\n", 1)[0], unnamed=1)
    order = order_for_team(cast.dora, cast.lysara, event.id, wish, locale="en").order
    with writing() as session:
        first, second = session.scalars(select(Registration).order_by(Registration.id)).all()
        first.needs = "Coeliac disease"
    named, unnamed = first.public_id, second.public_id
    sign_in(client, hugo)
    home = f"/orders/{order.code}"
    for page in ("registrations", "documents"):
        assert f'href="{home}"' in client.get(f"/me/company/{cast.lysara.public_id}/{page}").get_data(as_text=True)
    shown_page = words(client.get(home))
    assert "+++" in shown_page  # he may pay
    assert "Coeliac" not in shown_page
    post_form(client, f"{home}/purchase-order", {"purchase_order": "PO-9"}, page=home)
    post_form(
        client, f"{home}/who/{unnamed}", {"given_name": "Bob", "family_name": "Lambert", "email": "bob@lysara.example"}
    )
    assert post_form(client, f"{home}/cancel/{named}").location == home
    db.session.rollback()
    assert db.session.scalar(select(Order.purchase_order)) == "PO-9"
    states = [(row.name, str(row.status)) for row in db.session.scalars(select(Registration).order_by(Registration.id))]
    assert [status for _, status in states] == ["cancelled", "awaiting_payment"]
    assert states[1][0] == "Bob Lambert"


def test_an_hr_manager_of_elsewhere_or_of_yesterday_does_not_find_it(client: Browser, cast: Cast) -> None:
    with writing():
        elsewhere = add_member_locked("Orvane", "orvane.example")
        affiliate_locked(cast.carol, elsewhere, is_hr_manager=True)
    order = order_for_team(cast.dora, cast.lysara, make_event().id, TeamWish(people=SIX), locale="en").order
    with writing() as session:
        session.query(Affiliation).filter_by(person_id=cast.bob.id).update({"is_hr_manager": True, "status": "ended"})
    for person in (cast.carol, cast.bob):
        sign_in(client, person)
        assert client.get(f"/orders/{order.code}").status_code == 404


def test_a_company_with_a_term_orders_on_account(cast: Cast, client: FlaskClient) -> None:
    as_company(cast, payment_term_days=30)
    event = make_event()
    sign_in(client, cast.dora)
    path = f"/events/{event.slug}/register/team"
    assert "within 30 days" in words(client.get(path))
    form = {"unnamed": "2", "on_account": "y", "purchase_order_later": "y", "act": "order"}
    page = words(post_form(client, path, form, follow_redirects=True))
    assert "The places are confirmed. The invoice is to be paid by then." in page
    assert "The invoice waits for your purchase-order number." in page
    order = db.session.query(Order).one()
    assert (order.is_on_account, order.awaits_purchase_order) == (True, True)
    page = words(
        post_form(
            client,
            f"/orders/{order.code}/purchase-order",
            {"purchase_order": "PO 5"},
            page=f"/orders/{order.code}",
            follow_redirects=True,
        )
    )
    assert "-00001" in page


def test_without_a_term_nothing_can_be_paid_later(cast: Cast, client: FlaskClient) -> None:
    event = make_event()
    sign_in(client, cast.dora)
    path = f"/events/{event.slug}/register/team"
    assert "Pay later" not in words(client.get(path))
    post_form(client, path, {"unnamed": "2", "on_account": "y", "act": "order"})
    assert not db.session.query(Order).one().is_on_account
