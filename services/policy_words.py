"""The cancellation terms of an event in one sentence: “Free until Friday 20 November; then half the price; from Friday
4 December the full price.” Pure, in the present language."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from flask_babel import force_locale, gettext as _

from models.base import in_language
from models.events import Event
from models.policies import Tier, stages
from services.dates import say_day


def terms_of(event: Event, locale: str, *, costs: bool) -> str:
    """What is agreed about leaving: the tiers in a sentence, else the organiser's own words. `costs`: the place has a
    price, without which tiers say nothing. For a place that costs nothing the organiser's words stand alone."""
    if event.tiers and costs:
        return tiers_sentence(event.tiers, event.starts_at.astimezone(event.tz).date(), locale)
    return in_language(event.policies, locale)


def tiers_sentence(tiers: Sequence[Tier], first_day: date, locale: str) -> str:
    """The tiers (at least one) as dates before `first_day`, in `locale`."""
    found = stages(tiers, first_day)
    with force_locale(locale):
        if len(found) == 1:
            return only_words(found[0][0])
        parts = [first_words(found[0][0], say(found[0][1], locale))]
        for place, (percent, _until) in enumerate(found[1:], 1):
            cost = percent_words(percent)
            before = found[place - 1][1]
            if place == 1 or before is None:
                parts.append(_("then %(cost)s", cost=cost))
            else:
                parts.append(_("from %(day)s %(cost)s", day=say(before + timedelta(days=1), locale), cost=cost))
        return "; ".join(parts) + "."


def say(day: date | None, locale: str) -> str:
    return say_day(day, locale) if day else ""


def only_words(percent: int) -> str:
    """The same whenever one leaves."""
    return _("Leaving costs nothing.") if percent == 0 else _("Leaving costs %(cost)s.", cost=percent_words(percent))


def first_words(percent: int, day: str) -> str:
    if percent == 0:
        return _("Free until %(day)s", day=day)
    return _("Until %(day)s %(cost)s", day=day, cost=percent_words(percent))


def percent_words(percent: int) -> str:
    """“half the price”, “30 % of the price”."""
    if percent == 0:
        return _("nothing")
    if percent == 50:
        return _("half the price")
    if percent == 100:
        return _("the full price")
    return _("%(percent)s %% of the price", percent=percent)
