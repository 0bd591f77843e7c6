"""E-invoices: when the law asks for one, and the way out."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from integrations.transmitters import Fate, Parcel, TransmitterError
from integrations.transmitters.folder import FolderTransmitter
from models.base import db
from models.invoices import Transmission, TransmissionState
from models.outbox import AuditEntry
from services.einvoicing import Duty, NotReachable, duty_of, send_e_invoice, transmit_due
from services.invoice_files import file_of
from services.transaction import writing
from tests.cast import Cast
from tests.conformance.documents import AE, COMPANY, LUXEMBOURG, PERSON, E, Row, S, document
from tests.services.billed import as_company, issued, ordered, team_ordered

TAXED: list[Row] = [(42000, S, 21)]
EXEMPT: list[Row] = [(42000, E, 0)]


@pytest.mark.parametrize(
    "rows, buyer, duty",
    [
        (TAXED, {"vat_status": "taxable"}, Duty.REQUIRED),
        (TAXED, {"vat_status": "franchise"}, Duty.REQUIRED),
        ([*TAXED, *EXEMPT], {"vat_status": "taxable"}, Duty.REQUIRED),  # a mixed one is treated as due
        (EXEMPT, {"vat_status": "taxable"}, Duty.NOT_REQUIRED),
        (TAXED, {"vat_status": "exempt_only"}, Duty.NOT_REQUIRED),
        (TAXED, {"vat_status": "public"}, Duty.BY_AGREEMENT),
        (TAXED, {"vat_status": ""}, Duty.REQUIRED),  # a Belgian VAT number, and nothing declared
        (TAXED, {"vat_status": "", "vat_number": ""}, Duty.BY_AGREEMENT),
        ([(42000, AE, 0)], {**LUXEMBOURG, "vat_status": "foreign"}, Duty.BY_AGREEMENT),
    ],
)
def test_when_the_law_asks_for_one(rows: list[Row], buyer: dict[str, Any], duty: Duty) -> None:
    assert duty_of(document(rows, {**COMPANY, "is_business": True, **buyer})) is duty


def test_never_for_a_private_person() -> None:
    assert duty_of(document(TAXED, PERSON)) is Duty.NOT_FOR_PERSONS


def test_without_an_access_point_it_becomes_a_file(app: Flask, cast: Cast) -> None:
    as_company(cast)
    invoice = issued(team_ordered(cast))
    send_e_invoice(invoice.public_id, cast.fay)
    assert transmit_due() == 1
    assert transmit_due() == 0
    way = db.session.query(Transmission).filter_by(channel="folder").one()
    assert (way.state, way.recipient, way.remote_id) == ("sent", "0208:0101357179", f"{invoice.label}.xml")
    way_out = FolderTransmitter(app.extensions["atrium"].storage_url)
    assert (way_out.folder / way.remote_id).read_bytes() == file_of(invoice.public_id, "ubl").content
    assert way_out.status(way.remote_id) is Fate.SENT
    assert way_out.status("2020-00001.xml") is Fate.FAILED
    entry = db.session.query(AuditEntry).filter_by(action="invoice.transmitted").one()
    assert entry.details == {"to": "0208:0101357179", "by": "folder"}


def test_who_has_no_address_cannot_be_reached(cast: Cast) -> None:
    with pytest.raises(NotReachable):
        send_e_invoice(issued(ordered(cast.carol)).public_id, cast.fay)
    assert db.session.query(Transmission).filter_by(channel="folder").count() == 0


class Flaky(FolderTransmitter):
    """An access point that answers at the third try."""

    key = "point"
    tries = 0

    def send(self, parcel: Parcel) -> str:
        self.tries += 1
        if self.tries < 3:
            raise TransmitterError("503 busy")
        return f"{parcel.sender}>{parcel.receiver}"


def test_a_failure_is_written_down_and_tried_again(app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.extensions, "transmitter", Flaky(app.extensions["atrium"].storage_url))
    as_company(cast)
    send_e_invoice(issued(team_ordered(cast)).public_id, cast.fay)
    assert transmit_due() == 0
    way = db.session.query(Transmission).filter_by(channel="point").one()
    assert (way.state, way.tries, way.error) == (TransmissionState.QUEUED, 1, "503 busy")
    for _ in range(2):
        later(way)
        transmit_due()
    way = db.session.query(Transmission).filter_by(channel="point").one()
    assert (way.state, way.error) == (TransmissionState.SENT, "")
    assert way.remote_id == "0208:0123456749>0208:0101357179"


def later(way: Transmission) -> None:
    """An hour goes by."""
    from datetime import timedelta

    transmission_id = way.id
    db.session.rollback()
    with writing() as session:
        session.get_one(Transmission, transmission_id).updated_at -= timedelta(hours=1)
