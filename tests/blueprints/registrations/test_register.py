"""The registration page: two clicks for Bob, a mailed code for Carol, and every refusal with its reason."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from models.base import db, now
from models.events import Event, EventKind, Quota, Ticket, Visibility
from models.orders import Order
from models.outbox import OutboxMessage
from models.people import EmailAddress, Person
from models.registrations import Registration, RegistrationDraft, Status
from services.transaction import writing
from tests.browsing import Browser, csrf_token
from tests.cast import Cast, make_event, post_form, sign_in, words


def evening(**changes: object) -> Event:
    """A free networking evening."""
    return make_event(
        **{
            "kind": EventKind.NETWORKING,
            "title": "Members’ evening",
            "public_cents": 0,
            "member_cents": None,
            **changes,
        }  # type: ignore[arg-type]
    )


GUEST = {
    "given_name": "Carol",
    "family_name": "Nguyễn",
    "email": "carol@new.example",
    "organisation_name": "Kelvin",
    "terms": "y",
}


def code_in_the_mail() -> str:
    """The six digits of the newest mail."""
    mail = db.session.scalars(select(OutboxMessage).order_by(OutboxMessage.id.desc())).first()
    assert mail is not None
    return str(mail.context["code"])


def count_of(model: type) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_it_works_in_two_clicks(client: Browser, cast: Cast) -> None:
    event = evening()
    sign_in(client, cast.bob)
    path = f"/events/{event.slug}/register"
    assert "Confirm my place" in words(client.get(path))
    answer = post_form(client, path, {})
    assert answer.status_code == 303
    page = words(client.get(answer.location))
    assert "You have a place on" in page
    assert "The same price for everybody" in page or "Free for everybody" in page
    assert count_of(Registration) == 1


def test_a_member_sees_the_member_price_and_why(client: Browser, cast: Cast) -> None:
    event = make_event(public_cents=59000, member_cents=42000)
    sign_in(client, cast.bob)
    page = words(client.get(f"/events/{event.slug}/register"))
    assert "€508.20 for you, because Lysara Biologics is a member. €713.90 for others." in page
    assert "VAT 21 % included: €420.00 without VAT." in page


def test_posting_twice_and_going_back_gives_one_registration(client: Browser, cast: Cast) -> None:
    event = evening()
    sign_in(client, cast.bob)
    path = f"/events/{event.slug}/register"
    token = csrf_token(client.get(path))
    first = client.post(path, data={"csrf_token": token})
    again = client.post(path, data={"csrf_token": token})
    assert first.location == again.location
    assert client.get(path).location == first.location
    assert count_of(Registration) == count_of(Order) == 1


def test_a_paid_place_shows_what_to_pay(client: Browser, cast: Cast) -> None:
    event = make_event(public_cents=42000, member_cents=None)
    sign_in(client, cast.carol)
    answer = post_form(client, f"/events/{event.slug}/register", {})
    html = client.get(answer.location).text
    order = db.session.scalars(select(Order)).one()
    assert order.reference is not None
    assert order.reference in html
    assert "BE68 5390 0754 7034" in html
    assert "€508.20" in html
    assert "<svg" in html


def test_a_changed_price_is_told_before_anything_is_booked(client: Browser, cast: Cast) -> None:
    event = make_event(public_cents=10000, member_cents=None)
    sign_in(client, cast.carol)
    path = f"/events/{event.slug}/register"
    client.get(path)
    with writing() as session:
        session.scalars(select(Ticket)).one().net_cents = 20000
    answer = post_form(client, path, {"shown_cents": "12100"})
    assert answer.status_code == 422
    assert "it is now €242.00. Nothing was booked." in words(answer)
    assert count_of(Order) == 0
    assert 'value="24200"' in answer.text


def test_members_only_says_so_and_offers_sign_in(client: Browser, cast: Cast) -> None:
    event = evening(visibility=Visibility.MEMBERS)
    path = f"/events/{event.slug}/register"
    page = client.get(path)
    assert "This event is for members." in words(page)
    assert "/sign-in?next=" in page.text
    sign_in(client, cast.carol)
    token = csrf_token(client.get("/me/profile"))
    assert "This event is for members." in words(client.post(path, data={"csrf_token": token}))
    assert count_of(Registration) == 0


def test_a_guest_confirms_with_the_digits(client: Browser, cast: Cast) -> None:
    event = evening()
    answer = post_form(client, f"/events/{event.slug}/register", GUEST)
    assert answer.status_code == 303
    assert count_of(Registration) == 0
    assert db.session.scalars(select(Quota.taken)).one() == 0
    draft = answer.location
    assert "carol@new.example" in words(client.get(draft))
    done = post_form(client, draft, {"digits": code_in_the_mail()})
    assert done.status_code == 303
    assert "You have a place on" in words(client.get(done.location))
    assert db.session.scalars(select(Registration.status)).one() == Status.CONFIRMED
    assert count_of(EmailAddress) == len(Cast.__dataclass_fields__)  # eight of the cast, and the guest's


def test_a_guest_with_a_known_address_changes_nobody(client: Browser, cast: Cast) -> None:
    event = make_event(public_cents=10000, member_cents=5000)
    form = {**GUEST, "given_name": "Impostor", "email": "BOB@lysara.example"}
    answer = post_form(client, f"/events/{event.slug}/register", form)
    post_form(client, answer.location, {"digits": code_in_the_mail()})
    registration = db.session.scalars(select(Registration)).one()
    assert registration.person_id == cast.bob.id
    assert not registration.is_member
    assert db.session.get_one(Person, cast.bob.id).given_name == "Bob"


def test_the_answer_is_the_same_for_a_known_a_registered_and_an_unknown_address(client: Browser, cast: Cast) -> None:
    event = evening()
    path = f"/events/{event.slug}/register"
    pages = []
    for address in ("bob@lysara.example", "nobody@nowhere.example"):
        answer = post_form(client, path, {**GUEST, "email": address})
        pages.append(words(client.get(answer.location)).replace(address, "…"))
    assert pages[0] == pages[1]


def test_wrong_digits_are_counted_and_told(client: Browser, cast: Cast) -> None:
    event = evening()
    draft = post_form(client, f"/events/{event.slug}/register", GUEST).location
    right = code_in_the_mail()
    wrong = "000000" if right != "000000" else "000001"
    answer = post_form(client, draft, {"digits": wrong})
    assert answer.status_code == 422
    assert "4 more tries" in words(answer)
    assert post_form(client, draft, {"digits": right}).status_code == 303


def test_a_mistyped_address_is_corrected_and_the_old_code_is_dead(client: Browser, cast: Cast) -> None:
    event = evening()
    draft = post_form(client, f"/events/{event.slug}/register", {**GUEST, "email": "carol@nwe.example"}).location
    old = code_in_the_mail()
    answer = post_form(client, f"{draft}/address", {"email": "carol@new.example"})
    assert answer.status_code == 303
    assert db.session.scalars(select(RegistrationDraft)).one().answers["given_name"] == "Carol"
    new = code_in_the_mail()
    if old != new:
        assert post_form(client, draft, {"digits": old}).status_code == 422
    assert post_form(client, draft, {"digits": new}).status_code == 303
    assert db.session.scalars(select(Registration.email)).one() == "carol@new.example"


def test_another_browser_sees_no_draft(client: Browser, cast: Cast, app: object) -> None:
    draft = post_form(client, f"/events/{evening().slug}/register", GUEST).location
    assert client.get(draft).status_code == 200
    stranger = client.application.test_client()
    assert stranger.get(draft).status_code == 404


def test_opening_the_link_books_nothing_and_its_button_does(client: Browser, cast: Cast) -> None:
    post_form(client, f"/events/{evening().slug}/register", GUEST)
    mail = db.session.scalars(select(OutboxMessage).order_by(OutboxMessage.id.desc())).first()
    assert mail is not None
    link = mail.context["link"]
    for _ in range(2):
        assert client.get(link).status_code == 200
    assert count_of(Registration) == 0
    assert post_form(client, link, {}).status_code == 303
    assert count_of(Registration) == 1
    assert client.get(link).status_code == 410


def test_a_draft_is_gone_after_a_day(client: Browser, cast: Cast) -> None:
    draft = post_form(client, f"/events/{evening().slug}/register", GUEST).location
    with time_machine.travel(now() + timedelta(hours=25), tick=False):
        assert client.get(draft).status_code == 404


@pytest.mark.parametrize(
    "field, value, words_told",
    [
        ("email", "carol.kelvin.example", "There is no @ in this address."),
        ("given_name", "", "This is still empty. Please fill it in."),
        ("family_name", "see www.win.example", "A web address cannot stand here."),
        ("given_name", "x" * 121, "At most 120 characters fit here."),
        ("terms", "", "We need your agreement to hold a place."),
    ],
)
def test_bad_input_is_told_at_the_field_and_kept(
    client: Browser, cast: Cast, field: str, value: str, words_told: str
) -> None:
    event = evening()
    form = {**GUEST, field: value}
    if not value and field == "terms":
        form.pop("terms")
    answer = post_form(client, f"/events/{event.slug}/register", form)
    assert answer.status_code == 422
    assert words_told in words(answer)
    assert 'value="Kelvin"' in answer.text
    assert count_of(RegistrationDraft) == 0


def test_too_many_codes_for_one_address_are_refused(client: Browser, cast: Cast) -> None:
    path = f"/events/{evening().slug}/register"
    for _ in range(5):
        assert post_form(client, path, GUEST).status_code == 303
    answer = post_form(client, path, GUEST)
    assert answer.status_code == 422
    assert "We have sent many codes within the hour." in words(answer)


def test_a_full_event_says_so_on_the_button(client: Browser, cast: Cast) -> None:
    event = evening(capacity=1)
    sign_in(client, cast.bob)
    post_form(client, f"/events/{event.slug}/register", {})
    other = client.application.test_client()
    sign_in(other, cast.carol)
    path = f"/events/{event.slug}/register"
    assert "Join the waiting list" in words(other.get(path))
    answer = post_form(other, path, {})
    assert "You are number 1 on the waiting list" in words(other.get(answer.location))


def test_unknown_and_draft_events_are_not_found(client: Browser, cast: Cast) -> None:
    from models.courses import Publication

    hidden = evening(publication=Publication.DRAFT)
    for slug in ("no-such-event", hidden.slug):
        assert client.get(f"/events/{slug}/register").status_code == 404
