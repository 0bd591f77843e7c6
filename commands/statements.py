"""flask import-statement · sample-statement."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import with_appcontext
from flask_babel import force_locale

from services.bank_summaries import summary_of
from services.sample.statement import sample_statement
from services.statement_words import imported_words, refusal_words, summary_words
from services.statements import BrokenFile, import_statement as read


@click.command("import-statement")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@with_appcontext
def import_statement(file: Path) -> None:
    """Read the bank's FILE (CAMT.053 or CODA): what is certain is booked, the rest waits at the desk."""
    try:
        with file.open("rb") as content:
            found = read(content, name=file.name, actor=None)
    except BrokenFile as error:
        with force_locale("en"):
            raise click.ClickException(f"{file.name}: {refusal_words(error)}") from None
    with force_locale("en"):
        click.echo(summary_words(summary_of(found.statements), "en"))
        if words := imported_words(found.lines, found.new):
            click.echo(words)


@click.command("sample-statement")
@with_appcontext
def write_sample_statement() -> None:
    """Write a bank's file (CAMT.053) with transfers for orders that wait for money, to try the import with."""
    for piece in sample_statement():
        click.echo(piece, nl=False)


COMMANDS: tuple[click.Command, ...] = (import_statement, write_sample_statement)
