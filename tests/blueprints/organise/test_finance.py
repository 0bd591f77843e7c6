"""The finance desk in the browser: one place in the navigation, one search, the same words in every list."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from models.events import Event
from services.orders import receive_money
from tests.blueprints.organise.desk import enrol
from tests.cast import Cast, make_event, sign_in, words
from tests.counting import queries
from tests.services.billed import issued, ordered, pay

ROOMS = ("finance", "orders", "bank", "invoices", "refunds", "disputes", "finance/vat", "finance/revenue")


def navigation(html: str, label: str) -> str:
    """What one navigation marks: the words of its links with `aria-current`."""
    found = re.search(rf'<nav[^>]*aria-label="{label}"[^>]*>(.*?)</nav>', html, re.DOTALL)
    assert found, label
    return "|".join(
        f"{current}:{text}" for current, text in re.findall(r'aria-current="?(\w+)"?[^>]*>([^<]+)<', found[1])
    )


@pytest.mark.parametrize("room", ROOMS)
def test_each_room_is_in_finance_and_marks_itself(cast: Cast, client: FlaskClient, room: str) -> None:
    sign_in(client, cast.fay)
    html = client.get(f"/organise/{room}").get_data(as_text=True)
    assert re.fullmatch("(page|true):Finance", navigation(html, "Organisers’ desk"))
    assert re.fullmatch(r"page:\w+", navigation(html, "Finance"))


def test_what_is_behind_a_room_marks_it_too(cast: Cast, client: FlaskClient) -> None:
    order = pay(ordered(cast.carol), 50820)
    sign_in(client, cast.fay)
    pages = [(f"orders/{order.code}", "Orders"), (f"invoices/{issued(order).public_id}", "Invoices")]
    for page, room in pages:
        html = client.get(f"/organise/{page}").get_data(as_text=True)
        assert navigation(html, "Organisers’ desk") == "true:Finance"
        assert navigation(html, "Finance") == f"true:{room}"
    html = client.get("/organise/events").get_data(as_text=True)
    assert navigation(html, "Organisers’ desk") == "page:Events"


@pytest.fixture
def event(cast: Cast) -> Event:
    return make_event(public_cents=42000, member_cents=None)  # 508.20 with VAT


def test_the_search_in_few_statements(cast: Cast, client: FlaskClient, event: Event) -> None:
    for person in (cast.bob, cast.carol, cast.dora, cast.emil):
        order = enrol(person, event).order_id
        assert order
    sign_in(client, cast.fay)
    client.get("/organise/finance/search")
    with queries() as sent:
        page = words(client.get("/organise/finance/search?q=508,20"))
    assert len(sent) <= 12, sent
    assert "4 results for “508,20”" in page


def test_from_the_search_to_the_list(cast: Cast, client: FlaskClient) -> None:
    """More than a few: the list of that kind shows them all, under the same words."""
    for number in range(7):
        order = ordered(cast.carol, make_event(title=f"Evening {number}"))
        receive_money(order.code, 100, provider="manual", provider_reference=f"{number}", booked_at=order.created_at, actor=None)  # fmt: skip
    sign_in(client, cast.fay)
    html = client.get("/organise/finance/search?q=nguy%E1%BB%85n").get_data(as_text=True)
    (address,) = set(re.findall(r'href="(/organise/orders\?[^"]+)"', html))
    page = words(client.get(address.replace("&amp;", "&")))
    assert "7 orders have “nguyễn”" in page
    assert "7 in all" in page


def test_nothing_and_no_words(cast: Cast, client: FlaskClient) -> None:
    sign_in(client, cast.fay)
    assert "Nothing has “<b>”" in words(client.get("/organise/finance/search?q=<b>"))
    assert "What are you looking for?" in words(client.get("/organise/finance/search?q=%20"))
    for room in ("orders", "invoices", "refunds", "disputes"):
        html = client.get(f"/organise/{room}?q=zzzz").get_data(as_text=True)
        assert 'href="/organise/finance/search?q=zzzz"' in html
