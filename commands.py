"""flask init · sample · serve · worker · check · upgrade · backup · restore · create-admin."""

from __future__ import annotations

from flask import Flask


def register_commands(app: Flask) -> None:
    """Add Atrium's commands to `flask`."""
