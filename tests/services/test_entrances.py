"""Ways in: what they write, what they refuse, and that they cost the same for everybody."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import event, func, select

from models.base import db, now
from models.credentials import OneTimeCode, SignIn, Throttle
from models.outbox import OutboxMessage
from models.people import EmailAddress
from services.codes import CodeExpired, CodeWrong
from services.entrances import Visitor, ask_code, enter_by_code, enter_by_link, enter_demo
from services.throttles import TooMany
from services.transaction import writing
from tests.cast import Cast

HERE = Visitor("laptop", "Firefox", "192.0.2.1", "nl")
CAROL = "carol@kelvin-home.example"


def last_mail() -> OutboxMessage:
    return db.session.scalars(select(OutboxMessage).order_by(OutboxMessage.id.desc()).limit(1)).one()


def token() -> str:
    return str(last_mail().context["link"]).rpartition("/")[2]


def statements(act: Callable[[], object]) -> list[str]:
    """The kinds of the statements that `act` sends to the database, in order."""
    seen: list[str] = []

    def note(*args: object) -> None:
        seen.append(" ".join(str(args[2]).split()[:3]))

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        act()
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    return seen


def test_it_works(cast: Cast) -> None:
    ask_code(CAROL, HERE, next_path="/events")
    entry = enter_by_code(str(last_mail().context["code"]), HERE)
    assert entry.person is cast.carol
    assert entry.next == "/events"
    row = db.session.scalars(select(SignIn)).one()
    assert (row.method, row.browser, row.ip) == ("code", "Firefox", "192.0.2.1")


def test_the_mail_speaks_the_language_of_the_account(cast: Cast) -> None:
    with writing():
        cast.carol.locale = "fr"
    ask_code(CAROL, HERE)
    assert last_mail().locale == "fr"
    ask_code("nobody@x.example", HERE)
    assert last_mail().locale == "nl", "nobody's account: the language of the page"


def test_known_and_unknown_cost_the_same(cast: Cast) -> None:
    known = statements(lambda: ask_code(CAROL, HERE))
    unknown = statements(lambda: ask_code("nobody@x.example", HERE))
    assert known == unknown


def test_signing_in_proves_the_address(cast: Cast) -> None:
    with writing() as session:
        session.scalars(select(EmailAddress).where(EmailAddress.key == CAROL)).one().proven_at = None
    ask_code(CAROL, HERE)
    enter_by_link(token(), HERE)
    assert db.session.scalars(select(EmailAddress.proven_at).where(EmailAddress.key == CAROL)).one() is not None


def test_erased_between_mail_and_click(cast: Cast) -> None:
    ask_code(CAROL, HERE)
    kept = token()
    with writing():
        cast.carol.erased_at = now()
    with pytest.raises(CodeWrong):
        enter_by_link(kept, HERE)
    assert db.session.scalars(select(SignIn)).all() == []


def test_signing_in_forgives_the_mails(cast: Cast) -> None:
    for _ in range(4):
        ask_code(CAROL, HERE)
    enter_by_link(token(), HERE)
    left = select(func.count()).select_from(Throttle).where(Throttle.kind == "code_address")
    assert db.session.scalar(left) == 0


def test_guessing_from_one_place_ends(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new code for each five tries does not help: wrong digits are counted per place too."""
    monkeypatch.setattr("services.entrances.TRIES_PER_NETWORK", 6)
    for browser in ("a", "b"):
        visitor = Visitor(browser, "", "192.0.2.1")
        ask_code(CAROL, visitor)
        wrong = "000000" if last_mail().context["code"] != "000000" else "000001"
        for _ in range(3):
            with pytest.raises(CodeWrong):
                enter_by_code(wrong, visitor)
    with pytest.raises(TooMany):
        enter_by_code(str(last_mail().context["code"]), visitor)


def test_nothing_asked(cast: Cast) -> None:
    with pytest.raises(CodeExpired):
        enter_by_code("123456", HERE)
    assert db.session.scalars(select(OneTimeCode)).all() == []


def test_demo(cast: Cast) -> None:
    entry = enter_demo("alice@mosan.example", HERE)
    assert entry is not None
    assert entry.person is cast.alice
    assert enter_demo("nobody@mosan.example", HERE) is None
