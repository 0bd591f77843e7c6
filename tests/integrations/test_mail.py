"""Letters as bytes and on the wire: a real SMTP conversation, and names that try to be more than names."""

from __future__ import annotations

import email
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from urllib.parse import quote

import pytest

from integrations.mail import Attachment, Letter, Refused, Unsent, compose_message, one_line, send
from tests.integrations.post_office import PostOffice, post_office  # noqa: F401  (a fixture)

pytestmark = pytest.mark.pure

LETTER = Letter(
    message_id="abc@mosan.example",
    date=datetime(2026, 11, 24, 9, 0, tzinfo=UTC),
    sender=("Mosan Health", "hello@mosan.example"),
    recipient=("Bob Lambert", "bob@lysara.example"),
    subject="Votre place à 9 h : « Gestes »",
    text="Bonjour Bob,\n\n.\nÀ bientôt.\n",
    html="<!doctype html><p>Bonjour Bob,</p>",
    locale="fr",
    reply_to=("Alice Renard", "alice@mosan.example"),
)
CALENDAR = b"BEGIN:VCALENDAR\r\nMETHOD:PUBLISH\r\nSUMMARY:\xc3\x89t\xc3\xa9\r\nEND:VCALENDAR\r\n"


def parsed(letter: Letter) -> EmailMessage:
    return email.message_from_bytes(compose_message(letter).as_bytes(), _class=EmailMessage, policy=default)


def content(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part
    return str(part.get_content()).replace("\r\n", "\n")


def test_it_works(post_office: PostOffice) -> None:  # noqa: F811
    send(LETTER, post_office.url)
    [message] = post_office.taken
    assert post_office.envelopes == [("hello@mosan.example", ["bob@lysara.example"])]
    assert message["From"] == "Mosan Health <hello@mosan.example>"
    assert message["To"] == "Bob Lambert <bob@lysara.example>"
    assert message["Reply-To"] == "Alice Renard <alice@mosan.example>"
    assert message["Subject"] == LETTER.subject
    assert message["Message-ID"] == "<abc@mosan.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Content-Language"] == "fr"
    assert message["Date"].datetime == LETTER.date
    assert "List-Unsubscribe" not in message
    assert content(message, "plain") == LETTER.text
    assert content(message, "html").strip() == LETTER.html


def test_every_byte_on_the_wire_is_plain() -> None:
    """Not every relay takes 8-bit text or long lines (RFC 5321 §4.5.3.1.6)."""
    letter = replace(LETTER, html="<p>" + "é" * 3000 + "</p>", text="ä" * 2000, calendar=CALENDAR, subject="É" * 300)
    data = compose_message(letter).as_bytes()
    assert data.isascii()
    assert max(map(len, data.split(b"\r\n"))) <= 100
    assert b"\n" not in data.replace(b"\r\n", b"")


def test_the_calendar_is_the_last_alternative_and_a_file() -> None:
    message = parsed(
        replace(LETTER, calendar=CALENDAR, attachments=(Attachment("a.pdf", b"%PDF", "application", "pdf"),))
    )
    alternatives, *files = message.iter_parts()
    assert isinstance(alternatives, EmailMessage)
    assert [part.get_content_type() for part in alternatives.iter_parts()] == [
        "text/plain",
        "text/html",
        "text/calendar",
    ]
    last = list(alternatives.iter_parts())[-1]
    assert last.get_param("method") == "PUBLISH"
    assert last.get_filename() is None
    assert last.get_payload(decode=True) == CALENDAR
    assert [(part.get_content_type(), part.get_filename()) for part in files] == [
        ("application/ics", "calendar.ics"),
        ("application/pdf", "a.pdf"),
    ]
    assert files[0].get_payload(decode=True) == CALENDAR


@pytest.mark.parametrize(
    "name",
    [
        "Bob\r\nBcc: evil@kelvin.example",
        "Bob\nBcc: evil@kelvin.example\n\n<script>",
        "Bob\rX: y",
        "Bob\u2028Bcc: evil@kelvin.example",
        "Bob\x00\x0b\x1b",
        "=?utf-8?q?Bob=0D=0ABcc:_evil@kelvin.example?=",
        '"Bob" <evil@kelvin.example>, ',
        "Bob, Carol; Dora: Emil <evil@kelvin.example>",
        "Nguyễn, Carol " * 12,
        "É" * 90 + ", <evil@kelvin.example>",
        "O’Neil (Ltd) \\",
        "\ud800",
        "",
    ],
)
def test_a_name_stays_a_name(name: str) -> None:
    letter = replace(LETTER, recipient=(name, "bob@lysara.example"), reply_to=(name, "alice@mosan.example"))
    message = parsed(replace(letter, subject=f"Place: {name}"))
    assert set(message.keys()) == {
        "From", "To", "Reply-To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Language",
        "MIME-Version", "Content-Type",
    }  # fmt: skip
    assert len(message.keys()) == 10
    assert [found.addr_spec for found in message["To"].addresses] == ["bob@lysara.example"]
    assert [found.addr_spec for found in message["Reply-To"].addresses] == ["alice@mosan.example"]
    assert message["Subject"].split() == one_line(f"Place: {name}").split()


