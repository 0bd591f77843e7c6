"""Every button that binds to pay says so, in each language (Code of Economic Law art. VI.46 §2; directive 2011/83/EU art. 8(2)):
one that does not binds a consumer to nothing. And none says so where nothing is to be paid."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from models.base import db
from models.events import Approval, Event
from models.outbox import OutboxMessage
from models.registrations import Registration
from services.registrations import cancel, register
from tests.cast import Cast, make_event, post_form, sign_in
from tests.services.billed import as_company
from tests.services.post import wish_of

LANGUAGES = {"en": "obligation to pay", "fr": "obligation de paiement", "nl": "betalingsverplichting"}
ACTION = re.compile(r'<button class="action"[^>]*>(.*?)</button>', re.S)
GUEST = {"given_name": "Zoé", "family_name": "Zola", "email": "zoe@zola.example", "terms": "y"}


def buttons(html: str) -> list[str]:
    """The words of the main actions of a page. A soft hyphen is only where a word may break."""
    labels = (unescape(re.sub(r"<small>.*?</small>|<[^>]+>", " ", found, flags=re.S)) for found in ACTION.findall(html))
    return [" ".join(label.replace("\N{SOFT HYPHEN}", "").split()) for label in labels]


Page = Callable[[FlaskClient, Cast, Event, str], str]


def of_somebody_signed_in(client: FlaskClient, cast: Cast, event: Event, locale: str) -> str:
    sign_in(client, cast.carol)
    return client.get(f"/events/{event.slug}/register?lang={locale}").text


def of_a_member_whose_company_pays(client: FlaskClient, cast: Cast, event: Event, locale: str) -> str:
    as_company(cast, payment_term_days=30)
    sign_in(client, cast.bob)
    return client.get(f"/events/{event.slug}/register?lang={locale}").text


def of_a_guest(client: FlaskClient, cast: Cast, event: Event, locale: str) -> str:
    answer = post_form(client, f"/events/{event.slug}/register?lang={locale}", GUEST)
    return client.get(answer.location).text


def of_a_guest_by_the_mailed_link(client: FlaskClient, cast: Cast, event: Event, locale: str) -> str:
    post_form(client, f"/events/{event.slug}/register?lang={locale}", GUEST)
    mail = db.session.scalars(select(OutboxMessage).order_by(OutboxMessage.id.desc())).first()
    assert mail is not None
    return client.get(mail.context["link"]).text


def of_a_team(client: FlaskClient, cast: Cast, event: Event, locale: str) -> str:
    sign_in(client, cast.dora)
    path = f"/events/{event.slug}/register/team?lang={locale}"
    return post_form(client, path, {"unnamed": "2", "act": "look"}).text


def of_a_team_of_which_some_wait(client: FlaskClient, cast: Cast, event: Event, locale: str) -> str:
    sign_in(client, cast.dora)
    path = f"/events/{event.slug}/register/team?lang={locale}"
    return post_form(client, path, {"unnamed": "30", "act": "look"}).text


def of_an_offer(client: FlaskClient, cast: Cast, event: Event, locale: str) -> str:
    event = make_event(capacity=1, public_cents=42000 if event.titles["en"] == "Dear" else 0, member_cents=None)
    register(cast.bob, event.id, wish_of(cast.bob), locale="en")
    order = register(cast.carol, event.id, wish_of(cast.carol), locale="en")
    cancel(db.session.scalars(select(Registration.public_id).order_by(Registration.id)).first() or "", actor=cast.bob)
    sign_in(client, cast.carol)
    return client.get(f"/orders/{order.code}?lang={locale}").text


PAGES = (
    of_somebody_signed_in, of_a_member_whose_company_pays, of_a_guest, of_a_guest_by_the_mailed_link, of_a_team,
    of_a_team_of_which_some_wait, of_an_offer,
)  # fmt: skip
ASKING = (of_somebody_signed_in, of_a_guest, of_a_team)


@pytest.mark.parametrize("locale", LANGUAGES)
@pytest.mark.parametrize("page", PAGES)
def test_a_button_that_binds_to_pay_says_so(cast: Cast, client: FlaskClient, page: Page, locale: str) -> None:
    found = buttons(page(client, cast, make_event(title="Dear"), locale))
    assert len(found) == 1
    assert LANGUAGES[locale] in found[0]


@pytest.mark.parametrize("locale", LANGUAGES)
@pytest.mark.parametrize("page", ASKING)
def test_so_does_a_request_that_costs_money_once_it_is_granted(
    cast: Cast, client: FlaskClient, page: Page, locale: str
) -> None:
    (found,) = buttons(page(client, cast, make_event(title="Dear", approval=Approval.ORGANISER), locale))
    assert LANGUAGES[locale] in found


@pytest.mark.parametrize("page", PAGES)
def test_where_nothing_is_to_be_paid_no_button_says_so(cast: Cast, client: FlaskClient, page: Page) -> None:
    event = make_event(title="Free", public_cents=0, member_cents=None)
    assert not [each for each in buttons(page(client, cast, event, "en")) if "obligation" in each]


def test_waiting_costs_nothing(cast: Cast, client: FlaskClient) -> None:
    event = make_event(capacity=1)
    register(cast.bob, event.id, wish_of(cast.bob), locale="en")
    (found,) = buttons(of_somebody_signed_in(client, cast, event, "en"))
    assert found == "Join the waiting list"
