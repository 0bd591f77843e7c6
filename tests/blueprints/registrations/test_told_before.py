"""A closed window, a lapsed membership in mid-form, a price that changed since the page was shown: on every path they are
told before anything is booked, the page shows what holds now, and sending it again books at that."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from models.base import db, now
from models.events import Audience, Event, Ticket, Visibility
from models.orders import Order, OrderLine
from models.organisations import Membership, MembershipStatus
from models.outbox import OutboxMessage
from models.registrations import Registration, RegistrationDraft
from services.transaction import writing
from tests.browsing import Browser, csrf_token
from tests.cast import Cast, make_event, sign_in, words
from tests.services.test_modality_switch import hybrid
from tests.services.test_vouchers import voucher_for

GUEST = {"given_name": "Gil", "family_name": "Guest", "email": "gil@new.example", "terms": "y"}
TEAM = {"people": "Nadia Alami <nadia@lysara.example>\nTom Baert <tom@lysara.example>"}

Path = tuple[str, dict[str, str]]
PATHS: dict[str, Path] = {
    "single": ("register", {}),
    "guest": ("register", GUEST),
    "team": ("register/team", {**TEAM, "act": "order"}),
}


def sent_back(page: TestResponse) -> dict[str, str]:
    """What the page holds hidden, and the choice that is ticked in it."""
    hidden = re.findall(r'<input[^>]*type="hidden"[^>]*>', page.text)
    found = {}
    for tag in hidden:
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and value:
            found[name[1]] = unescape(value[1])
    return found


def show(client: Browser, cast: Cast, way: str, event: Event, **typed: str) -> tuple[str, dict[str, str]]:
    """Look at the form as whoever takes that way; returns its address and what sending it would say."""
    if way != "guest":
        sign_in(client, cast.bob if way == "single" else cast.dora)
    end, data = PATHS[way]
    path = f"/events/{event.slug}/{end}"
    page = client.get(path)
    if way == "team" or typed:
        looked = {**data, **typed, "act": "look"}
        page = client.post(path, data={**looked, "csrf_token": csrf_token(page)})
    return path, {**data, **typed, **sent_back(page)}


def nothing_is_booked() -> bool:
    return not any(db.session.scalar(select(func.count()).select_from(model)) for model in (Order, RegistrationDraft))


def change(model: Any, **values: Any) -> None:
    with writing() as session:
        for row in session.scalars(select(model)):
            for name, value in values.items():
                setattr(row, name, value)


EVERY_WAY = pytest.mark.parametrize("way", PATHS)


@EVERY_WAY
def test_a_window_that_closed(client: Browser, cast: Cast, way: str) -> None:
    event = make_event(public_cents=10000, member_cents=None)
    path, data = show(client, cast, way, event)
    change(Event, registration_closes_at=now() - timedelta(seconds=1))
    answer = client.post(path, data=data)
    assert "Registration is closed. Look for another date, or write to the organiser." in words(answer)
    assert nothing_is_booked()


def lapse(_: Event) -> None:
    change(Membership, status=MembershipStatus.LAPSED)


def raise_price(event: Event) -> None:
    with writing() as session:
        for ticket in session.scalars(select(Ticket).where(Ticket.event_id == event.id)):
            ticket.net_cents += 10000


CHANGES: dict[str, tuple[Callable[[Event], None], str]] = {
    "lapsed": (lapse, "€121.00"),
    "dearer": (raise_price, "€181.50"),
}


@pytest.mark.parametrize("what", CHANGES)
@pytest.mark.parametrize("way", ["single", "team"])
def test_a_lapsed_membership_and_a_dearer_ticket(client: Browser, cast: Cast, way: str, what: str) -> None:
    event = make_event(public_cents=10000, member_cents=5000)
    path, data = show(client, cast, way, event)
    happens, price = CHANGES[what]
    happens(event)
    answer = client.post(path, data=data)
    assert answer.status_code == 422
    assert f"it is now {price}. Nothing was booked." in words(answer)
    assert nothing_is_booked()
    assert client.post(path, data={**data, **sent_back(answer)}).status_code == 303
    assert f"€{max(db.session.scalars(select(OrderLine.gross_cents))) / 100:.2f}" == price


def test_an_event_that_is_for_members_when_the_form_comes_back(client: Browser, cast: Cast) -> None:
    for way in ("single", "team"):
        event = make_event(public_cents=0, member_cents=None, visibility=Visibility.MEMBERS)
        path, data = show(client, cast, way, event)
        lapse(event)
        assert "This event is for members." in words(client.post(path, data=data))
        assert nothing_is_booked()
        change(Membership, status=MembershipStatus.ACTIVE)


def test_a_guest_is_told_before_the_code_is_mailed(client: Browser, cast: Cast) -> None:
    event = make_event(public_cents=10000, member_cents=None)
    path, data = show(client, cast, "guest", event)
    raise_price(event)
    answer = client.post(path, data=data)
    assert answer.status_code == 422
    assert "it is now €242.00. Nothing was booked." in words(answer)
    assert nothing_is_booked()
    assert client.post(path, data={**data, **sent_back(answer)}).status_code == 303


def drafted(client: Browser, cast: Cast) -> tuple[str, OutboxMessage]:
    """A guest's draft for a place of €121, whose price is €242 once its mail is there."""
    event = make_event(public_cents=10000, member_cents=None)
    path, data = show(client, cast, "guest", event)
    draft = client.post(path, data=data).location
    raise_price(event)
    mail = db.session.scalars(select(OutboxMessage).order_by(OutboxMessage.id.desc())).first()
    assert mail is not None
    return draft, mail