@pytest.mark.parametrize(
    "address",
    [
        "", "bob", "@lysara.example", "bob@", "bob@lysara.example, carol@lysara.example", "<bob@lysara.example>",
        "bob lambert@lysara.example", "bob@lysara.example\r\nBcc: evil@kelvin.example", "bob@carol@lysara.example",
        "bób@lysara.example", "bob@" + "l" * 70 + ".example", "bob@lysara.example\x00",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused_for_ever(address: str, tmp_path: Path) -> None:
    with pytest.raises(Refused):
        send(replace(LETTER, recipient=("Bob", address)), f"folder://{tmp_path}")
    assert not list(tmp_path.iterdir())


def test_a_domain_in_another_script_is_written_as_mail_writes_it() -> None:
    assert parsed(replace(LETTER, recipient=("Bob", "bob@münchen.example")))["To"].endswith(
        "<bob@xn--mnchen-3ya.example>"
    )


# ---- the folder -----------------------------------------------------------------------------------------------


def test_the_folder_keeps_one_file_per_mail_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "a folder" / "mail"
    url = f"folder://{quote(str(folder))}"
    send(LETTER, url)
    send(replace(LETTER, text="Again.\n"), url)
    send(replace(LETTER, message_id="def@mosan.example"), url)
    assert sorted(path.name for path in folder.iterdir()) == ["abc.eml", "def.eml"]
    kept = email.message_from_bytes((folder / "abc.eml").read_bytes(), _class=EmailMessage, policy=default)
    assert content(kept, "plain") == "Again.\n"


def test_a_folder_that_cannot_be_written_delays(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("a file is in the way")
    with pytest.raises(Unsent):
        send(LETTER, f"folder://{tmp_path / 'mail'}")


# ---- the server -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer, error",
    [
        ("550 5.1.1 No such person here", Refused),
        ("553 5.1.3 Bad address", Refused),
        ("450 4.2.1 Mailbox busy", Unsent),
        ("451 4.7.1 Greylisted, come back", Unsent),
        ("530 5.7.0 Sign in first", Unsent),
    ],
)
def test_what_the_server_says_of_the_recipient(post_office: PostOffice, answer: str, error: type[Exception]) -> None:  # noqa: F811
    post_office.to_recipient.append(answer)
    with pytest.raises(error, match=answer[:3]):
        send(LETTER, post_office.url)
    assert not post_office.taken


@pytest.mark.parametrize("answer, error", [("552 5.3.4 Too big", Refused), ("452 4.3.1 Disk full", Unsent)])
def test_what_the_server_says_of_the_mail(post_office: PostOffice, answer: str, error: type[Exception]) -> None:  # noqa: F811
    post_office.to_data.append(answer)
    with pytest.raises(error, match=answer[:3]):
        send(LETTER, post_office.url)


def test_what_happens_after_the_250_changes_nothing(post_office: PostOffice) -> None:  # noqa: F811
    post_office.closes_after_data = True
    send(LETTER, post_office.url)
    assert len(post_office.taken) == 1


def test_it_signs_in_with_what_the_address_says(post_office: PostOffice) -> None:  # noqa: F811
    url = post_office.url.replace("smtp://", f"smtp://{quote('mail@mosan', safe='')}:{quote('s3:c/ret', safe='')}@")
    send(LETTER, url)
    assert post_office.signed_in == [(b"mail@mosan", b"s3:c/ret")]
    assert len(post_office.taken) == 1


def test_a_wrong_password_delays_and_is_not_repeated_in_words(post_office: PostOffice) -> None:  # noqa: F811
    with pytest.raises(Unsent) as caught:
        send(LETTER, post_office.url.replace("smtp://", "smtp://mail:hunter2@"))
    assert "535" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_server_without_encryption_is_not_trusted_when_it_was_asked_for(post_office: PostOffice) -> None:  # noqa: F811
    with pytest.raises(Unsent):
        send(LETTER, post_office.url.replace("smtp://", "smtp+starttls://"))
    with pytest.raises(Unsent):
        send(LETTER, post_office.url.replace("smtp://", "smtps://"))
    assert not post_office.taken


@pytest.mark.parametrize("url", ["smtp://127.0.0.1:9", "http://mosan.example", "smtp://", "mosan.example"])
def test_no_server_there_delays(url: str) -> None:
    with pytest.raises(Unsent):
        send(LETTER, url)
