"""What is wrong with a plan, and what to do about it, in the reader's language."""

from __future__ import annotations

from flask_babel import gettext as _, ngettext

from services.dates import say_deadline
from services.event_plans import Problem


def problem_words(problem: Problem, locale: str) -> str:
    """One or two sentences for a problem of services/event_plans, slots or tickets."""
    facts = problem.facts
    match problem.code:
        case "below_taken":
            return below_taken(facts["capacity"], facts["taken"])
        case "more_than_places":
            return _(
                "%(minimum)s people are needed and there are %(places)s places. Ask for fewer people or give more places.",
                **facts,
            )
        case "overlap":
            return _("This overlaps with row %(other)s. Two slots cannot be at the same time.", **facts)
        case "slot_has_attendance":
            when = say_deadline(facts["starts_at"], locale)
            return _("Attendance was marked on %(when)s, so this slot has to stay.", when=when)
        case code:
            return plain_words()[code]


def below_taken(capacity: int, taken: int) -> str:
    already = ngettext("%(num)s is taken already", "%(num)s are taken already", taken)
    return _(
        "You ask for %(capacity)s places and %(already)s. Cancel some registrations first, or write at least %(taken)s.",
        capacity=capacity,
        already=already,
        taken=taken,
    )


def plain_words() -> dict[str, str]:
    """The problems whose sentence needs no fact."""
    return {
        "no_title": _("Give it a title in at least one language."),
        "training_needs_course": _("A training follows a course. Choose which."),
        "only_trainings_have_courses": _("Only a training follows a course. Make it a training, or choose no course."),
        "ends_before_start": _("It ends before it begins. Look at the two times."),
        "longer_than_half_day": _("A slot of a training is a half-day, at most 4 hours 30. Cut it in two slots."),
        "no_slots": _("A published event needs at least one slot. Postpone it if its dates are open."),
        "slot_gone": _("Somebody else removed this slot meanwhile. Remove this row, or add it as a new one."),
        "ticket_gone": _("Somebody else removed this price meanwhile. Remove this row, or add it as a new one."),
        "event_is_over": _("The event is over. Its times may be corrected, but not moved ahead."),
        "event_is_closed": _("The event is closed, so its dates stay as they are."),
        "event_is_postponed": _(
            "The event is postponed. Give it new dates with “Set new dates”: everybody is told then."
        ),
        "in_the_past": _("This is in the past. Choose a day ahead."),
        "no_such_time": _("The clocks jump over this time in spring. Choose another one."),
        "negative": _("Write zero or more."),
        "at_least_one": _("Write at least one, or leave it empty."),
        "closes_before_opening": _("It closes before it opens. Look at the two dates."),
        "opens_after_start": _("Registration would open after the event has begun. Choose an earlier day."),
        "decides_no_later": _("Choose a moment ahead, later than it was to be decided until now."),
        "closes_after_start": _("Registration would close after the event has begun. Choose an earlier day."),
        "decides_after_start": _("Decide before it begins. Choose an earlier day."),
        "no_places_for_ticket": _("There are no such places. Write how many there are, or choose the other kind."),
        "tier_not_nearer": _("Write the rows from far to near: this one needs fewer days than the one above."),
        "tier_not_dearer": _("Later leaving cannot cost less. Write more than in the row above, or take the row out."),
        "tier_without_end": _("Write 0 in the last row: it holds until the event begins."),
        "fixed_once_published": _("People have seen it, so this stays. Duplicate the event to have another one."),
    }
