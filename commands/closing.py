"""flask close-event."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from services.closing import AlreadyClosed, NotHeld, NotOver, close
from services.dates import say_deadline
from services.permissions import event_by_slug


@click.command("close-event")
@click.argument("slug")
@with_appcontext
def close_event(slug: str) -> None:
    """Close the event SLUG: an outcome for everybody; the worker issues the certificates."""
    event = event_by_slug(slug)
    if event is None:
        raise click.BadParameter("There is no event with this slug.", param_hint="SLUG")
    try:
        closed = close(event.id, None)
    except AlreadyClosed as error:
        raise click.ClickException("It is closed already.") from error
    except NotHeld as error:
        raise click.ClickException("It never took place for certain: decide, resume or publish it first.") from error
    except NotOver as error:
        ends = say_deadline(error.ends_at, "en", event.zone)
        raise click.ClickException(f"Its last slot ends on {ends}. Close it after that.") from error
    for outcome, number in closed.counts.items():
        if number:
            click.echo(f"{number:5}  {outcome.value.replace('_', ' ')}")
    if closed.job:
        click.echo(f"The worker issues {closed.job.total} certificates now.")


COMMANDS: tuple[click.Command, ...] = (close_event,)
