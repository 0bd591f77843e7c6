"""What things are: tables, states and rules about one row. Importing the package registers every table."""

from models import (  # noqa: F401
    areas,
    attendance,
    base,
    certificates,
    courses,
    credentials,
    events,
    orders,
    organisations,
    outbox,
    people,
    policies,
    questions,
    registrations,
    search,
    vouchers,
)
