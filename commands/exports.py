"""flask export-attendees."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import click
from flask import current_app
from flask.cli import with_appcontext

from services.attendee_columns import Purpose, Scope
from services.attendee_lists import Asked, ExportedFile, Format, NotOnPaper, export
from services.attendee_papers import NoSlots, NothingToPrint, TooManyForPaper
from services.permissions import event_by_slug

NOTE = "command line"


@click.command("export-attendees")
@click.argument("slug")
@click.option("--format", "form", type=click.Choice([form.value for form in Format]), default="csv", show_default=True)
@click.option("--purpose", type=click.Choice([purpose.value for purpose in Purpose]), required=True)
@click.option("--who", type=click.Choice([scope.value for scope in Scope]), default="expected", show_default=True)
@click.option("--language", help="Of titles and words; the cluster's first language when not given.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="A file, instead of standard output.")
@with_appcontext
def export_attendees(slug: str, form: str, purpose: str, who: str, language: str | None, output: Path | None) -> None:
    """Write the attendee list of the event SLUG. It holds what its purpose needs; that it was taken is recorded."""
    event = event_by_slug(slug)
    if event is None:
        raise click.BadParameter(f"there is no event {slug}.", param_hint="SLUG")
    languages = current_app.extensions["cluster"].languages
    if language is not None and language not in languages:
        raise click.BadParameter(f"{language} is none of {', '.join(languages)}.", param_hint="--language")
    asked = Asked(event, Purpose(purpose), Format(form), language or languages[0], None, Scope(who), note=NOTE)
    with destination(output) as file:
        write(list_of(asked), file)


def list_of(asked: Asked) -> ExportedFile:
    """The list, or a usage error that says why there is none."""
    try:
        return export(asked)
    except NotOnPaper:
        raise click.BadParameter(
            f"there is no PDF of {asked.purpose}: choose csv or xlsx.", param_hint="--format"
        ) from None
    except NoSlots:
        raise click.UsageError("The event has no dates yet, so there is no half-day to sign for.") from None
    except NothingToPrint:
        raise click.UsageError("Nobody has a place on site, so there is no badge to print.") from None
    except TooManyForPaper as error:
        raise click.UsageError(f"More than {error.most} people do not fit on paper: choose csv or xlsx.") from None


def write(list_: ExportedFile, file: IO[bytes]) -> None:
    """Every byte; when the reader of a pipe goes away, what it got is recorded."""
    try:
        for block in list_.blocks:
            file.write(block)
        file.flush()
    finally:
        list_.blocks.close()
    if list_.unprintable:
        click.echo(f"{list_.unprintable} names have letters that we cannot print; their places are empty.", err=True)


@contextmanager
def destination(output: Path | None) -> Iterator[IO[bytes]]:
    """Standard output, or a file that only its owner can read and that is there only when it is whole."""
    if output is None:
        yield sys.stdout.buffer
        return
    try:
        number, name = tempfile.mkstemp(dir=output.parent, prefix=f".{output.name}-")
    except OSError as error:
        raise click.BadParameter(f"{output} cannot be written: {error.strerror}.", param_hint="--output") from None
    try:
        with os.fdopen(number, "wb") as file:
            yield file
        os.replace(name, output)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


COMMANDS: tuple[click.Command, ...] = (export_attendees,)
