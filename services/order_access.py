"""Who may open an order, and how far: the mailed link sees and pays; who proved an address or signed in may
change; a colleague in an order sees their own place only."""

from __future__ import annotations

from dataclasses import dataclass

from models.credentials import CodePurpose, OneTimeCode
from models.orders import Order
from models.people import Person
from models.registrations import Registration
from services.affiliations import Authority, authority_over
from services.codes import CodeRefused, CodeWrong, TooManyTries, issue_code_locked, redeem_link_locked, try_code_locked
from services.entrances import QUARTER, TRIES_PER_NETWORK, Visitor, throttle_mail_locked
from services.throttles import allow, count_locked, network_key
from services.transaction import writing


@dataclass(frozen=True)
class Access:
    """What a browser may do with an order: with the whole of it, or with the registrations of one person in it."""

    sees: bool
    changes: bool
    whole: bool
    person_id: int | None = None

    def reaches(self, registration: Registration) -> bool:
        """Whether this registration of the order is for these eyes."""
        return self.whole or (self.person_id is not None and registration.person_id == self.person_id)


def access_to(order: Order, person: Person | None, *, has_key: bool, has_proven: bool) -> Access:
    """`has_key`: came by the signed link; `has_proven`: redeemed a mailed code for this order in this browser.

    The buyer, and the HR managers of the organisation that pays, change all of it when signed in. Whoever only holds
    a place in it sees and changes their own.
    """
    buys = person is not None and (order.buyer_id == person.id or manages_payer(order, person))
    holds = person is not None and any(row.person_id == person.id for row in order.registrations)
    whole = buys or has_key or has_proven
    return Access(
        sees=whole or holds,
        changes=buys or has_proven or (holds and not whole),
        whole=whole,
        person_id=person.id if person else None,
    )


def manages_payer(order: Order, person: Person) -> bool:
    """Whether the person is HR manager of the organisation that pays; no query for an order a person pays."""
    payer = order.payer_organisation_id
    return payer is not None and authority_over(payer, person) is Authority.HR


def mail_code(order: Order, visitor: Visitor) -> None:
    """Mail a code that opens changing the order, to the buyer's address. Raises TooMany."""
    with writing():
        throttle_mail_locked(order.buyer_email, visitor.ip)
        issue_code_locked(
            CodePurpose.ORDER,
            order.buyer_email,
            browser_key=visitor.browser_key,
            locale=order.locale,
            context={"order": order.code},
            mail_context={"order": order.code},
        )


def prove_by_code(digits: str, visitor: Visitor) -> str:
    """The code of the order that the six digits open. Raises CodeRefused or TooMany."""
    with writing():
        allow("code_try", network_key(visitor.ip), TRIES_PER_NETWORK, QUARTER)
        found = try_code_locked(CodePurpose.ORDER, digits, visitor.browser_key)
        if isinstance(found, CodeWrong | TooManyTries):
            count_locked("code_try", network_key(visitor.ip))
    if isinstance(found, CodeRefused):
        raise found
    return order_named(found)


def prove_by_link(token: str) -> str:
    """The code of the order that the mailed link opens; only ever from a POST. Raises CodeRefused."""
    with writing():
        return order_named(redeem_link_locked(token, CodePurpose.ORDER))


def order_named(code: OneTimeCode) -> str:
    return str(code.context.get("order", ""))


def masked(address: str) -> str:
    """An address that its owner recognises and nobody else learns: c…l@kelvin.example."""
    local, _, domain = address.partition("@")
    shown = f"{local[0]}…{local[-1]}" if len(local) > 2 else f"{local[:1]}…"
    return f"{shown}@{domain}"
