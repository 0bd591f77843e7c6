"""flask init · upgrade · sample · migration: the database from nothing to today."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import with_appcontext

from config import Settings
from models.base import now
from services import upgrades


def settings() -> Settings:
    found: Settings = current_app.extensions["atrium"]
    return found


@click.command("init")
@with_appcontext
def init() -> None:
    """Create the database, or bring it up to date, and load the areas of the cluster file."""
    bring_up_to_date()
    click.echo("Areas loaded from the cluster file.")


@click.command("upgrade")
@with_appcontext
def upgrade() -> None:
    """Bring the database up to date; a backup is made first."""
    bring_up_to_date()


def bring_up_to_date(*, quiet: bool = False) -> None:
    """Do it and say what was done; `quiet` says nothing when there was nothing to do."""
    try:
        done = upgrades.bring_up_to_date(settings(), current_app.extensions["cluster"])
    except upgrades.NewerDatabase as error:
        raise click.ClickException(str(error)) from error
    if done.created:
        click.echo(f"Database created (revision {done.revision}).")
    elif done.backup:
        click.echo(f"Database upgraded from {done.before} to {done.revision}; the backup is {done.backup}.")
    elif not quiet:
        click.echo(f"The database is up to date (revision {done.revision}).")


@click.command("sample")
@with_appcontext
def sample() -> None:
    """Load the sample season into an empty database, which is created when it is not there; say how to sign in."""
    from services.sample.files import read_season
    from services.sample.load import load_sample

    bring_up_to_date()
    loaded = load_sample(now().date())
    if loaded is None:
        click.echo("The database holds events already: it stays as it is.")
    else:
        click.echo(
            f"The sample season: {loaded.organisations} organisations, {loaded.people} people, {loaded.events} events, "
            f"{loaded.registrations} registrations."
        )
    if settings().demo:
        say_cast(settings().public_url, [(table["name"][0], table["email"]) for table in read_season().cast])


def say_cast(address: str, cast: list[tuple[str, str]]) -> None:
    """How to sign in during the demo."""
    click.echo(f"\nSign in at {address}/sign-in: one click for each of the cast, or any of these addresses with the")
    click.echo(f"code from {address}/mailbox, where every mail of the demo arrives.")
    for name, email in cast:
        click.echo(f"  {name:<7} {email:<28} {CAST_PARTS.get(name, '')}")
    click.echo("")


CAST_PARTS = {
    "Alice": "organises the events",
    "Bob": "works at a member organisation",
    "Carol": "is a stranger",
    "Dora": "manages people at Bob’s organisation",
    "Emil": "trains",
    "Fay": "does the finances",
    "Ada": "administers everything",
}


@click.command("migration", hidden=True)
@click.argument("message")
@with_appcontext
def migration(message: str) -> None:
    """For developers: write the migration from the database's tables to the models'."""
    from services.schema import write_revision

    click.echo(f"Read it before you commit it: {write_revision(message)}")


COMMANDS: tuple[click.Command, ...] = (init, upgrade, sample, migration)
