"""flask check."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import with_appcontext

from commands.database import settings
from services.checks import findings


@click.command("check")
@with_appcontext
def check() -> None:
    """Say what must not stay so in production; exit 1 when something blocks."""
    found = findings(settings(), current_app.extensions["cluster"])
    for finding in found:
        click.echo(f"{'BLOCKS' if finding.blocks else 'NOTE  '}  {finding.says}\n        {finding.do}")
    blocking = sum(finding.blocks for finding in found)
    if blocking:
        raise click.ClickException(f"{blocking} to change before anybody is let in.")
    click.echo("Nothing blocks." if found else "All is well.")


COMMANDS: tuple[click.Command, ...] = (check,)
