"""The organisers' desk: events, their people, their money, their days."""

from flask import Blueprint

blueprint = Blueprint("organise", __name__)

from blueprints.organise import (  # noqa: E402, F401  (the views register themselves on the blueprint)
    attendance,
    attendees,
    bank,
    card_payments,
    certificates,
    changes,
    closing,
    courses,
    decisions,
    editing,
    events,
    exemptions,
    exports,
    finance,
    invoices,
    jobs,
    mails,
    memberships,
    moves,
    orders,
    organisation_domains,
    organisation_money,
    organisation_people,
    organisations,
    plans,
    questions,
    refund_files,
    refunds,
    registrations,
    requests,
    today,
    vouchers,
    walk_ins,
)
