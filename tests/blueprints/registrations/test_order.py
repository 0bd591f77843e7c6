"""The order page: the mailed link sees and pays; changing asks for a mailed code or a sign-in."""

from __future__ import annotations

from sqlalchemy import select

from models.base import db
from models.events import EventKind
from models.orders import Order
from models.outbox import OutboxMessage
from models.registrations import Registration, Status
from services.order_links import key_of, order_url
from services.registrations import cancel
from tests.browsing import Browser, csrf_token
from tests.cast import Cast, make_event, post_form, sign_in, words
from tests.services.test_register import enrol


def code_of(registration: Registration) -> str:
    return db.session.scalars(select(Order.code).where(Order.id == registration.order_id)).one()


def by_link(client: Browser, code: str) -> str:
    """Open the mailed link; returns the page's path."""
    answer = client.get(order_url(code).removeprefix("http://localhost"))
    assert answer.location == f"/orders/{code}"
    return f"/orders/{code}"


def digits() -> str:
    mail = db.session.scalars(select(OutboxMessage).order_by(OutboxMessage.id.desc())).first()
    assert mail is not None
    assert mail.template == "order_code"
    return str(mail.context["code"])


def test_it_works_from_the_mailed_link(client: Browser, cast: Cast) -> None:
    code = code_of(enrol(cast.carol, make_event()))
    page = client.get(by_link(client, code))
    assert page.status_code == 200
    assert "Pay €508.20 by" in words(page)


def test_a_wrong_key_opens_nothing(client: Browser, cast: Cast) -> None:
    registration = enrol(cast.carol, make_event())
    other = enrol(cast.bob, make_event())
    code, key = code_of(registration), key_of(code_of(other))
    assert client.get(f"/orders/{code}?key={key}").location.startswith("/sign-in")
    assert client.get(f"/orders/{code}").location == f"/sign-in?next=/orders/{code}"
    sign_in(client, cast.bob)
    assert client.get(f"/orders/{code}").status_code == 404
    assert client.get("/orders/MH-0000-0000").status_code == 404


def test_cancelling_from_the_link_asks_for_a_mailed_code(client: Browser, cast: Cast) -> None:
    registration = enrol(cast.carol, make_event())
    code = code_of(registration)
    home = by_link(client, code)
    path = f"{home}/cancel/{registration.public_id}"
    prove = client.get(path).location
    assert prove.startswith(f"{home}/prove")
    page = client.get(prove)
    assert "c…l@example.org" in words(page) or "c…" in words(page)
    client.post(f"{home}/prove/mail?next={path}", data={"csrf_token": csrf_token(page)})
    answer = post_form(client, f"{home}/prove?next={path}&sent=yes", {"digits": digits()})
    assert answer.location == path
    assert post_form(client, path).location == home
    assert db.session.scalars(select(Registration.status)).one() == Status.CANCELLED
    assert "This registration is cancelled" in words(client.get(home))


def test_a_post_without_proof_changes_nothing(client: Browser, cast: Cast) -> None:
    registration = enrol(cast.carol, make_event())
    home = by_link(client, code_of(registration))
    token = csrf_token(client.get(f"{home}/prove"))
    answer = client.post(f"{home}/cancel/{registration.public_id}", data={"csrf_token": token})
    assert answer.location.startswith(f"{home}/prove")
    assert db.session.scalars(select(Registration.status)).one() == Status.AWAITING_PAYMENT


def test_the_signed_in_buyer_cancels_without_a_code_and_the_next_gets_the_place(client: Browser, cast: Cast) -> None:
    event = make_event(capacity=1, public_cents=0, member_cents=None, kind=EventKind.NETWORKING)
    bob, carol = enrol(cast.bob, event), enrol(cast.carol, event)
    sign_in(client, cast.bob)
    path = f"/orders/{code_of(bob)}/cancel/{bob.public_id}"
    assert "goes to the first person on the waiting list" in words(client.get(path))
    post_form(client, path)
    assert db.session.get_one(Registration, carol.id).status == Status.CONFIRMED
    assert client.get(path).status_code == 303  # the back button finds the order


def test_a_registration_of_another_order_is_not_found(client: Browser, cast: Cast) -> None:
    event = make_event()
    bob, carol = enrol(cast.bob, event), enrol(cast.carol, event)
    sign_in(client, cast.bob)
    for act in ("cancel", "name"):
        assert client.get(f"/orders/{code_of(bob)}/{act}/{carol.public_id}").status_code == 404


def test_a_name_is_corrected(client: Browser, cast: Cast) -> None:
    bob = enrol(cast.bob, make_event())
    sign_in(client, cast.bob)
    path = f"/orders/{code_of(bob)}/name/{bob.public_id}"
    answer = post_form(client, path, {"given_name": "www.win.example", "family_name": "Lambert"})
    assert answer.status_code == 422
    assert "A web address cannot stand here." in words(answer)
    post_form(client, path, {"given_name": "Bobby", "family_name": "Lambert"})
    assert db.session.get_one(Registration, bob.id).name == "Bobby Lambert"


def test_an_offer_is_taken_by_a_button(client: Browser, cast: Cast) -> None:
    event = make_event(capacity=1)
    bob, carol = enrol(cast.bob, event), enrol(cast.carol, event)
    cancel(bob.public_id, actor=cast.bob)
    home = by_link(client, code_of(carol))
    page = client.get(home)
    assert "A place is yours until" in words(page)
    answer = client.post(f"{home}/offer/{carol.public_id}", data={"csrf_token": csrf_token(page), "answer": "take"})
    assert answer.location == home
    assert db.session.get_one(Registration, carol.id).status == Status.AWAITING_PAYMENT
    assert "Pay €508.20" in words(client.get(home))


def test_who_waits_reads_why_the_rule_and_their_place(client: Browser, cast: Cast) -> None:
    event = make_event(capacity=1)
    enrol(cast.emil, event)
    carol = enrol(cast.carol, event)
    home = f"/orders/{code_of(carol)}"
    sign_in(client, cast.carol)
    page = words(client.get(home))
    for part in ("You are number 1 on the waiting list", "Members come first, then the order of time.",
                 "registered on the page while every place for them was taken"):  # fmt: skip
        assert part in page
    sign_in(client, cast.alice)
    desk = words(client.get(f"/organise/events/{event.slug}/attendees/{carol.public_id}"))
    assert "registered on the page while every place for them was taken" in desk
    assert "Number in line 1" in desk


def test_my_page_lists_what_is_coming(client: Browser, cast: Cast) -> None:
    first, second = make_event(title="Aseptic techniques"), make_event(title="Risk", capacity=1)
    enrol(cast.bob, first)
    enrol(cast.carol, second)
    enrol(cast.bob, second)
    sign_in(client, cast.bob)
    page = words(client.get("/me"))
    assert "Aseptic techniques" in page
    assert "Number 1 in line" in page
    assert "€302.50 by" in page
    assert client.application.test_client().get("/me").location == "/sign-in?next=/me"
