"""What the sights of questions and prerequisites need: somebody who has answered, somebody who asks. Made once for each
database."""

from __future__ import annotations

from sqlalchemy import select

from models.base import db
from models.events import Event
from models.orders import Order
from models.questions import Question, QuestionKind
from models.registrations import Registration, Status
from models.vouchers import Voucher
from services.registrations import register
from services.wishes import Wish
from tests.cast import ADDRESSES
from tests.journeys.desk import person

CYCLOTRON = "an-evening-at-the-cyclotron"


def answers_of(name: str) -> str:
    """Order code and registration of one of the cast who has answered the questions of an evening, as in its address."""
    who = person(name)
    event_id = db.session.scalars(select(Event.id).where(Event.slug == CYCLOTRON)).one()
    mine = select(Order.code, Registration.public_id).join(Registration, Registration.order_id == Order.id)
    mine = mine.where(Registration.person_id == who.id, Registration.event_id == event_id)
    if db.session.execute(mine).first() is None:
        consent = Question.event_id == event_id, Question.kind == QuestionKind.CONSENT
        answers = dict.fromkeys(db.session.scalars(select(Question.public_id).where(*consent)), "yes")
        db.session.rollback()
        wish = Wish(who.given_name, who.family_name, ADDRESSES[name], answers=answers)
        register(who, event_id, wish, locale="en")
    code, public_id = db.session.execute(mine).one()
    return f"{code}/answers/{public_id}"


def request_for(slug: str) -> str:
    """A registration that waits for the organiser of the event."""
    query = select(Registration.public_id).join(Event, Event.id == Registration.event_id)
    query = query.where(Event.slug == slug, Registration.status == Status.PENDING_APPROVAL)
    return str(db.session.scalars(query.order_by(Registration.id).limit(1)).one())


def voucher_of(code: str) -> str:
    """The voucher of the sample season with this code."""
    return str(db.session.scalars(select(Voucher.public_id).where(Voucher.code == code)).one())
