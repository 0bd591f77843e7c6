"""The one root of every refusal of a registration, so that a page can catch them all."""

from __future__ import annotations


class RegistrationRefused(Exception):
    """A registration that cannot be taken; each subclass says why and carries what the page needs to say next."""
