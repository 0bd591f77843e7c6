"""The cast of the demo, each in one click. Exists in demo mode only, and only for a browser on this machine."""

from __future__ import annotations

from typing import NamedTuple

from flask import abort, request
from flask_babel import gettext as _

from blueprints.security import settings

HERE = ("127.0.0.1", "::1")
ADDRESSES = {
    "alice": "alice@mosan.example",
    "bob": "bob@lysara.example",
    "carol": "carol@kelvin-home.example",
    "dora": "dora@lysara.example",
    "emil": "emil@vasseur.example",
    "fay": "fay@mosan.example",
    "ada": "ada@mosan.example",
}


class Character(NamedTuple):
    key: str
    name: str
    part: str  # what they are, in words


def is_demo_here() -> bool:
    """Demo mode, asked from this machine under a name of this machine (another site cannot borrow the browser)."""
    name = request.host.rpartition(":")[0] or request.host
    return settings().demo and request.remote_addr in HERE and name.strip("[]") in (*HERE, "localhost")


def cast_of_demo() -> list[Character]:
    """Who is offered on the sign-in page; nobody outside the demo."""
    if not is_demo_here():
        return []
    return [
        Character("alice", "Alice", _("organises the events")),
        Character("bob", "Bob", _("works at a member, Lysara Biologics")),
        Character("carol", "Carol", _("is a stranger, between two jobs")),
        Character("dora", "Dora", _("manages people at Lysara Biologics")),
        Character("emil", "Emil", _("trains")),
        Character("fay", "Fay", _("does the finances")),
        Character("ada", "Ada", _("administers everything")),
    ]


def demo_address(key: str) -> str:
    """The address of one of the cast; 404 outside the demo or for anybody else."""
    if not is_demo_here() or key not in ADDRESSES:
        abort(404)
    return ADDRESSES[key]
