"""The organisations and the people of the sample season."""

from __future__ import annotations

import random
import unicodedata
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from models.organisations import (
    Affiliation,
    AffiliationStatus,
    EmailDomain,
    Membership,
    Organisation,
    OrganisationKind,
    organisation_area,
)
from models.people import EmailAddress, Person, Role, StaffRole, address_key
from services.readers import Reader
from services.sample.files import Season, Table
from services.sample.invoices import declare_locked
from services.sample.memberships import Plans, add_plans_locked, add_waiting_locked, membership_of
from services.transaction import require_writing

PRIVATE_DOMAIN = "post.example"
UNFOLDED = str.maketrans({"đ": "d", "Đ": "D", "ł": "l", "Ł": "L", "ß": "ss", "ı": "i", "ø": "o"})


@dataclass(frozen=True)
class Member:
    """An organisation with the days of its membership, if it has one."""

    row: Organisation
    areas: frozenset[str]
    membership: Membership | None

    def pays_less_on(self, day: date) -> bool:
        """Whether its people paid the member price on that day, whatever the membership has become since."""
        period = self.membership
        return period is not None and period.starts_on <= day <= (period.grace_until or period.ends_on)


@dataclass(frozen=True)
class Guest:
    """Somebody who may register: the person, the address, and where they work."""

    person: Person
    email: str
    member: Member | None
    is_student: bool = False

    def reader_on(self, day: date) -> Reader:
        """The reader this person was on a day, for the price."""
        if self.member is None:
            return Reader(person_id=self.person.id)
        row = self.member.row
        return Reader(self.person.id, row.id, row.name, is_member=self.member.pays_less_on(day))


@dataclass
class Population:
    """Everybody: the cast and the trainers by key, the guests in the order of the file."""

    members: dict[str, Member] = field(default_factory=dict)
    by_key: dict[str, Person] = field(default_factory=dict)
    cast: dict[str, Guest] = field(default_factory=dict)
    guests: list[Guest] = field(default_factory=list)


def populate_locked(season: Season, areas: dict[str, int], languages: list[str], today: date) -> Population:
    """Write organisations, memberships, people, addresses, affiliations and roles."""
    population = Population()
    chance = random.Random("people of Mosan Health")
    plans = add_plans_locked(season)
    for table in season.organisations:
        population.members[table["slug"]] = add_organisation_locked(table, areas, plans, today)
    for table in [*season.cast, *season.trainers]:
        add_named_locked(population, table, since(chance, today))
    for slug, rows in season.people.items():
        member = population.members.get(slug)
        domain = email_domain(season, slug)
        for given, family, locale, job in rows:
            person = Person(
                given_name=given, family_name=family, locale=locale if locale in languages else "en", job_title=job,
                phone=phone(chance), created_at=since(chance, today),
            )  # fmt: skip
            guest = Guest(person, f"{local_part(given, family)}@{domain}", member, "tudiant" in job)
            population.guests.append(guest)
    require_writing().add_all(guest.person for guest in population.guests)
    require_writing().flush()
    for guest in population.guests:
        add_belongings_locked(guest)
    require_writing().flush()
    add_waiting_locked(season, {slug: member.row for slug, member in population.members.items()}, plans, today)
    return population


def add_organisation_locked(table: Table, areas: dict[str, int], plans: Plans, today: date) -> Member:
    session = require_writing()
    number = table["enterprise_number"].replace(".", "")
    address = table["address"]
    row = Organisation(
        slug=table["slug"], name=table["name"], legal_name=table.get("legal_name", table["name"]),
        kind=OrganisationKind(table["kind"]), enterprise_number=number, vat_number=f"BE{number}",
        street=address["street"], postcode=address["postcode"], city=address["city"], country=address["country"],
        billing_email=f"invoices@{table['domains'][0]}", directory_texts=dict(table["about"]),
    )  # fmt: skip
    session.add(row)
    session.flush()
    declare_locked(row)
    row.payment_term_days = table.get("payment_term_days", row.payment_term_days)
    for domain in table["domains"]:
        session.add(EmailDomain(organisation_id=row.id, domain=domain, verified_at=row.created_at))
    links = [{"organisation_id": row.id, "area_id": areas[slug]} for slug in table["areas"]]
    session.execute(organisation_area.insert(), links)
    membership = membership_of(table.get("membership"), row, plans[row.kind], today)
    if membership:
        session.add(membership)
    return Member(row, frozenset(table["areas"]), membership)


def add_named_locked(population: Population, table: Table, created_at: datetime) -> None:
    """A person of the cast, or a trainer, with roles. Trainers get theirs with each event they train."""
    session = require_writing()
    given, family = table["name"]
    person = Person(
        given_name=given, family_name=family, locale=table["locale"], job_title=table.get("job_title"),
        biography=table.get("biography"), created_at=created_at,
    )  # fmt: skip
    session.add(person)
    session.flush()
    for role in table.get("roles", []):
        session.add(StaffRole(person_id=person.id, role=Role(role)))
    guest = Guest(person, table["email"], population.members.get(table.get("organisation", "")))
    add_belongings_locked(guest, is_hr_manager=table.get("hr_manager", False))
    population.by_key[table["key"]] = population.cast.setdefault(table["key"], guest).person


def add_belongings_locked(guest: Guest, is_hr_manager: bool = False) -> None:
    """The proven address of a person and, at an organisation, the verified affiliation."""
    session = require_writing()
    person, at = guest.person, guest.person.created_at
    session.add(
        EmailAddress(
            person_id=person.id,
            address=guest.email,
            key=address_key(guest.email),
            proven_at=at,
            is_primary=True,
            created_at=at,
        )
    )
    if guest.member:
        affiliation: dict[str, Any] = {
            "is_main": True,
            "is_hr_manager": is_hr_manager,
            "is_billing_contact": is_hr_manager,
        }
        session.add(
            Affiliation(
                person_id=person.id,
                organisation_id=guest.member.row.id,
                status=AffiliationStatus.VERIFIED,
                verified_by="staff" if is_hr_manager else "domain",
                created_at=at,
                verified_at=at,
                **affiliation,
            )
        )


def email_domain(season: Season, slug: str) -> str:
    found = (str(table["domains"][0]) for table in season.organisations if table["slug"] == slug)
    return next(found, PRIVATE_DOMAIN)


def since(chance: random.Random, today: date) -> datetime:
    """When somebody became known to the cluster: between one and three years ago."""
    return datetime.combine(today - timedelta(days=chance.randint(365, 1100)), time(9, chance.randrange(60)), UTC)


def phone(chance: random.Random) -> str | None:
    """A Belgian mobile number for two people in five."""
    digits = f"{chance.randrange(100):02} {chance.randrange(100):02}"
    return f"+32 470 00 {digits}" if chance.random() < 0.4 else None


def local_part(given: str, family: str) -> str:
    """The local part of an address, in ASCII and at most 64 characters (RFC 5321 §4.5.3.1.1)."""
    parts = []
    for name in (given, family):
        plain = unicodedata.normalize("NFKD", name.translate(UNFOLDED)).casefold()
        words = "".join(
            char if char.isascii() and char.isalnum() else " " for char in plain if not unicodedata.combining(char)
        )
        parts.append("-".join(words.split()))
    local = ".".join(parts)
    return local if len(local) <= 64 else local[:64].rstrip("-.")
