"""Organisations, who works there, and their membership of the cluster."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Column, ColumnElement, ForeignKey, Index, String, Table, and_, func, text
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Texts, now, random_id
from models.people import Person

organisation_area = Table(
    "organisation_area",
    Base.metadata,
    Column("organisation_id", ForeignKey("organisation.id"), primary_key=True),
    Column("area_id", ForeignKey("area.id"), primary_key=True, index=True),
)


class OrganisationKind(StrEnum):
    COMPANY = "company"
    LARGE_COMPANY = "large_company"
    START_UP = "start_up"
    UNIVERSITY = "university"
    HOSPITAL = "hospital"
    PUBLIC_BODY = "public_body"
    OTHER = "other"


class VatStatus(StrEnum):
    """How an organisation stands to Belgian VAT: it decides whether a structured e-invoice is due."""

    TAXABLE = "taxable"
    FRANCHISE = "franchise"  # small business: no VAT on its own sales, e-invoices all the same
    EXEMPT_ONLY = "exempt_only"  # art. 44 activity alone, such as most hospitals
    PUBLIC = "public"
    FOREIGN = "foreign"


class Organisation(Base):
    """A company, hospital, university or public body."""

    __tablename__ = "organisation"

    public_id: Mapped[str] = mapped_column(String(26), unique=True, default=random_id)
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    legal_name: Mapped[str] = mapped_column(String(200))
    name: Mapped[str] = mapped_column(String(200))  # trade name: how people say it
    kind: Mapped[OrganisationKind] = mapped_column(String(20), default=OrganisationKind.COMPANY)
    enterprise_number: Mapped[str | None] = mapped_column(String(10), unique=True)  # ten digits, mod 97 checked
    vat_number: Mapped[str | None] = mapped_column(String(20))
    street: Mapped[str] = mapped_column(String(200), default="")
    postcode: Mapped[str] = mapped_column(String(20), default="")
    city: Mapped[str] = mapped_column(String(100), default="")
    country: Mapped[str] = mapped_column(String(2), default="BE")
    billing_email: Mapped[str | None] = mapped_column(String(254))
    vat_status: Mapped[VatStatus | None] = mapped_column(String(12))  # as the organisation declares it
    vat_status_on: Mapped[date | None]  # when it did
    peppol_id: Mapped[str] = mapped_column(String(60), default="")  # scheme and number: 0208:0123456749
    payment_term_days: Mapped[int | None]  # may order on account, and pays within these days; None: pays first
    directory_texts: Mapped[Texts] = mapped_column(default=dict)
    created_at: Mapped[datetime] = mapped_column(default=now)

    @hybrid_property
    def can_be_invoiced(self) -> bool:
        """Whether we know where its invoices go and under which number: its people may then order at its expense."""
        return bool(self.street and self.city and (self.vat_number or self.enterprise_number))

    @can_be_invoiced.inplace.expression
    @classmethod
    def _can_be_invoiced(cls) -> ColumnElement[bool]:
        number = func.coalesce(cls.vat_number, "") + func.coalesce(cls.enterprise_number, "")
        return and_(cls.street != "", cls.city != "", number != "")


class EmailDomain(Base):
    """A verified e-mail domain of an organisation: a proven address in it makes a verified affiliation."""

    __tablename__ = "email_domain"

    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    domain: Mapped[str] = mapped_column(String(190), unique=True)
    verified_at: Mapped[datetime | None]


class AffiliationStatus(StrEnum):
    CLAIMED = "claimed"
    VERIFIED = "verified"
    REJECTED = "rejected"
    ENDED = "ended"


class Affiliation(Base):
    """A person at an organisation. Only a verified one gives company rights."""

    __tablename__ = "affiliation"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    status: Mapped[AffiliationStatus] = mapped_column(String(10), default=AffiliationStatus.CLAIMED)
    is_main: Mapped[bool] = mapped_column(default=False)
    is_hr_manager: Mapped[bool] = mapped_column(default=False)
    is_billing_contact: Mapped[bool] = mapped_column(default=False)
    verified_by: Mapped[str | None] = mapped_column(String(10))  # domain, hr, staff
    created_at: Mapped[datetime] = mapped_column(default=now)
    verified_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship(lazy="raise_on_sql")
    organisation: Mapped[Organisation] = relationship(lazy="raise_on_sql")

    __table_args__ = (
        Index(
            "uq_affiliation_live",
            "person_id",
            "organisation_id",
            unique=True,
            sqlite_where=text("status IN ('claimed', 'verified')"),
            postgresql_where=text("status IN ('claimed', 'verified')"),
        ),
    )


class MembershipPlan(Base):
    """A kind of membership: who it is for, its yearly fee, and how long it goes on after its end while unpaid."""

    __tablename__ = "membership_plan"

    slug: Mapped[str] = mapped_column(String(60), unique=True)
    names: Mapped[Texts]
    descriptions: Mapped[Texts] = mapped_column(default=dict)
    position: Mapped[int] = mapped_column(default=0)
    net_cents: Mapped[int] = mapped_column(default=0)  # per year
    grace_days: Mapped[int] = mapped_column(default=60)
    withdrawn_at: Mapped[datetime | None]


class MembershipStatus(StrEnum):
    APPLIED = "applied"
    REJECTED = "rejected"
    APPROVED = "approved"
    ACTIVE = "active"
    GRACE = "grace"
    LAPSED = "lapsed"
    RESIGNED = "resigned"
    SUSPENDED = "suspended"


MEMBERSHIP_TRANSITIONS: dict[MembershipStatus, frozenset[MembershipStatus]] = {
    MembershipStatus.APPLIED: frozenset(
        {MembershipStatus.APPROVED, MembershipStatus.REJECTED, MembershipStatus.RESIGNED}
    ),
    MembershipStatus.REJECTED: frozenset(),
    MembershipStatus.APPROVED: frozenset({MembershipStatus.ACTIVE, MembershipStatus.LAPSED, MembershipStatus.RESIGNED}),
    MembershipStatus.ACTIVE: frozenset({MembershipStatus.GRACE, MembershipStatus.RESIGNED, MembershipStatus.SUSPENDED}),
    MembershipStatus.GRACE: frozenset(
        {MembershipStatus.ACTIVE, MembershipStatus.LAPSED, MembershipStatus.RESIGNED, MembershipStatus.SUSPENDED}
    ),
    MembershipStatus.SUSPENDED: frozenset(
        {MembershipStatus.ACTIVE, MembershipStatus.RESIGNED, MembershipStatus.LAPSED}
    ),
    MembershipStatus.LAPSED: frozenset(),
    MembershipStatus.RESIGNED: frozenset(),
}
CURRENT: frozenset[MembershipStatus] = frozenset(
    {MembershipStatus.APPROVED, MembershipStatus.ACTIVE, MembershipStatus.GRACE, MembershipStatus.SUSPENDED}
)
"""The statuses whose periods (first to last day, without grace) never overlap at one organisation."""


class MembershipTransitionRefused(ValueError):
    """The membership cannot go from its present status to the one asked for."""


class Membership(Base):
    """An organisation's paid-up relation to the cluster over a period (both days included).

    `grace_until` is set when the fee is paid, so that a late clock costs nobody a day: the member price goes on until
    then. One that leaves at its end has none.
    """

    __tablename__ = "membership"

    public_id: Mapped[str] = mapped_column(String(26), unique=True, default=random_id)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    status: Mapped[MembershipStatus] = mapped_column(String(10), default=MembershipStatus.APPLIED)
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    grace_until: Mapped[date | None]
    leaves_at_end: Mapped[bool] = mapped_column(default=False)  # resigned: it ends with its period, without grace
    plan_id: Mapped[int | None] = mapped_column(ForeignKey("membership_plan.id"), index=True)
    applicant_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str] = mapped_column(String(300), default="")  # of the last decision
    created_at: Mapped[datetime] = mapped_column(default=now)
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    organisation: Mapped[Organisation] = relationship(lazy="raise_on_sql")
    plan: Mapped[MembershipPlan | None] = relationship(lazy="raise_on_sql")

    def move(self, to: MembershipStatus, *, actor: Person | None, reason: str, at: datetime) -> None:
        """Change the status; MembershipTransitionRefused when the table does not allow it."""
        if to not in MEMBERSHIP_TRANSITIONS[MembershipStatus(self.status)]:
            raise MembershipTransitionRefused(f"a membership that is {self.status} cannot become {to}")
        self.status = to
        self.reason, self.decided_at, self.decided_by_id = reason, at, actor.id if actor else None

    def gives_member_price(self, day: date) -> bool:
        """Active or in grace on `day`. The days decide, not only the status: the clock may be late."""
        if self.status not in (MembershipStatus.ACTIVE, MembershipStatus.GRACE):
            return False
        return self.starts_on <= day <= (self.grace_until or self.ends_on)
