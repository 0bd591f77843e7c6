"""Every mail, in every language: nothing missing, nothing left over, two bodies that say the same."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from flask import Flask, current_app

from config import ROOT
from integrations.mail import Letter
from models.base import db
from models.events import Event, Run, Slot
from models.outbox import OutboxMessage
from models.registrations import Registration
from services.letters import TEMPLATES, NothingToSay, compose
from services.order_links import opens
from services.outbox import queue_mail_locked
from services.registrations import cancel, expire
from services.transaction import writing
from tests.cast import Cast, make_event
from tests.services.post import mail, offered, registered, waiting

LEFT_OVER = re.compile(r"\{\{|\{%|%\(|%s|\bNone\b|\bUndefined\b|<built-in|\bMarkup\(")


def visible(html: str) -> str:
    """What a reader of the HTML sees."""
    html = re.sub(r"<(style|title)\b.*?</\1>", " ", html, flags=re.S)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def links(html: str) -> set[str]:
    return {unescape(href) for href in re.findall(r'href="([^"]*)"', html)}


def fresh(message: OutboxMessage) -> Letter:
    """Compose as the worker does: from the row alone, in a session where nothing was loaded before."""
    message_id = message.id
    db.session.rollback()
    with current_app.app_context():
        return compose(db.session.get_one(OutboxMessage, message_id))


@pytest.mark.parametrize("locale", ["en", "fr", "nl"])
@pytest.mark.parametrize("template", TEMPLATES)
def test_every_mail_is_whole(template: str, locale: str, cast: Cast) -> None:
    letter = fresh(mail(template, cast, locale))
    assert letter.subject
    assert "\n" not in letter.subject
    for words in (letter.subject, letter.text, visible(letter.html)):
        assert not LEFT_OVER.search(words), words
    assert f'<html lang="{locale}">' in letter.html
    assert all(link.startswith(("http://localhost/", "https://meet.example/")) for link in links(letter.html))
    assert links(letter.html) == set(re.findall(r"https?://\S+(?<!\.)", letter.text)) - {"http://localhost"}
    assert not re.search(r"</?[a-z]+[ >]|&[a-z]+;|&#", letter.text)
    assert "\n\n\n" not in letter.text


def test_every_template_has_its_three_files_and_nothing_else_lies_there() -> None:
    files = {path.name for path in (ROOT / "templates" / "emails").iterdir()}
    wanted = {f"{name}.{part}" for name in TEMPLATES for part in ("subject.txt", "txt", "html")}
    assert files == wanted | {f"_{name}.{part}" for name in ("layout", "parts") for part in ("txt", "html")}


def test_what_is_missing_is_an_error_not_a_hole(app: Flask, cast: Cast) -> None:
    with writing():
        message = queue_mail_locked("event_reminder", "bob@lysara.example", locale="en")
    with pytest.raises(NothingToSay):
        fresh(message)
    with writing():
        message = queue_mail_locked("registration_confirmed", "bob@lysara.example", locale="en")
    with pytest.raises(Exception, match="has no attribute"):
        fresh(message)


def test_a_name_is_text_and_never_markup(cast: Cast) -> None:
    registration = registered(cast.bob, make_event(public_cents=0, member_cents=None), given_name="<b>Bob & Co</b>")
    letter = fresh(db.session.query(OutboxMessage).filter_by(registration_id=registration.id).one())
    assert "Hello &lt;b&gt;Bob &amp; Co&lt;/b&gt;," in letter.html
    assert "Hello <b>Bob & Co</b>," in letter.text


def test_a_title_in_another_language_says_so(cast: Cast) -> None:
    event = make_event(public_cents=0, member_cents=None, titles={"fr": "Gestes aseptiques"})
    registration = registered(cast.bob, event)
    letter = fresh(db.session.query(OutboxMessage).filter_by(registration_id=registration.id).one())
    assert re.search(r'lang="fr"[^>]*>Gestes aseptiques', letter.html)


def test_the_recipient_decides_the_language_not_the_request(app: Flask, cast: Cast) -> None:
    message = mail("registration_confirmed", cast, "fr")
    with app.test_request_context("/?lang=nl"):
        letter = compose(message)
    weekdays = r"lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche"
    assert re.search(weekdays, letter.text)


def test_an_unknown_language_gets_the_first_of_the_cluster(cast: Cast) -> None:
    assert fresh(mail("sign_in_code", cast, "de")).locale == "fr"


def test_the_code_stands_alone_and_the_link_is_whole(cast: Cast) -> None:
    letter = fresh(mail("sign_in_code", cast))
    assert "123\N{NO-BREAK SPACE}456" in letter.subject
    assert "\n123\N{NO-BREAK SPACE}456\n" in letter.text
    assert "http://localhost/sign-in/link/abc" in links(letter.html)
    assert "Hello" not in letter.text  # whoever typed the address may not make us greet them by a name


def test_the_order_opens_from_the_mail(cast: Cast) -> None:
    letter = fresh(mail("registration_received", cast))
    found = next(link for link in links(letter.html) if "/orders/" in link)
    code, key = re.fullmatch(r"http://localhost/orders/([\w-]+)\?key=([\w-]+)", found).groups()  # type: ignore[union-attr]
    assert opens(code, key)
    assert not opens(code, key[:-1])
    assert not opens("MH-AAAA-BBBB", key)
    assert not opens(code, "é")


def test_who_must_pay_reads_how(cast: Cast) -> None:
    letter = fresh(mail("registration_received", cast))
    order = db.session.query(Registration).one().order_id
    for words in ("€508.20", "BE68 5390 0754 7034", "MOSABEB0XXX", "Mosan Health ASBL", "+++"):
        assert words in letter.text, order
        assert words in visible(letter.html)


def test_answers_reach_the_contact_of_the_event(cast: Cast) -> None:
    event = make_event(
        contact_name="Alice Renard", contact_email="alice@mosan.example", public_cents=0, member_cents=None
    )
    registration = registered(cast.bob, event)
    letter = fresh(db.session.query(OutboxMessage).filter_by(registration_id=registration.id).one())
    assert letter.reply_to == ("Alice Renard", "alice@mosan.example")
    assert "it reaches Alice Renard" in letter.text
    assert letter.sender == ("Mosan Health", "hello@mosan.example")


def test_a_changed_event_says_what_it_was(cast: Cast) -> None:
    letter = fresh(mail("event_changed", cast))
    now_said, before = letter.text.split("It used to be:")
    assert "Médiasambre" in now_said
    assert "Le Delta" in before
    assert "New date" in letter.subject


def test_an_offer_that_is_over_is_not_sent(cast: Cast) -> None:
    registration = offered(cast)
    message = db.session.query(OutboxMessage).filter_by(registration_id=registration.id, template="place_offered").one()
    assert "A place is free for you" in fresh(message).subject
    assert registration.hold_until
    expire(registration.public_id, registration.hold_until + timedelta(seconds=1))
    with pytest.raises(NothingToSay):
        fresh(message)


def test_who_was_refused_meanwhile_does_not_read_that_a_place_is_held(cast: Cast) -> None:
    message = mail("registration_received", cast)
    assert fresh(message).subject.startswith("Pay €")
    cancel(db.session.query(Registration).one().public_id, actor=cast.carol)
    with pytest.raises(NothingToSay):
        fresh(message)


def test_who_cancelled_is_not_reminded(cast: Cast) -> None:
    message = mail("event_reminder", cast)
    cancel(db.session.query(Registration).one().public_id, actor=cast.bob)
    with pytest.raises(NothingToSay):
        fresh(message)


# ---- the calendar ---------------------------------------------------------------------------------------------


def entries(letter: Letter) -> list[Any]:
    from icalendar import Calendar

    assert letter.calendar
    calendar = Calendar.from_ical(letter.calendar.decode())
    assert calendar["METHOD"] == "PUBLISH"
    assert "UID" not in calendar
    return list(calendar.walk("VEVENT"))


def test_a_confirmed_place_brings_one_entry_per_slot(cast: Cast) -> None:
    letter = fresh(mail("registration_confirmed", cast))
    slots = db.session.query(Slot).order_by(Slot.starts_at).all()
    found = entries(letter)
    assert [entry["UID"] for entry in found] == [f"slot-{slot.public_id}@mosan.example" for slot in slots]
    assert [entry["DTSTART"].dt for entry in found] == [slot.starts_at for slot in slots]
    assert {entry["STATUS"] for entry in found} == {"CONFIRMED"}
    assert {str(entry["ORGANIZER"]) for entry in found} == {"mailto:hello@mosan.example"}


def test_giving_the_place_back_withdraws_the_same_entries(cast: Cast) -> None:
    confirmed = fresh(mail("registration_confirmed", cast))
    registration = db.session.query(Registration).one()
    cancel(registration.public_id, actor=cast.bob)
    told = db.session.query(OutboxMessage).filter_by(template="registration_cancelled").one()
    before, after = entries(confirmed), entries(fresh(told))
    assert [entry["UID"] for entry in before] == [entry["UID"] for entry in after]
    assert {entry["STATUS"] for entry in after} == {"CANCELLED"}
    assert all(new["SEQUENCE"] == old["SEQUENCE"] for old, new in zip(before, after, strict=True))
    assert all(new["DTSTAMP"].dt >= old["DTSTAMP"].dt for old, new in zip(before, after, strict=True))


def test_a_changed_event_moves_the_entries_and_ends_a_removed_slot(cast: Cast) -> None:
    message = mail("event_changed", cast)
    with writing() as session:
        last = session.query(Slot).order_by(Slot.starts_at.desc()).first()
        assert last
        last.cancelled_at = last.updated_at
    found = entries(fresh(message))
    assert [entry["STATUS"] for entry in found] == ["CONFIRMED", "CANCELLED"]
    assert {entry["SEQUENCE"] for entry in found} == {1}


def test_who_never_had_a_place_gets_no_calendar(cast: Cast) -> None:
    _, second = waiting(cast, 0)
    told = db.session.query(OutboxMessage).filter_by(registration_id=second.id).one()
    assert fresh(told).calendar is None
    cancel(second.public_id, actor=None)
    told = db.session.query(OutboxMessage).filter_by(registration_id=second.id, template="registration_cancelled").one()
    assert fresh(told).calendar is None


def test_a_cancelled_event_ends_its_entries(cast: Cast) -> None:
    message = mail("event_cancelled", cast)
    with writing() as session:
        session.get_one(Event, message.event_id).run = Run.CANCELLED
    assert {entry["STATUS"] for entry in entries(fresh(message))} == {"CANCELLED"}


def test_only_who_has_a_place_reads_how_to_join(cast: Cast) -> None:
    event = make_event(
        capacity=1, public_cents=0, member_cents=None, venue="", city="", online_url="https://meet.example/1"
    )
    for person, has_place in ((cast.bob, True), (cast.carol, False)):
        registration = registered(person, event)
        letter = fresh(db.session.query(OutboxMessage).filter_by(registration_id=registration.id).one())
        assert ("meet.example" in letter.text) is has_place
        assert ("meet.example" in letter.html) is has_place
        assert (b"meet.example" in (letter.calendar or b"")) is has_place
