"""The pages that are looked at, each in the state worth looking at: who looks, where it is, and what was done first.

Addresses may hold `{…}`, answered from the sample season: `{order:waitlisted}`, `{certificate:issued}`, `{slot:SLUG}`,
`{registration:SLUG}`, `{line:STATE}`, `{request:SLUG}`, `{voucher:CODE}`, `{answers:carol}`, `{code:awaiting_payment}`, `{job}`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page
from sqlalchemy import select

from models.base import db
from models.certificates import Certificate, CertificateStatus
from models.events import Event, Slot
from models.invoices import Invoice
from models.orders import LedgerEntry, Order
from models.organisations import Organisation
from models.outbox import Job
from models.registrations import Registration, Status
from services.certificates import revoke
from services.order_links import key_of
from tests.journeys.asked import answers_of, request_for, voucher_of
from tests.journeys.banked import line_id, send_broken_file, send_wrong_code, statement_id
from tests.journeys.contested import contested, on_its_way
from tests.journeys.desk import person
from tests.journeys.given_back import in_a_file, of_a_cancelled_event, of_state

PAID, FREE, TENTATIVE = "iso-13485-eupen", "the-ai-act-in-one-hour", "radiation-protection-fleurus"
ORDERED = "mdr-and-ivdr-namur"
ENDED, RUNNING, DRAFT = "gmp-namur-last-week", "dose-audit-charleroi", "quality-risk-management-online"
KEPT, ENFORCED = "gmp-in-twee-dagen-leuven", "releasing-a-batch-namur"


@dataclass(frozen=True)
class Sight:
    """One page in one state. `first` is done on the page after it was opened."""

    name: str
    address: str
    who: str = ""
    first: Callable[[Page], None] | None = None
    status: int = 200


def send_empty(page: Page) -> None:
    """The form, sent as it stands: it comes back with every problem it can have."""
    page.locator("main form[method=post] .action, main form[method=post] .btn-primary").last.click()
    page.locator(".problems").wait_for()


def at_the_door(page: Page) -> None:
    """Cash without an amount."""
    page.get_by_label("How it came").select_option(label="Cash at the door")
    page.get_by_label("Amount").fill("")
    page.get_by_role("button", name="Mark as received").click()
    page.locator(".problems").wait_for()


def send_guest_form(page: Page) -> None:
    """A guest's form, up to the page that asks for the code."""
    page.get_by_label("First name").fill("Onno")
    page.get_by_label("Last name").fill("de Wit")
    page.get_by_label("E-mail").fill("onno.de-wit@elsewhere.example")
    page.get_by_label("I accept the").check()
    page.get_by_role("button", name="Mail me the code").click()
    page.wait_for_url(re.compile("/registrations/draft/"))


def choose_company(page: Page) -> None:
    """On the registration form: a company pays whose details are typed."""
    page.locator("input[name=payer][value=company]").check()
    page.get_by_label("Legal name of the company").wait_for()


def on_the_order(path: str) -> Callable[[Page], None]:
    """A page of Carol's order, which she places when she has none yet."""

    def go(page: Page) -> None:
        hold = page.get_by_role("button", name="Hold my place")
        if hold.count():
            hold.click()
            page.wait_for_url(re.compile("/orders/"))
        page.goto(f"{page.url}{path}")

    return go


def require_nothing(page: Page) -> None:
    """A course that is to ask for courses, and for none."""
    page.get_by_label("Ask for the courses").check()
    send_empty(page)


def desk(slug: str, page: str = "") -> str:
    return f"/organise/events/{slug}{'/' if page else ''}{page}"


