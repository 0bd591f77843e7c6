"""A real SMTP server for tests, in a thread of this process: it keeps what it took, and refuses what it is told to."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


@dataclass
class PostOffice:
    """What arrived, and what the server answers instead of 250: `to_recipient` at RCPT, `to_data` after DATA."""

    taken: list[EmailMessage] = field(default_factory=list)
    envelopes: list[tuple[str, list[str]]] = field(default_factory=list)
    to_recipient: list[str] = field(default_factory=list)
    to_data: list[str] = field(default_factory=list)
    closes_after_data: bool = False
    signed_in: list[tuple[bytes, bytes]] = field(default_factory=list)
    url: str = ""

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any) -> str:
        if self.to_recipient:
            return self.to_recipient.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.to_data:
            return self.to_data.pop(0)
        assert isinstance(envelope.content, bytes)
        self.taken.append(message_from_bytes(envelope.content, _class=EmailMessage, policy=default))
        self.envelopes.append((str(envelope.mail_from), list(envelope.rcpt_tos)))
        return "250 OK"

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.closes_after_data and server.transport:
            server.transport.close()
        return "221 Bye"

    def sign_in(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.signed_in.append((data.login, data.password))
        return AuthResult(success=data.password == b"s3:c/ret", handled=False)


@pytest.fixture
def post_office() -> Iterator[PostOffice]:
    """A server on a free port of this machine."""
    office = PostOffice()
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    controller = Controller(
        office, hostname="127.0.0.1", port=port, authenticator=office.sign_in, auth_require_tls=False
    )
    controller.start()
    office.url = f"smtp://127.0.0.1:{port}"
    yield office
    controller.stop()
