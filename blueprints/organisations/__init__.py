"""Where a person works, and the page of an organisation for its HR managers."""

from flask import Blueprint, g

blueprint = Blueprint("organisations", __name__)

from blueprints.guards import current_person  # noqa: E402
from blueprints.organisations import (  # noqa: E402, F401  (the views register themselves on the blueprint)
    company,
    membership,
    people,
    work,
)
from services.organisation_pages import managed_by  # noqa: E402


@blueprint.app_template_global()
def manages_company() -> bool:
    """Whether the reader is HR manager of an organisation, asked once per request."""
    if "manages_company" not in g:
        person = current_person()
        g.manages_company = bool(person and managed_by(person))
    found: bool = g.manages_company
    return found
