"""One-time codes: 15 minutes, single use, five tries, one browser; the link in any browser."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from models.base import db
from models.credentials import CodePurpose, OneTimeCode
from models.outbox import OutboxMessage
from services.codes import (
    CodeExpired,
    CodeUsed,
    CodeWrong,
    TooManyTries,
    find_link,
    forget_old_locked,
    issue_code_locked,
    redeem_code,
    redeem_link,
)
from services.transaction import writing

SIGN_IN = CodePurpose.SIGN_IN
NOON = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)


def ask(browser: str = "laptop", address: str = "carol@kelvin-home.example", **kwargs: object) -> tuple[str, str]:
    """Ask for a code; the digits and the link's token as the mail says them."""
    with writing():
        issue_code_locked(SIGN_IN, address, browser_key=browser, locale="en", **kwargs)  # type: ignore[arg-type]
    context = db.session.scalars(select(OutboxMessage).order_by(OutboxMessage.id.desc())).first()
    assert context is not None
    db.session.rollback()
    return str(context.context["code"]), str(context.context["link"]).rpartition("/")[2]


def other(digits: str) -> str:
    return f"{(int(digits) + 1) % 10**6:06d}"


def test_it_works(app: Flask) -> None:
    digits, _token = ask(context={"next": "/events"})
    assert len(digits) == 6
    assert digits.isdecimal()
    code = redeem_code(SIGN_IN, digits, "laptop")
    assert code.address == "carol@kelvin-home.example"
    assert code.context == {"next": "/events"}


def test_digits_with_the_space_of_the_mail(app: Flask) -> None:
    digits, _ = ask()
    assert redeem_code(SIGN_IN, f" {digits[:3]}\N{NO-BREAK SPACE}{digits[3:]} ", "laptop")


def test_digits_of_an_arabic_keyboard(app: Flask) -> None:
    digits, _ = ask()
    assert redeem_code(SIGN_IN, digits.translate({ord("0") + n: chr(0x0660 + n) for n in range(10)}), "laptop")


def test_the_database_keeps_neither_digits_nor_token(app: Flask) -> None:
    digits, token = ask()
    row = db.session.scalars(select(OneTimeCode)).one()
    kept = " ".join(str(getattr(row, column.key)) for column in OneTimeCode.__table__.columns)
    assert token not in kept
    assert digits not in kept.replace(str(row.created_at), "").replace(str(row.expires_at), "")


def test_it_lasts_fifteen_minutes_to_the_microsecond(app: Flask) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        digits, _ = ask()
        clock.move_to(NOON + timedelta(minutes=15))
        with pytest.raises(CodeExpired):
            redeem_code(SIGN_IN, digits, "laptop")
        clock.move_to(NOON + timedelta(minutes=15, microseconds=-1))
        assert redeem_code(SIGN_IN, digits, "laptop")


def test_link_expires_too(app: Flask) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        _, token = ask()
        clock.move_to(NOON + timedelta(minutes=15))
        for use in (find_link, redeem_link):
            with pytest.raises(CodeExpired):
                use(token, SIGN_IN)


def test_single_use(app: Flask) -> None:
    digits, token = ask()
    redeem_code(SIGN_IN, digits, "laptop")
    with pytest.raises(CodeUsed):
        redeem_code(SIGN_IN, digits, "laptop")
    with pytest.raises(CodeUsed):
        redeem_link(token, SIGN_IN)


def test_link_replayed(app: Flask) -> None:
    digits, token = ask()
    redeem_link(token, SIGN_IN)
    with pytest.raises(CodeUsed):
        redeem_link(token, SIGN_IN)
    with pytest.raises(CodeUsed):
        redeem_code(SIGN_IN, digits, "laptop")


def test_finding_the_link_uses_nothing_up(app: Flask) -> None:
    _, token = ask()
    for _ in range(3):
        assert find_link(token, SIGN_IN).used_at is None
    assert redeem_link(token, SIGN_IN)


def test_five_wrong_tries_end_the_digits_and_not_the_link(app: Flask) -> None:
    digits, token = ask()
    for left in (4, 3, 2, 1):
        with pytest.raises(CodeWrong) as refusal:
            redeem_code(SIGN_IN, other(digits), "laptop")
        assert refusal.value.tries_left == left
    for guess in (other(digits), digits, digits):
        with pytest.raises(TooManyTries):
            redeem_code(SIGN_IN, guess, "laptop")
    assert redeem_link(token, SIGN_IN)


def test_a_fourth_wrong_try_leaves_the_right_one(app: Flask) -> None:
    digits, _ = ask()
    for _ in range(4):
        with pytest.raises(CodeWrong):
            redeem_code(SIGN_IN, other(digits), "laptop")
    assert redeem_code(SIGN_IN, digits, "laptop")


def test_another_browser(app: Flask) -> None:
    digits, _token = ask("laptop")
    for browser in ("phone", ""):
        with pytest.raises(CodeExpired):
            redeem_code(SIGN_IN, digits, browser)
    assert redeem_code(SIGN_IN, digits, "laptop"), "tries in another browser count against nothing here"


def test_another_purpose(app: Flask) -> None:
    digits, token = ask()
    with pytest.raises(CodeExpired):
        redeem_code(CodePurpose.ORDER, digits, "laptop")
    with pytest.raises(CodeExpired):
        redeem_link(token, CodePurpose.ORDER)
    with pytest.raises(CodeExpired):
        find_link(token, CodePurpose.ORDER)


def test_only_the_last_digits_of_a_browser_count(app: Flask) -> None:
    first, _ = ask()
    second, _ = ask()
    if first != second:
        with pytest.raises(CodeWrong):
            redeem_code(SIGN_IN, first, "laptop")
    assert redeem_code(SIGN_IN, second, "laptop")


def test_signing_in_ends_every_other_code_of_the_address(app: Flask) -> None:
    digits, _ = ask("thief")
    _, token = ask("laptop")
    _, elsewhere = ask("laptop", "bob@lysara.example")
    redeem_link(token, SIGN_IN)
    with pytest.raises(CodeUsed):
        redeem_code(SIGN_IN, digits, "thief")
    assert find_link(elsewhere, SIGN_IN), "codes of other addresses stay"


def test_the_mail_waits_in_the_same_transaction(app: Flask) -> None:
    with pytest.raises(ZeroDivisionError), writing():
        issue_code_locked(SIGN_IN, "carol@kelvin-home.example", browser_key="laptop", locale="en")
        raise ZeroDivisionError
    assert db.session.scalars(select(OutboxMessage)).all() == []
    assert db.session.scalars(select(OneTimeCode)).all() == []


def test_old_codes_are_forgotten(app: Flask) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        ask()
        clock.move_to(NOON + timedelta(days=1, minutes=16))
        ask()
        with writing():
            assert forget_old_locked(NOON + timedelta(days=1, minutes=16)) == 1
    assert len(db.session.scalars(select(OneTimeCode)).all()) == 1
