"""Optional passwords: argon2id, strong enough, renewed when the parameters change."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select

from models.base import db
from models.credentials import Password
from services.entrances import SignInRefused, Visitor, enter_by_password
from services.passwords import (
    CONFIRMATIONS,
    PasswordWeak,
    PasswordWrong,
    confirm_password,
    has_password,
    matches,
    remove_password,
    set_password,
)
from services.sign_ins import live_sign_ins
from services.throttles import TooMany
from services.transaction import writing
from tests.cast import Cast

GOOD = "quiet river under stones"
HERE = Visitor("laptop", "Firefox", "192.0.2.1")
BOB = "bob@lysara.example"


def kept() -> str:
    return db.session.scalars(select(Password.hash)).one()


def test_it_works(cast: Cast) -> None:
    set_password(cast.bob, GOOD)
    assert kept().startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert enter_by_password(" BOB@Lysara.example", GOOD, HERE).person is cast.bob


@pytest.mark.parametrize(
    "address, password",
    [(BOB, "quiet river under stone"), ("nobody@lysara.example", GOOD), ("dora@lysara.example", GOOD), (BOB, "")],
)
def test_one_refusal_for_all(cast: Cast, address: str, password: str) -> None:
    set_password(cast.bob, GOOD)
    with pytest.raises(SignInRefused):
        enter_by_password(address, password, HERE)


@pytest.mark.parametrize(
    "password, reason",
    [
        ("elevenchars", "short"), ("x" * 201, "long"), ("abababababab", "repeated"), ("bob@lysara.example1", "personal"),
        ("BobLambertBob", "personal"),
    ],
)  # fmt: skip
def test_weak(cast: Cast, password: str, reason: str) -> None:
    with pytest.raises(PasswordWeak) as weak:
        set_password(cast.bob, password)
    assert weak.value.reason == reason
    assert not has_password(cast.bob)


def test_changing_it_signs_the_others_out(cast: Cast) -> None:
    set_password(cast.bob, GOOD)
    for _ in range(3):
        enter_by_password(BOB, GOOD, HERE)
    stays = live_sign_ins(cast.bob)[0].id
    set_password(cast.bob, "another quiet river", keep_sign_in=stays)
    assert [row.id for row in live_sign_ins(cast.bob)] == [stays]
    with pytest.raises(SignInRefused):
        enter_by_password(BOB, GOOD, HERE)


def test_old_parameters_are_renewed_at_the_next_sign_in(cast: Cast) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(GOOD)
    with writing() as session:
        session.add(Password(person_id=cast.bob.id, hash=weak))
    with pytest.raises(SignInRefused):
        enter_by_password(BOB, "wrong", HERE)
    assert kept() == weak, "a wrong password renews nothing"
    enter_by_password(BOB, GOOD, HERE)
    assert "m=19456" in kept()
    enter_by_password(BOB, GOOD, HERE)


def test_removed(cast: Cast) -> None:
    set_password(cast.bob, GOOD)
    remove_password(cast.bob)
    with pytest.raises(SignInRefused):
        enter_by_password(BOB, GOOD, HERE)


def test_ten_wrong_ones_close_the_door_for_right_ones_too(cast: Cast) -> None:
    set_password(cast.bob, GOOD)
    for number in range(10):
        with pytest.raises(SignInRefused):
            enter_by_password(BOB, "wrong", Visitor("laptop", "", f"192.0.2.{number}"))
    with pytest.raises(TooMany):
        enter_by_password(BOB, GOOD, HERE)


def test_a_right_one_forgives(cast: Cast) -> None:
    set_password(cast.bob, GOOD)
    for _ in range(3):
        for _ in range(5):
            with pytest.raises(SignInRefused):
                enter_by_password(BOB, "wrong", HERE)
        enter_by_password(BOB, GOOD, HERE)


def test_nobodys_password_matches_nothing() -> None:
    assert not matches(None, "nobody has this password")
    assert not matches("no hash at all", GOOD)


def test_confirming_the_present_one(cast: Cast) -> None:
    set_password(cast.bob, GOOD)
    confirm_password(cast.bob, GOOD)
    for _ in range(CONFIRMATIONS - 1):
        with pytest.raises(PasswordWrong):
            confirm_password(cast.bob, "wrong")
    with pytest.raises(TooMany):
        confirm_password(cast.bob, GOOD)
