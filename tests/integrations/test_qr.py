"""QR codes, read back by another program from a rendering; transfers line by line against EPC069-12."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET
from typing import Any

import pytest
import zxingcpp
from hypothesis import given, strategies as st
from PIL import Image, ImageDraw

from integrations import qr
from integrations.references import structured_communication

pytestmark = pytest.mark.pure

IBAN = "BE71 0961 2345 6769"
URL = "https://events.mosan.example/events/aseptic-techniques"
SVG = "{http://www.w3.org/2000/svg}"


def drawing(svg: str) -> Image.Image:
    """segno's SVG is one path of horizontal strokes, relative moves and runs: drawn here at 6 pixels a module."""
    root = ET.fromstring(svg)
    (strokes,) = [path.get("d") or "" for path in root.iter(f"{SVG}path") if path.get("stroke")]
    size = int(float((root.get("viewBox") or f"0 0 {root.get('width')} 0").split()[2]))
    air = 4
    image = Image.new("L", ((size + 2 * air) * 6,) * 2, 255)
    draw, x, y = ImageDraw.Draw(image), 0.0, 0.0
    for letter, numbers in _commands(strokes):
        if letter in "Mm":
            x, y = (x + numbers[0], y + numbers[1]) if letter == "m" else (numbers[0], numbers[1])
        else:
            left, top = round((x + air) * 6), round((y - 0.5 + air) * 6)
            draw.rectangle((left, top, round(left + numbers[0] * 6) - 1, top + 5), fill=0)
            x += numbers[0]
    return image


def _commands(path: str) -> list[tuple[str, list[float]]]:
    import re

    return [
        (letter, [float(number) for number in re.findall(r"-?[\d.]+", numbers)])
        for letter, numbers in re.findall(r"([Mmh])([^Mmh]*)", path)
    ]


def read(svg: str) -> Any:
    (found,) = zxingcpp.read_barcodes(drawing(svg))
    return found


def lines(svg: str) -> list[str]:
    return bytes(read(svg).bytes).decode().split("\n")


def test_a_code_for_a_page_says_its_text() -> None:
    assert read(qr.svg(URL, label="QR code of the event")).text == URL


def test_it_has_a_name_for_a_screen_reader_or_is_hidden_from_it() -> None:
    named = ET.fromstring(qr.svg(URL, label='Code “A” <b> & "c"'))
    assert (named.get("role"), named.get("aria-label")) == ("img", 'Code “A” <b> & "c"')
    silent = ET.fromstring(qr.svg(URL))
    assert (silent.get("role"), silent.get("aria-hidden")) == (None, "true")


def test_it_is_black_on_white_with_a_quiet_zone_of_four_and_scales_with_its_box() -> None:
    svg = qr.svg(URL)
    root = ET.fromstring(svg)
    ground, modules = root.iter(f"{SVG}path")
    assert (ground.get("fill"), modules.get("stroke")) == ("#fff", "#000")
    assert (root.get("width"), root.get("style")) == (None, None)
    assert (modules.get("d") or "").startswith("M4 4.5")


def test_a_code_for_paper_is_ink_without_ground_or_quiet_zone() -> None:
    svg = qr.print_svg(URL)
    (modules,) = ET.fromstring(svg).iter(f"{SVG}path")
    assert str(modules.get("stroke")).upper() == "#14211F"
    assert (modules.get("d") or "").startswith("M0 0.5")
    assert read(svg).text == URL


@pytest.mark.parametrize("text", ["Événement à Liège, 12 €", "Ελλάδα", "点茗", "ﾊﾝｶｸ"])
def test_a_text_that_is_not_ascii_is_read_as_it_was_written(text: str) -> None:
    assert read(qr.svg(text)).text == text


def test_a_transfer_says_who_gets_how_much_for_what() -> None:
    svg = qr.epc("Mosan Health ASBL", IBAN, "KREDBEBB", 50_820, "+++012/3456/78939+++", label="QR code")
    assert lines(svg) == [
        "BCD",  # service tag
        "002",  # version
        "1",  # UTF-8
        "SCT",  # SEPA credit transfer
        "KREDBEBB",
        "Mosan Health ASBL",
        "BE71096123456769",
        "EUR508.20",
        "",  # purpose
        "",  # structured reference: for ISO 11649 only
        "+++012/3456/78939+++",
    ]
    assert read(svg).ec_level == "M"


def test_a_transfer_needs_no_bic_and_keeps_its_accents() -> None:
    found = lines(qr.epc("Pôle santé Élise", "be71096123456769", None, 1, "Réf. 12"))
    assert (found[2], found[4], found[5], found[7]) == ("1", "", "Pôle santé Élise", "EUR0.01")


@pytest.mark.parametrize("cents, written", [(1, "0.01"), (10, "0.10"), (100, "1.00"), (12_345_678_901, "123456789.01")])
def test_an_amount_always_has_two_decimals(cents: int, written: str) -> None:
    assert lines(qr.epc("Mosan Health", IBAN, None, cents, "x"))[7] == f"EUR{written}"


def test_a_line_break_in_a_value_moves_no_line() -> None:
    found = lines(qr.epc("Mosan\nHealth", IBAN, None, 100, "a\r\nb\tc"))
    assert (len(found), found[5], found[10]) == (11, "Mosan Health", "a b c")


@pytest.mark.parametrize(
    "change, said",
    [
        ({"iban": "BE71096123456760"}, "IBAN"),
        ({"iban": ""}, "IBAN"),
        ({"bic": "KRED"}, "BIC"),
        ({"cents": 0}, "amount"),
        ({"cents": -5}, "amount"),
        ({"cents": 100_000_000_000}, "amount"),
        ({"name": " "}, "name"),
        ({"name": "x" * 71}, "name"),
        ({"communication": "\n"}, "communication"),
        ({"communication": "x" * 141}, "communication"),
        ({"communication": "語" * 140}, "331"),
    ],
)
def test_what_cannot_be_transferred_is_refused_and_says_why(change: dict[str, Any], said: str) -> None:
    values: dict[str, Any] = {"name": "Mosan Health", "iban": IBAN, "bic": None, "cents": 100, "communication": "x"}
    with pytest.raises(qr.NotTransferable, match=said):
        qr.epc(**(values | change))


@given(st.integers(1, 99_999_999_999), st.integers(0, 9_999_999_999))
def test_any_amount_and_reference_come_out_whole(cents: int, number: int) -> None:
    communication = structured_communication(number)
    found = qr.epc_payload("Mosan Health", IBAN, None, cents, communication).decode().split("\n")
    euros, rest = found[7].removeprefix("EUR").split(".")
    assert int(euros) * 100 + int(rest) == cents
    assert found[10] == communication


def test_a_transfer_for_paper_can_be_scanned() -> None:
    assert lines(qr.print_epc("Mosan Health", IBAN, None, 100, "x"))[6] == "BE71096123456769"


def test_a_printed_transfer_survives_a_bad_print() -> None:
    image = drawing(qr.epc("Mosan Health", IBAN, None, 50_820, "+++012/3456/78939+++"))
    ImageDraw.Draw(image).rectangle((150, 150, 175, 175), fill=0)  # a stain
    poor = io.BytesIO()
    image.resize((200, 200)).save(poor, "JPEG", quality=35)
    (found,) = zxingcpp.read_barcodes(Image.open(poor))
    assert bytes(found.bytes).startswith(b"BCD\n002")
