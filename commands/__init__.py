"""flask init · sample · serve · worker · check · upgrade · backup · restore · create-admin · close-event ·
export-attendees · export-accounting · import-statement · sample-statement · stripe-simulator, one module per noun."""

from __future__ import annotations

from flask import Flask

from commands import accounting, backups, checks, closing, database, exports, people, serving, simulator, statements


def register_commands(app: Flask) -> None:
    """Add Atrium's commands to `flask`."""
    for module in (database, serving, checks, backups, people, closing, exports, accounting, simulator, statements):
        for command in module.COMMANDS:
            app.cli.add_command(command)
