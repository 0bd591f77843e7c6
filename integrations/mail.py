"""Mail out of the house: a letter as RFC 5322 bytes, into a folder or to an SMTP server.

MAIL_URL: `folder:///path` keeps one `.eml` file per mail; `smtp://[user:password@]host[:25]`,
`smtp+starttls://…[:587]` and `smtps://…[:465]` send. User and password are percent-encoded where they need to be.
"""

from __future__ import annotations

import os
import re
import smtplib
import ssl
from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

TIMEOUT = 30.0  # seconds for each step of the conversation
PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
QP = "quoted-printable"  # never 8bit: not every relay on the way takes it


class Unsent(Exception):
    """Not sent this time: the server is away, busy, or refuses us for now. Try again later."""


class Refused(Exception):
    """The server will never take this mail: there is no such recipient, or it refuses what is written."""


@dataclass(frozen=True)
class Attachment:
    name: str
    content: bytes
    maintype: str
    subtype: str


@dataclass(frozen=True)
class Letter:
    """One mail, ready to go. Plain data: nothing in it reads the database. Names may hold anything a person can type."""

    message_id: str  # without brackets; the same at every try
    date: datetime
    sender: tuple[str, str]  # name, address
    recipient: tuple[str, str]
    subject: str
    text: str
    html: str
    locale: str = "en"
    reply_to: tuple[str, str] | None = None
    calendar: bytes | None = None  # METHOD:PUBLISH
    attachments: tuple[Attachment, ...] = ()


def send(letter: Letter, mail_url: str) -> None:
    """Hand the letter over. Returns once the folder or the server has it; raises Unsent or Refused."""
    message = compose_message(letter)
    folder = folder_of(mail_url)
    if folder is not None:
        keep(message, folder, letter.message_id.partition("@")[0])
    else:
        transmit(message, letter, urlsplit(mail_url))


def folder_of(mail_url: str) -> Path | None:
    """The folder of a `folder://` address, else None."""
    return Path(unquote(mail_url.removeprefix("folder://"))) if mail_url.startswith("folder://") else None


def compose_message(letter: Letter) -> EmailMessage:
    """The letter as a MIME message: text, HTML and calendar as alternatives, then the attachments.

    The calendar is the last alternative with its METHOD, and the same bytes again as a file, as clients differ (RFC 6047
    §2.4; notes of what was tried). Raises Refused when an address is none.
    """
    message = EmailMessage(policy=SMTP)
    message["From"] = mailbox(*letter.sender)
    message["To"] = mailbox(*letter.recipient)
    if letter.reply_to:
        message["Reply-To"] = mailbox(*letter.reply_to)
    message["Subject"] = one_line(letter.subject)
    message["Date"] = letter.date
    message["Message-ID"] = f"<{letter.message_id}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's absence notice answers
    message.set_content(letter.text, cte=QP)
    message.add_alternative(letter.html, subtype="html", cte=QP)
    if letter.calendar:
        message.add_alternative(
            letter.calendar.decode(), subtype="calendar", params={"method": "PUBLISH"}, cte="base64"
        )
        message.add_attachment(letter.calendar, maintype="application", subtype="ics", filename="calendar.ics")
    for file in letter.attachments:
        message.add_attachment(file.content, maintype=file.maintype, subtype=file.subtype, filename=file.name)
    message["Content-Language"] = letter.locale  # last: each part added takes the Content-… headers with it
    return message


def mailbox(name: str, address: str) -> Address:
    """A name and an address as one header value; Refused when the address is not exactly one address."""
    local, _, domain = address.strip().rpartition("@")
    try:
        found = Address(display_name=one_line(name), addr_spec=f"{local}@{domain.encode('idna').decode()}")
    except (ValueError, IndexError, MessageError) as error:  # IndexError: the standard parser on an empty local part
        raise Refused(f"{one_line(address)!r} is not an e-mail address") from error
    if not found.domain or CONTROL.search(address) or not local.isascii():
        raise Refused(f"{one_line(address)!r} is not an e-mail address this system can write to")
    return found


def one_line(text: str) -> str:
    """The text without line breaks or control characters: nothing typed by a person may begin a header of its own.

    “=?” is parted too: typed, it would be read as an encoded word (RFC 2047), which can hide a line break.
    """
    plain = CONTROL.sub(" ", text).replace("=?", "= ?").encode(errors="ignore").decode()
    return " ".join(word for word in plain.split(" ") if word)  # no-break spaces stay where typography put them


def keep(message: EmailMessage, folder: Path, name: str) -> None:
    """Write `<name>.eml`, whole or not at all; a second try of the same mail replaces its file."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        draft = folder / f".{name}.{os.getpid()}"
        with draft.open("wb") as file:
            file.write(message.as_bytes())
            file.flush()
            os.fsync(file.fileno())
        draft.replace(folder / f"{name}.eml")
    except OSError as error:
        raise Unsent(f"the mail folder cannot be written: {error}") from error


def transmit(message: EmailMessage, letter: Letter, url: SplitResult) -> None:
    """One conversation with the server, one mail. What happens after its 250 changes nothing: the mail is sent."""
    sender, recipient = mailbox(*letter.sender).addr_spec, mailbox(*letter.recipient).addr_spec
    try:
        client = connected(url)
        try:
            client.sendmail(sender, [recipient], message.as_bytes())
        finally:
            farewell(client)
    except smtplib.SMTPRecipientsRefused as error:
        code, words = error.recipients[recipient]
        raise refusal(code, words) from error
    except smtplib.SMTPDataError as error:
        raise refusal(error.smtp_code, error.smtp_error) from error
    except smtplib.SMTPResponseException as error:  # at the greeting, the sign-in, the sender: ours to repair
        raise Unsent(f"{error.smtp_code} {said(error.smtp_error)}") from error
    except (OSError, smtplib.SMTPException) as error:
        raise Unsent(f"{type(error).__name__}: {error}") from error


def connected(url: SplitResult) -> smtplib.SMTP:
    """A connection that is encrypted and signed in as the address says. Certificates are checked."""
    if url.scheme not in PORTS or not url.hostname:
        raise Unsent("MAIL_URL is none of folder://, smtp://, smtp+starttls:// and smtps://")
    host, port = url.hostname, url.port or PORTS[url.scheme]
    if url.scheme == "smtps":
        client: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=TIMEOUT, context=ssl.create_default_context())
    else:
        client = smtplib.SMTP(host, port, timeout=TIMEOUT)
    try:
        if url.scheme == "smtp+starttls":
            client.starttls(context=ssl.create_default_context())
        if url.username:
            client.login(unquote(url.username), unquote(url.password or ""))
    except BaseException:
        client.close()
        raise
    return client


def farewell(client: smtplib.SMTP) -> None:
    try:
        client.quit()
    except (OSError, smtplib.SMTPException):
        client.close()


def refusal(code: int, words: bytes | str) -> Unsent | Refused:
    """5xx is for ever (RFC 5321 §4.2.1), 4xx is not; 530 asks us to sign in, which is ours to repair."""
    reason = f"{code} {said(words)}"
    return Refused(reason) if 500 <= code < 600 and code != 530 else Unsent(reason)


def said(words: bytes | str) -> str:
    return one_line(words.decode(errors="replace") if isinstance(words, bytes) else words)
