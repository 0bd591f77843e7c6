"""A code on the register page, the guest's form and the team's: shown first, confirmed then, refused at its field."""

from __future__ import annotations

from sqlalchemy import select

from models.base import db
from models.events import Audience
from models.orders import OrderLine
from models.registrations import Registration, Status
from models.vouchers import VoucherEffect
from services.registrations import register
from tests.browsing import Browser
from tests.cast import Cast, make_event, post_form, sign_in, words
from tests.services.test_vouchers import student_ticket, voucher_for, wish


def form_of(page: object, **changes: str) -> dict[str, str]:
    """What the page sends back of itself, with what is typed into it."""
    import re

    html = page.text  # type: ignore[attr-defined]
    hidden = dict(re.findall(r'<input[^>]*name="(shown_for|shown_cents)"[^>]*value="([^"]*)"', html))
    return {**hidden, **changes}


def test_it_works(client: Browser, cast: Cast) -> None:
    event = make_event(public_cents=42000, member_cents=None)
    voucher_for(event)
    sign_in(client, cast.carol)
    path = f"/events/{event.slug}/register"
    shown = post_form(client, path, form_of(client.get(path), voucher="spr ing"))
    assert shown.status_code == 200
    assert "€254.10 for everybody. €254.10 with the code SPRING (Partners of the season), instead of €508.20." in words(
        shown
    )
    assert db.session.scalars(select(Registration)).all() == []
    answer = client.post(path, data={"csrf_token": token_of(shown), **form_of(shown, voucher="SPRING")})
    assert answer.status_code == 303
    assert db.session.scalars(select(OrderLine.gross_cents)).one() == 25410


def token_of(page: object) -> str:
    import re

    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)  # type: ignore[attr-defined]
    assert found
    return found[1]


def test_a_link_brings_its_code(client: Browser, cast: Cast) -> None:
    event = make_event(public_cents=42000, member_cents=None)
    voucher_for(event)
    assert f"/events/{event.slug}/register?voucher=spring" in client.get(f"/events/{event.slug}?voucher=spring").text
    sign_in(client, cast.carol)
    path = f"/events/{event.slug}/register?voucher=spring"
    shown = client.get(path)
    assert "instead of €508.20" in words(shown)
    answer = client.post(path, data={"csrf_token": token_of(shown), **form_of(shown, voucher="spring")})
    assert answer.status_code == 303  # two clicks with a code in the link as well


def test_a_wrong_code_is_told_at_its_field_and_kept(client: Browser, cast: Cast) -> None:
    event = make_event(public_cents=42000, member_cents=None)
    sign_in(client, cast.carol)
    path = f"/events/{event.slug}/register"
    answer = post_form(client, path, {"voucher": "WRONG", "needs": "No nuts", "shown_for": ""})
    assert answer.status_code == 422
    assert "We do not know this code." in words(answer)
    assert 'value="WRONG"' in answer.text
    assert "No nuts" in answer.text
    for _ in range(10):
        answer = post_form(client, path, {"voucher": "WRONG"})
    assert "Too many" in words(answer) or "too many" in words(answer)
    assert db.session.scalars(select(Registration)).all() == []


def test_the_last_use_gone_between_page_and_click_is_told(client: Browser, cast: Cast) -> None:
    event = make_event(public_cents=42000, member_cents=None)
    voucher_for(event, uses_limit=1)
    sign_in(client, cast.carol)
    path = f"/events/{event.slug}/register?voucher=SPRING"
    shown = client.get(path)
    register(cast.bob, event.id, wish(cast.bob, voucher="SPRING"), locale="en")
    answer = client.post(path, data={"csrf_token": token_of(shown), **form_of(shown, voucher="SPRING")})
    assert answer.status_code == 422
    assert "has been used as often as it may" in words(answer)


def test_a_guest_asks_for_the_price_before_anything_else_is_filled_in(client: Browser, cast: Cast) -> None:
    event = make_event(public_cents=42000, member_cents=None)
    voucher_for(event, effect=VoucherEffect.FIXED, value=10000)
    path = f"/events/{event.slug}/register"
    answer = post_form(client, path, {"voucher": "SPRING", "act": "look"})
    assert answer.status_code == 200
    assert "€121 with the code SPRING" in words(answer)


def test_a_student_says_so_and_the_organiser_answers(client: Browser, cast: Cast) -> None:
    event = make_event(public_cents=42000, member_cents=None)
    student_ticket(event)
    sign_in(client, cast.carol)
    path = f"/events/{event.slug}/register"
    shown = client.get(path)
    assert "Students pay nothing." in words(shown)
    shown = post_form(client, path, {"studies": "Pharmacy, Liège"})
    assert "Send my request" in words(shown)
    answer = client.post(path, data={"csrf_token": token_of(shown), **form_of(shown, studies="Pharmacy, Liège")})
    assert answer.status_code == 303
    row = db.session.scalars(select(Registration)).one()
    assert (row.status, row.studies) == (Status.PENDING_APPROVAL, "Pharmacy, Liège")


def test_an_event_for_students_asks_everybody(client: Browser, cast: Cast) -> None:
    from models.events import Ticket
    from services.transaction import writing

    event = make_event(public_cents=1000, member_cents=None)
    with writing() as session:
        session.scalars(select(Ticket)).one().audience = Audience.STUDENTS
    sign_in(client, cast.carol)
    answer = post_form(client, f"/events/{event.slug}/register", {"studies": ""})
    assert answer.status_code == 422
    assert "Say where and what you study" in words(answer)


def test_a_team_orders_with_a_code_for_as_many_as_it_serves(client: Browser, cast: Cast) -> None:
    event = make_event(public_cents=42000, member_cents=None)
    voucher_for(event, uses_limit=2)
    sign_in(client, cast.dora)
    path = f"/events/{event.slug}/register/team"
    refused = post_form(client, path, {"voucher": "SPRING", "unnamed": "3", "act": "look"})
    assert "This code serves 2 more people only." in words(refused)
    shown = post_form(client, path, {"voucher": "SPRING", "unnamed": "2", "act": "look"})
    assert "€508.20" in words(shown)
    fields = form_of(shown, voucher="SPRING", unnamed="2", act="order", shown_cents="25410", shown_people="2")
    answer = client.post(path, data={"csrf_token": token_of(shown), **fields})
    assert answer.status_code == 303
    assert set(db.session.scalars(select(OrderLine.gross_cents))) == {25410}
