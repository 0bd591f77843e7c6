"""Who pays a registration: the person, their organisation now or later, or a company they type; and what VAT follows."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import timedelta

import pytest
from flask_babel import force_locale
from sqlalchemy import select, update

from models.base import db
from models.events import Event, Modality, Quota
from models.orders import Order
from models.organisations import Affiliation, AffiliationStatus
from models.registrations import Registration, Status
from services.approvals import accept
from services.customers import Customer
from services.event_pages import event_page
from services.on_account import NoPaymentTerm
from services.orders import set_purchase_order
from services.payers import PayerGone, payers_for
from services.prices import paid_by, price_of
from services.readers import GUEST, reader_for
from services.registrations import PriceChanged, accept_offer, cancel, register
from services.team_lists import TeamWish
from services.team_orders import order_for_team
from services.transaction import writing
from services.wishes import Payer
from tests.cast import Cast, make_event
from tests.services.billed import as_company, invoices, lines_of, pay
from tests.services.post import wish_of

TYPED = {
    "name": "Kelvin Consulting", "street": "Rue Haute 1", "postcode": "75001", "city": "Paris", "country": "FR",
    "email": "pay@kelvin.example", "vat_number": "FR40303265045", "enterprise_number": "", "is_business": True,
    "wants_invoice": True,
}  # fmt: skip


def online(**changes: object) -> Event:
    event = make_event(**changes)  # type: ignore[arg-type]
    with writing() as session:
        session.execute(update(Quota).where(Quota.event_id == event.id).values(modality=Modality.ONLINE))
    return event


def ordered(cast: Cast, payer: Payer, event: Event | None = None, shown_cents: int | None = None) -> Order:
    wish = wish_of(cast.bob, payer=payer, shown_cents=shown_cents)
    return register(cast.bob, (event or make_event()).id, wish, locale="en")


def status_of(order: Order) -> Status:
    return Status(db.session.scalars(select(Registration.status).where(Registration.order_id == order.id)).one())


def test_a_persons_own_organisation_pays(cast: Cast) -> None:
    as_company(cast)
    order = ordered(cast, Payer(cast.lysara.public_id, purchase_order="PO 7"))
    assert (order.payer_organisation_id, order.billing["city"], order.purchase_order) == (
        cast.lysara.id, "Gembloux", "PO 7"
    )  # fmt: skip
    assert status_of(order) == Status.AWAITING_PAYMENT
    assert invoices(order) == []
    pay(order, 30250)
    (invoice,) = invoices(order)
    assert (invoice.buyer["name"], invoice.purchase_order) == ("Lysara Biologics SA", "PO 7")


def test_on_account_the_place_is_there_at_once_and_the_invoice_too(cast: Cast) -> None:
    as_company(cast, payment_term_days=30)
    order = ordered(cast, Payer(cast.lysara.public_id, on_account=True))
    assert status_of(order) == Status.CONFIRMED
    (invoice,) = invoices(order)
    assert (invoice.gross_cents, invoice.due_on) == (30250, invoice.issued_on + timedelta(days=30))


def test_its_number_may_come_later_and_releases_the_invoice(cast: Cast) -> None:
    as_company(cast, payment_term_days=30)
    order = ordered(cast, Payer(cast.lysara.public_id, on_account=True, purchase_order_later=True))
    assert (status_of(order), invoices(order)) == (Status.CONFIRMED, [])
    set_purchase_order(order.code, "4500012345")
    assert [each.purchase_order for each in invoices(order)] == ["4500012345"]


def test_without_a_payment_term_nobody_pays_later(cast: Cast) -> None:
    as_company(cast)
    with pytest.raises(NoPaymentTerm):
        ordered(cast, Payer(cast.lysara.public_id, on_account=True))
    assert db.session.query(Order).count() == 0


@pytest.mark.parametrize("status", [AffiliationStatus.CLAIMED, AffiliationStatus.ENDED, AffiliationStatus.REJECTED])
def test_only_who_works_there_orders_at_its_expense(cast: Cast, status: AffiliationStatus) -> None:
    as_company(cast, payment_term_days=30)
    with writing() as session:
        session.execute(update(Affiliation).where(Affiliation.person_id == cast.bob.id).values(status=status))
    with pytest.raises(PayerGone):
        ordered(cast, Payer(cast.lysara.public_id, on_account=True))
    assert db.session.query(Order).count() == 0


@pytest.mark.parametrize(
    "missing", [{"street": ""}, {"city": ""}, {"vat_number": None, "enterprise_number": None}, {"vat_number": ""}]
)
def test_an_organisation_pays_once_we_know_where_its_invoices_go(cast: Cast, missing: dict[str, str | None]) -> None:
    as_company(cast, **missing)
    knows = missing == {"vat_number": ""}  # its enterprise number is enough
    assert [each.id for each in payers_for(cast.bob)] == ([cast.lysara.id] if knows else [])
    assert cast.lysara.can_be_invoiced is knows


def test_on_account_a_place_from_the_waiting_list_and_one_after_approval_are_confirmed(cast: Cast) -> None:
    as_company(cast, payment_term_days=30)
    full = make_event(capacity=1)
    first = register(cast.carol, full.id, wish_of(cast.carol), locale="en")
    waits = ordered(cast, Payer(cast.lysara.public_id, on_account=True), full)
    assert (status_of(waits), invoices(waits)) == (Status.WAITLISTED, [])
    row = select(Registration.public_id).where(Registration.order_id == first.id)
    cancel(db.session.scalars(row).one(), actor=None)
    accept_offer(
        db.session.scalars(select(Registration.public_id).where(Registration.order_id == waits.id)).one(),
        actor=cast.bob,
    )
    assert (status_of(waits), len(invoices(waits))) == (Status.CONFIRMED, 1)
    asks = ordered(cast, Payer(cast.lysara.public_id, on_account=True), make_event(approval="organiser"))
    assert (status_of(asks), invoices(asks)) == (Status.PENDING_APPROVAL, [])
    accept(
        db.session.scalars(select(Registration.public_id).where(Registration.order_id == asks.id)).one(),
        actor=cast.alice,
    )
    assert (status_of(asks), len(invoices(asks))) == (Status.CONFIRMED, 1)


@pytest.mark.parametrize(
    "country, number, made_online, expected",
    [
        ("FR", "FR40303265045", True, ("reverse_charge", 25000)),
        ("FR", "FR40303265045", False, ("standard", 30250)),  # who comes to Namur pays Belgian VAT
        ("GB", "GB980780684", True, ("out_of_scope", 25000)),
        ("US", "", True, ("out_of_scope", 25000)),
        ("US", "", False, ("standard", 30250)),
        ("BE", "BE0101357179", True, ("standard", 30250)),
    ],
)
def test_vat_follows_whoever_pays(
    cast: Cast, country: str, number: str, made_online: bool, expected: tuple[str, int]
) -> None:
    event = online() if made_online else make_event()
    order = ordered(cast, Payer(billing={**TYPED, "country": country, "vat_number": number}), event)
    (line,) = lines_of(order)
    assert (line.vat, line.gross_cents, line.net_cents) == (*expected, 25000)
    pay(order, line.gross_cents)
    (invoice,) = invoices(order)
    assert (invoice.gross_cents, invoice.buyer["name"]) == (line.gross_cents, "Kelvin Consulting")


def test_a_team_of_a_company_abroad_is_priced_by_reverse_charge_online_and_not_in_the_room(cast: Cast) -> None:
    as_company(cast, country="FR", vat_number="FR40303265045", enterprise_number=None)
    for event, vat in ((online(), "reverse_charge"), (make_event(), "standard")):
        order = order_for_team(cast.dora, cast.lysara, event.id, TeamWish(unnamed=2), locale="en").order
        assert {line.vat for line in lines_of(order)} == {vat}


def test_a_price_that_whoever_pays_changes_is_told_before_anything_is_booked(cast: Cast) -> None:
    payer = Payer(billing=TYPED)
    with pytest.raises(PriceChanged) as refused:
        ordered(cast, payer, online(), shown_cents=30250)
    assert refused.value.price.gross_cents == 25000
    assert db.session.query(Order).count() == 0


def test_a_free_place_has_no_payer(cast: Cast) -> None:
    as_company(cast, payment_term_days=30)
    event = make_event(public_cents=0, member_cents=None)
    order = ordered(cast, Payer(cast.lysara.public_id, on_account=True, purchase_order="X"), event)
    assert (order.payer_organisation_id, order.billing, order.purchase_order, order.is_on_account) == (
        None, {}, None, False
    )  # fmt: skip


def test_who_pays_survives_a_draft() -> None:
    payer = Payer(billing=TYPED, purchase_order="PO 1", purchase_order_later=True)
    assert Payer(**asdict(payer)) == payer


def test_companies_read_the_price_without_vat_first_and_everybody_else_with_it(cast: Cast) -> None:
    event, at = make_event(), cast.lysara.created_at

    def words(person: object) -> tuple[str, str]:
        with force_locale("en"):
            page = event_page(event.slug, reader_for(person, at), "en", at)  # type: ignore[arg-type]
        assert page is not None
        assert page.price is not None
        return page.price.amount, page.price.vat

    assert words(None) == ("€508.20", "VAT 21 % included: €420.00 without VAT.")
    assert words(cast.bob) == ("€302.50", "VAT 21 % included: €250.00 without VAT.")  # nobody knows where to invoice it
    as_company(cast)
    assert words(cast.bob) == ("€250", "VAT 21 % excluded: €302.50 with VAT.")
    assert words(cast.carol)[0] == "€508.20"


def test_net_stays_whoever_pays() -> None:
    from models.events import Audience, Ticket, VatTreatment

    ticket = Ticket(
        audience=Audience.EVERYONE, net_cents=12345, vat=VatTreatment.STANDARD, quota=Quota(modality="online")
    )
    price = price_of(ticket, replace(GUEST, customer=Customer.PERSON))
    found = {who: paid_by(price, who) for who in Customer}
    assert {each.net_cents for each in found.values()} == {12345}
    assert {who: (each.first_cents, each.gross_cents) for who, each in found.items()} == {
        Customer.PERSON: (14937, 14937),
        Customer.HOME: (12345, 14937),
        Customer.UNION: (12345, 12345),
        Customer.OUTSIDE: (12345, 12345),
    }
    assert paid_by(found[Customer.UNION], Customer.PERSON) == price
