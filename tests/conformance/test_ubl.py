"""E-invoices under the official rules: XSD, EN 16931 and Peppol find nothing; a document that was tampered with is caught."""

from __future__ import annotations

import pytest

from tests.conformance.documents import SHAPES, xml_of
from tests.conformance.rules import compiled

pytestmark = [pytest.mark.slow, pytest.mark.pure]


@pytest.mark.parametrize("shape", SHAPES)
def test_the_rules_find_nothing(shape: str) -> None:
    assert compiled().failures(xml_of(shape)) == []


MUTATIONS = {
    "a cent too much": ("prepaid", '<cbc:PayableAmount currencyID="EUR">0.00', '<cbc:PayableAmount currencyID="EUR">0.01', "BR-CO-16"),
    "rounding forgotten": ("rounded", "<cbc:PayableRoundingAmount", None, "BR-CO-16"),
    "another total": ("21 %", ">670.00</cbc:TaxExclusiveAmount>", ">671.00</cbc:TaxExclusiveAmount>", "BR-CO-13"),
    "another rate": ("21 %", "<cbc:Percent>21</cbc:Percent>", "<cbc:Percent>12</cbc:Percent>", "BR-S-0"),
    "no reference of the buyer": ("21 %", "<cbc:BuyerReference", None, "R003"),
    "no address of the buyer": ("21 %", "0101357179</cbc:EndpointID>", None, "R010"),
    "an enterprise number mistyped": ("21 %", "0101357179</cbc:EndpointID>", "0101357178</cbc:EndpointID>", "R043"),
    "exempt without a reason": ("exempt only", "<cbc:TaxExemptionReason", None, "BR-E-10"),
    "a reverse charge without its reason": ("reverse charge", "<cbc:TaxExemptionReason", None, "BR-AE-10"),
    "a date that is none": ("21 %", "<cbc:IssueDate>2026-11-30", "<cbc:IssueDate>2026-11-31", "XSD"),
    "a credit note of nothing": ("credit note", "<cbc:CreditNoteTypeCode>381", "<cbc:CreditNoteTypeCode>380", "P0101"),
}  # fmt: skip
"""What was done → the shape, the text, what stands in its place (None: its lines are left out), the rule that must fail."""


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_the_rules_catch_what_was_changed(mutation: str) -> None:
    shape, old, new, rule = MUTATIONS[mutation]
    text = xml_of(shape).decode()
    assert old in text
    if new is None:
        changed = "\n".join(line for line in text.splitlines() if old not in line)
    else:
        changed = text.replace(old, new)
    assert any(rule in failure for failure in compiled().failures(changed.encode()))


def test_whom_peppol_cannot_reach_gets_the_plain_norm() -> None:
    assert b"peppol" not in xml_of("to a person")
    assert b'<cbc:EndpointID schemeID="EM">carol@kelvin-home.example<' in xml_of("to a person")
    assert all(b"billing:3.0" in xml_of(shape) for shape in SHAPES if shape != "to a person")


def test_a_document_has_the_same_bytes_every_time() -> None:
    for shape in SHAPES:
        assert xml_of(shape) == xml_of(shape)