PUBLIC = (
    Sight("home", "/"),
    Sight("events", "/events"),
    Sight("events, nothing found", "/events?q=zzzz"),
    Sight("month", "/events?view=month"),
    Sight("event, free", f"/events/{FREE}"),
    Sight("event, paid", f"/events/{PAID}"),
    Sight("event, member price", f"/events/{PAID}", "dora"),
    Sight("event, full", "/events/breakfast-with-hospital-buyers"),
    Sight("event, cancelled", "/events/data-integrity-namur"),
    Sight("event, postponed", "/events/good-clinical-practice-namur"),
    Sight("event, tentative", f"/events/{TENTATIVE}"),
    Sight("event, members only", "/events/pitch-with-a-patient"),
    Sight("event, several areas", "/events/mosan-days"),
    Sight("programmes", "/programmes"),
    Sight("programme", "/programmes/biologics-production-lead"),
    Sight("course", "/courses/annex-1-in-practice"),
    Sight("area", "/areas/biopharmacy"),
    Sight("register, guest", f"/events/{PAID}/register"),
    Sight("register, with errors", f"/events/{PAID}/register", first=send_empty),
    Sight("register, signed in", f"/events/{PAID}/register", "dora"),
    Sight("register, members only", "/events/pitch-with-a-patient/register"),
    Sight("draft, asks for the code", f"/events/{FREE}/register", first=send_guest_form),
    Sight("certificates", "/certificates"),
    Sight("certificate, valid", "/certificates/{certificate:issued}"),
    Sight("certificate, revoked", "/certificates/{certificate:revoked}"),
    Sight("calendar", "/calendar"),
    Sight("terms", "/terms"),
    Sight("privacy", "/privacy"),
    Sight("accessibility", "/accessibility"),
    Sight("contact", "/contact"),
    Sight("mailbox", "/mailbox"),
    Sight("nothing here", "/nowhere", status=404),
)
OWN = (
    Sight("sign in", "/sign-in"),
    Sight("sign in, with errors", "/sign-in", first=send_empty),
    Sight("sign in with a password", "/sign-in/password"),
    Sight("order, awaiting payment", "/orders/{order:awaiting_payment}"),
    Sight("order, waiting", "/orders/{order:waitlisted}"),
    Sight("order, offered", "/orders/{order:offered}"),
    Sight("order, confirmed", "/orders/{order:confirmed}"),
    Sight("order, cancelled", "/orders/{order:cancelled}"),
    Sight("order, expired", "/orders/{order:expired}"),
    Sight("order, awaiting approval", "/orders/{order:pending_approval}"),
    Sight("me", "/me", "bob"),
    Sight("me, with nothing yet", "/me", "fay"),
    Sight("profile", "/me/profile", "bob"),
    Sight("addresses", "/me/addresses", "bob"),
    Sight("password", "/me/password", "bob"),
    Sight("sign-ins", "/me/sign-ins", "bob"),
    Sight("my calendar", "/me/calendar", "bob"),
)
DESK = (
    Sight("today", "/organise", "alice"),
    Sight("desk, events", "/organise/events", "alice"),
    Sight("desk, event", desk(PAID), "alice"),
    Sight("desk, tentative", desk(TENTATIVE), "alice"),
    Sight("desk, draft", desk(DRAFT), "alice"),
    Sight("desk, over", desk(ENDED), "alice"),
    Sight("new event", "/organise/events/new", "alice"),
    Sight("new event, with errors", "/organise/events/new", "alice", first=send_empty),
    Sight("edit", desk(PAID, "edit"), "alice"),
    Sight("publish", desk(DRAFT, "publish"), "alice"),
    Sight("duplicate", desk(PAID, "duplicate"), "alice"),
    Sight("postpone", desk(PAID, "postpone"), "alice"),
    Sight("resume", desk("good-clinical-practice-namur", "resume"), "alice"),
    Sight("cancel", desk(PAID, "cancel"), "alice"),
    Sight("attendees", desk(PAID, "attendees"), "alice"),
    Sight("attendees, asking for a place", desk("mission-to-boston", "attendees"), "alice"),
    Sight("registration", desk(PAID, "attendees/{registration:iso-13485-eupen}"), "alice"),
    Sight("somebody at the desk", desk(PAID, "walk-in"), "alice"),
    Sight("slots", desk(PAID, "slots"), "alice"),
    Sight("history", desk(PAID, "history"), "alice"),
    Sight("attendance, which list", desk(RUNNING, "attendance"), "alice"),
    Sight("attendance", desk(RUNNING, "attendance/{slot:dose-audit-charleroi}"), "alice"),
    Sight("close", desk(ENDED, "close"), "alice"),
    Sight("close, too early", desk(PAID, "close"), "alice"),
    Sight("issued certificates", desk("gmp-gosselies-first", "certificates"), "alice"),
    Sight("job", "/organise/jobs/{job}", "alice"),
    Sight("export", desk(PAID, "export"), "alice"),
    Sight("orders", "/organise/orders", "fay"),
    Sight("order at the desk", "/organise/orders/{code:awaiting_payment}", "fay"),
    Sight("mails", "/organise/mails", "alice"),
)
RULES = (
    Sight("register, with questions", "/events/mission-to-boston/register", "bob"),
    Sight("register, with a code", f"/events/{PAID}/register?voucher=NOTHING", "bob", status=422),
    Sight("company", "/me/company", "dora"),
    Sight("team", f"/events/{PAID}/register/team", "dora"),
    Sight("vouchers", desk(PAID, "vouchers"), "alice"),
    Sight("new voucher, with errors", desk(PAID, "vouchers/new"), "alice", first=send_empty),
    Sight("a voucher, changed", desk(KEPT, "vouchers/{voucher:REGION-2}"), "alice"),
    Sight("somebody at the desk, with a code", desk(KEPT, "walk-in"), "alice"),
    Sight("all vouchers", "/organise/vouchers", "ada"),
    Sight("questions", desk("mission-to-boston", "questions"), "alice"),
    Sight("new question, with errors", desk("mission-to-boston", "questions/new"), "alice", first=send_empty),
    Sight("decide", desk(TENTATIVE, "decide"), "alice"),
    Sight("a request", desk("mission-to-boston", "attendees/{request:mission-to-boston}"), "alice"),
    Sight("decline", desk("mission-to-boston", "attendees/{request:mission-to-boston}/decline"), "alice"),
    Sight("answers to the organiser", "/orders/{answers:carol}", "carol"),
    Sight("exemptions", desk(PAID, "exemptions"), "alice"),
    Sight("another course comes first", f"/events/{ENFORCED}/register", "carol"),
    Sight("exemption, with errors", f"/events/{ENFORCED}/exemption", "carol", first=send_empty),
    Sight("courses", "/organise/courses", "alice"),
    Sight(
        "what a course asks, with errors", "/organise/courses/iso-13485/prerequisites", "alice", first=require_nothing
    ),
)
MONEY = (
    Sight("finance", "/organise/finance", "fay"),
    Sight("finance search", "/organise/finance/search?q=lysara", "fay"),
    Sight("finance search, nothing found", "/organise/finance/search?q=zzzz", "fay"),
    Sight("vat", "/organise/finance/vat", "fay"),
    Sight("revenue", "/organise/finance/revenue", "fay"),
    Sight("refund, waits for a yes", "/organise/refunds/{refund:eyes}", "fay"),
    Sight("refund, failed", "/organise/refunds/{refund:failed}", "fay"),
    Sight("file for the bank", "/organise/refunds/files/{refund_file}", "fay"),
    Sight("refunds", "/organise/refunds", "fay"),
    Sight("refunds, all of them", "/organise/refunds?show=all", "fay"),
    Sight("refunds, none found", "/organise/refunds?q=zzzz", "fay"),
    Sight("refunds of a cancelled event", "/organise/jobs/{refund_job}", "fay"),
    Sight("bank", "/organise/bank", "fay"),
    Sight("give money back, with errors", "/organise/orders/{paid}/refund", "fay", first=send_empty),
    Sight("disputes", "/organise/disputes", "fay"),
    Sight("invoices", "/organise/invoices", "fay"),
    Sight("bank", "/organise/bank?statement={statement}", "fay"),
    Sight("bank, a refused file", "/organise/bank", "fay", first=send_broken_file),
    Sight("bank, found", "/organise/bank?q=lysara", "fay"),
    Sight("statement", "/organise/bank/statements/{statement}", "fay"),
    Sight("line, several proposals", "/organise/bank/lines/{line:amount}", "fay"),
    Sight("line, its order found", "/organise/bank/lines/{line:unknown}?q=carol", "fay"),
    Sight("line, with errors", "/organise/bank/lines/{line:batch}", "fay", first=send_wrong_code),
    Sight("line, booked for a place given up", "/organise/bank/lines/{line:late}", "fay"),
    Sight("line, set aside", "/organise/bank/lines/{line:out}", "fay"),
    Sight("payment on its way", "/orders/{on_its_way}/paid", "carol"),
    Sight("order, contested", "/orders/{contested}", "carol"),
    Sight("order at the desk, contested", "/organise/orders/{contested}", "fay"),
    Sight("order at the desk, dispute lost", "/organise/orders/{contested:lost}", "fay"),
    Sight("money at the door, with errors", "/organise/orders/{code:awaiting_payment}", "fay", first=at_the_door),
    Sight("invoice", "/organise/invoices/{invoice:invoice}", "fay"),
    Sight("credit note", "/organise/invoices/{invoice:credit_note}", "fay"),
    Sight("organisation, money", "/organise/organisations/{organisation:lysara}/money", "fay"),
    Sight("company, documents", "/me/company/{organisation:lysara}/documents", "dora"),
    Sight("register, a company pays", f"/events/{PAID}/register", first=choose_company),
    Sight("order of a consumer", f"/events/{ORDERED}/register", "carol", first=on_the_order("")),
    Sight("billing", f"/events/{ORDERED}/register", "carol", first=on_the_order("/billing")),
    Sight("withdrawal", f"/events/{ORDERED}/register", "carol", first=on_the_order("/withdraw")),
    Sight("terms as accepted", f"/events/{ORDERED}/register", "carol", first=on_the_order("/terms")),
)
ALL = PUBLIC + OWN + DESK + RULES + MONEY


