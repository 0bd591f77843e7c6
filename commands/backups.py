"""flask backup · restore."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import with_appcontext

from commands.database import settings
from services.backups import CannotRestore, back_up, restore as restore_backup, stored_in

ELSEWHERE = "Stored files are kept by another service and are not in it."


@click.command("backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@with_appcontext
def backup(file: Path) -> None:
    """Write database, generated keys and stored files to FILE (a .tar.gz). The site may go on meanwhile."""
    if not file.name.endswith((".tar.gz", ".tgz")):
        raise click.BadParameter(f"{file.name} should end with .tar.gz", param_hint="FILE")
    contents = back_up(settings(), file)
    click.echo(f"{file}: {contents.rows} rows of {len(contents.tables)} tables, {contents.files} files.")
    if stored_in(settings()) is None:
        click.echo(ELSEWHERE)
    click.echo("It holds personal data and keys: keep it where only you can read it.")


@click.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Replace the rows that the database already holds.")
@with_appcontext
def restore(file: Path, force: bool) -> None:
    """Make database, keys and files what FILE says. Stop the site first. Works across SQLite and PostgreSQL."""
    try:
        contents = restore_backup(settings(), file, force=force)
    except CannotRestore as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"Restored the backup of {contents.made_at}: {contents.rows} rows, {contents.files} files.")


COMMANDS: tuple[click.Command, ...] = (backup, restore)
