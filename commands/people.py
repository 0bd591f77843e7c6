"""flask create-admin."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import with_appcontext

from commands.database import settings
from services.people import NobodyHasAddress, add_admin, make_admin as appoint


@click.command("create-admin")
@click.argument("email")
@click.option("--given", help="Given name, when the person is not known yet.")
@click.option("--family", help="Family name, when the person is not known yet.")
@with_appcontext
def create_admin(email: str, given: str | None, family: str | None) -> None:
    """Give EMAIL's person the administrator's role; a person not known yet is added."""
    from email_validator import EmailNotValidError, validate_email

    try:
        address = validate_email(email, check_deliverability=False).normalized
    except EmailNotValidError as error:
        raise click.BadParameter(str(error), param_hint="EMAIL") from error
    try:
        person = appoint(address)
    except NobodyHasAddress:
        given = given or click.prompt("Given name")
        family = family or click.prompt("Family name")
        person = add_admin(address, str(given), str(family), current_app.extensions["cluster"].languages[0])
    click.echo(f"{person.name} is administrator. Sign in at {settings().public_url}/sign-in with {address}.")


COMMANDS: tuple[click.Command, ...] = (create_admin,)