def address_of(sight: Sight) -> str:
    """The address of a sight, its `{…}` answered. Needs the application's context."""
    return re.sub(r"\{(\w+):?([\w-]*)\}", lambda found: ANSWERS[found[1]](found[2]), sight.address)


def order_code(status: str) -> str:
    """The latest order of a status, of an event yet to come."""
    query = select(Order.code).join(Registration, Registration.order_id == Order.id)
    query = query.join(Event, Event.id == Registration.event_id).where(Registration.status == Status(status))
    return str(db.session.scalar(query.order_by(Event.starts_at.desc(), Order.id).limit(1)))


def order_link(status: str) -> str:
    code = order_code(status)
    return f"{code}?key={key_of(code)}"


def paid_code(_: str) -> str:
    """The latest order with money."""
    query = select(Order.code).join(LedgerEntry, LedgerEntry.order_id == Order.id)
    return str(db.session.scalar(query.order_by(Order.id.desc()).limit(1)))


def invoice_id(kind: str) -> str:
    return str(db.session.scalar(select(Invoice.public_id).where(Invoice.kind == kind).order_by(Invoice.id).limit(1)))


def organisation_id(slug: str) -> str:
    return str(db.session.scalar(select(Organisation.public_id).where(Organisation.slug == slug)))


def slot_id(slug: str) -> str:
    query = select(Slot.public_id).join(Event, Event.id == Slot.event_id).where(Event.slug == slug)
    return str(db.session.scalar(query.order_by(Slot.starts_at).limit(1)))


