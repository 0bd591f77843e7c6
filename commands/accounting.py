"""flask export-accounting."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext
from flask_babel import force_locale

from commands.exports import NOTE, destination
from services.accounting import accounting_file
from services.audit import record

DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.command("export-accounting")
@click.option("--from", "first", type=DAY, required=True, help="The first day, 2026-01-01.")
@click.option("--to", "last", type=DAY, required=True, help="The last day, included.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="A file, instead of standard output.")
@with_appcontext
def export_accounting(first: datetime, last: datetime, output: Path | None) -> None:
    """Write one line for each movement of money of a period, with its documents and VAT codes. That it was taken is recorded."""
    if last < first:
        raise click.BadParameter("the last day comes before the first.", param_hint="--to")
    with force_locale(current_app.extensions["cluster"].languages[0]):
        body, rows = accounting_file(first.date(), last.date())
    with destination(output) as file:
        file.write(body)
        file.flush()
    record("finance.exported", None, details={"what": "accounting", "rows": rows, "by": NOTE})
    click.echo(f"{rows} lines", err=True)


COMMANDS: tuple[click.Command, ...] = (export_accounting,)
