"""Finding the page of a certificate from what is printed on it."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext as _

from blueprints.certificates import blueprint
from services.dates import say_clock
from services.throttles import TooMany
from services.verification import find_by_number, typed_id, typed_number, verify


@blueprint.get("/certificates")
def check() -> ResponseReturnValue:
    """Enter a number with the name, or an address; and how checking works."""
    typed, name = request.args.get("number", "").strip()[:300], request.args.get("name", "").strip()[:250]
    problem, field = "", "number"
    number, public_id = typed_number(typed), typed_id(typed)
    if public_id and verify(public_id):
        return redirect(url_for("certificates.certificate", public_id=public_id), 303)
    if number and name:
        try:
            public_id = find_by_number(*number, name, request.remote_addr or "")
        except TooMany as limit:
            again = say_clock(limit.retry_at, str(get_locale()))
            problem = _(
                "That was a great deal of numbers. Try again at %(time)s, or scan the code instead.", time=again
            )
        else:
            if public_id:
                return redirect(url_for("certificates.certificate", public_id=public_id), 303)
            problem = _("There is no certificate with this number and this name. Compare both with what is printed.")
    elif number:
        field = "name" if "name" in request.args else ""
        problem = _("Write the last name printed on it as well.") if field else ""
    elif typed:
        problem = _(
            "This is no number and no address of a certificate. A number looks like %(example)s.",
            example="MH-2026-00042",
        )
    page = render_template(
        "certificates/check.html", typed=typed, name=name, problem=problem, wrong=field, has_number=bool(number),
        problems=problem,
    )  # fmt: skip
    return page, 422 if problem else 200