def registration_id(slug: str) -> str:
    query = select(Registration.public_id).join(Event, Event.id == Registration.event_id)
    return str(db.session.scalar(query.where(Event.slug == slug).order_by(Registration.id).limit(1)))


def certificate_id(status: str) -> str:
    """A certificate of that status; the first of the season is revoked when none is."""
    query = select(Certificate.public_id).order_by(Certificate.id).limit(1)
    found = db.session.scalar(query.where(Certificate.status == CertificateStatus(status)))
    if found is None and status == "revoked":
        found = revoke(certificate_id("issued"), "Issued to the wrong person.", person("alice")).public_id
    return str(found)


def job_id(_: str) -> str:
    return str(db.session.scalar(select(Job.public_id).order_by(Job.id).limit(1)))


ANSWERS: dict[str, Callable[[str], str]] = {
    "order": order_link,
    "code": order_code,
    "paid": paid_code,
    "invoice": invoice_id,
    "organisation": organisation_id,
    "slot": slot_id,
    "registration": registration_id,
    "certificate": certificate_id,
    "job": job_id,
    "statement": statement_id,
    "line": line_id,
    "answers": answers_of,
    "request": request_for,
    "voucher": voucher_of,
    "refund": of_state,
    "refund_file": in_a_file,
    "refund_job": of_a_cancelled_event,
    "on_its_way": lambda _: on_its_way(),
    "contested": lambda how: contested(lost=how == "lost"),
}
