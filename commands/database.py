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


def bring_up_to_date() -> None:
    """Say what was done; nothing when there was nothing to do is one line too."""
    try:
        done = upgrades.bring_up_to_date(settings(), current_app.extensions["cluster"])
    except upgrades.NewerDatabase as error:
        raise click.ClickException(str(error)) from error
    if done.created:
        click.echo(f"Database created (revision {done.revision}).")
    elif done.backup:
        click.echo(f"Database upgraded from {done.before} to {done.revision}; the backup is {done.backup}.")
    else:
        click.echo(f"The database is up to date (revision {done.revision}).")


@click.command("sample")
@with_appcontext
def sample() -> None:
    """Load the sample season into an empty database."""
    from services.sample.load import load_sample

    loaded = load_sample(now().date())
    if loaded is None:
        click.echo("The database is not empty: nothing was loaded.")
        return
    click.echo(
        f"The sample season: {loaded.organisations} organisations, {loaded.people} people, {loaded.events} events, "
        f"{loaded.registrations} registrations."
    )


@click.command("migration", hidden=True)
@click.argument("message")
@with_appcontext
def migration(message: str) -> None:
    """For developers: write the migration from the database's tables to the models'."""
    from services.schema import write_revision

    click.echo(f"Read it before you commit it: {write_revision(message)}")


COMMANDS: tuple[click.Command, ...] = (init, upgrade, sample, migration)
