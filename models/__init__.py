"""What things are: tables, states and rules about one row. Importing the package registers every table."""

from models import (  # noqa: F401
    areas,
    attendance,
    bank,
    base,
    certificates,
    courses,
    credentials,
    events,
    invoices,
    orders,
    organisations,
    outbox,
    payments,
    people,
    policies,
    questions,
    registrations,
    search,
    terms,
    vouchers,
)
