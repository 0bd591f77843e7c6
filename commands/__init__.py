"""flask init · sample · serve · worker · check · upgrade · backup · restore · create-admin, one module per noun."""

from __future__ import annotations

from flask import Flask

from commands import backups, checks, database, people, serving


def register_commands(app: Flask) -> None:
    """Add Atrium's commands to `flask`."""
    for module in (database, serving, checks, backups, people):
        for command in module.COMMANDS:
            app.cli.add_command(command)