def test_a_guest_whose_price_changed_between_form_and_digits_reads_it_and_sends_the_digits_again(
    client: Browser, cast: Cast
) -> None:
    draft, mail = drafted(client, cast)
    digits = {"digits": str(mail.context["code"])}
    told = client.post(draft, data={**digits, **sent_back(client.get(draft))})
    assert told.status_code == 422
    assert "it is now €242.00. Nothing was booked." in words(told)
    assert db.session.scalars(select(Registration)).all() == []
    assert client.post(draft, data={**digits, **sent_back(told)}).status_code == 303
    assert db.session.scalars(select(OrderLine.gross_cents)).one() == 24200


def test_the_same_behind_the_mailed_link(client: Browser, cast: Cast) -> None:
    _, mail = drafted(client, cast)
    link = str(mail.context["link"])
    told = client.post(link, data=sent_back(client.get(link)))
    assert told.status_code == 409
    assert "it is now €242.00. Nothing was booked." in words(told)
    assert "Hold my place, with an obligation to pay" in words(told)
    assert db.session.scalars(select(Registration)).all() == []
    assert client.post(link, data=sent_back(told)).status_code == 303
    assert db.session.scalars(select(OrderLine.gross_cents)).one() == 24200


def online_of(event: Event) -> Ticket:
    return db.session.scalars(select(Ticket).where(Ticket.event_id == event.id, Ticket.position == 5)).one()


@EVERY_WAY
def test_the_choice_between_on_site_and_online_has_its_price_and_keeps_it(
    client: Browser, cast: Cast, way: str
) -> None:
    event = hybrid(onsite=5, online=5, cents=5000)
    ticket = online_of(event).public_id
    path, data = show(client, cast, way, event, ticket=ticket)
    raise_price(event)
    answer = client.post(path, data={**data, "ticket": ticket})
    assert answer.status_code == 422
    assert "it is now €181.50. Nothing was booked." in words(answer)
    assert nothing_is_booked()
    again = client.post(path, data={**data, **sent_back(answer), "ticket": ticket})
    assert again.status_code == 303


@pytest.mark.parametrize("way", ["single", "guest"])
def test_another_choice_at_another_price_is_shown_before_its_button_binds(
    client: Browser, cast: Cast, way: str
) -> None:
    event = hybrid(onsite=5, online=5, cents=5000)
    path, data = show(client, cast, way, event)  # the page is about the free place on site
    ticket = online_of(event).public_id
    answer = client.post(path, data={**data, "ticket": ticket})
    assert answer.status_code == 200
    assert "You have chosen another way to take part. Read its price, then confirm." in words(answer)
    assert "€60.50" in words(answer)
    if way == "single":
        assert "Hold my place, with an obligation to pay" in words(answer)
        assert "Confirm my place" not in words(answer)
    assert nothing_is_booked()
    assert client.post(path, data={**data, **sent_back(answer), "ticket": ticket}).status_code == 303


def test_another_choice_at_the_same_price_takes_no_further_click_unless_it_is_full(client: Browser, cast: Cast) -> None:
    event, full = hybrid(onsite=5, online=5), hybrid(onsite=5, online=0)
    path, data = show(client, cast, "single", event)
    assert client.post(path, data={**data, "ticket": online_of(event).public_id}).status_code == 303
    path, data = show(client, cast, "single", full)
    answer = client.post(path, data={**data, "ticket": online_of(full).public_id})
    assert "Join the waiting list" in words(answer)
    assert client.post(path, data={**sent_back(answer), "ticket": online_of(full).public_id}).status_code == 303


def test_a_members_ticket_of_the_choice_gives_way_to_the_price_of_everybody(client: Browser, cast: Cast) -> None:
    event = hybrid(onsite=5, online=5, cents=5000)
    with writing() as session:
        quota = online_of(event).quota_id
        session.add(
            Ticket(event_id=event.id, quota_id=quota, position=6, names={"en": "Online, members"}, audience=Audience.MEMBERS)
        )  # fmt: skip
    members = db.session.scalars(select(Ticket.public_id).where(Ticket.audience == Audience.MEMBERS)).one()
    path, data = show(client, cast, "single", event, ticket=members)
    lapse(event)
    answer = client.post(path, data={**data, "ticket": members})
    assert "it is now €60.50. Nothing was booked." in words(answer)
    assert nothing_is_booked()
    assert client.post(path, data={**sent_back(answer), "ticket": online_of(event).public_id}).status_code == 303


def test_a_choice_that_is_gone_is_never_made_another(client: Browser, cast: Cast) -> None:
    for way in ("single", "guest", "team"):
        event = hybrid(onsite=5, online=5)
        ticket = online_of(event).public_id
        path, data = show(client, cast, way, event, ticket=ticket)
        with writing() as session:
            session.get_one(Ticket, online_of(event).id).withdrawn_at = now()
        answer = client.post(path, data={**data, "ticket": ticket})
        assert "This kind of place is no longer on sale for you." in words(answer)
        assert nothing_is_booked()
        client.delete_cookie("session")


@EVERY_WAY
def test_a_voucher_whose_price_changed(client: Browser, cast: Cast, way: str) -> None:
    event = make_event(public_cents=10000, member_cents=None)
    voucher = voucher_for(event)
    path, data = show(client, cast, way, event, voucher="SPRING")
    with writing() as session:
        session.get_one(type(voucher), voucher.id).value = 20
    answer = client.post(path, data=data)
    assert answer.status_code == 422
    assert "it is now €96.80. Nothing was booked." in words(answer)
    assert nothing_is_booked()
    assert client.post(path, data={**data, **sent_back(answer)}).status_code == 303
