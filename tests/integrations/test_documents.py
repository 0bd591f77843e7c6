"""Documents: what they say, to eyes, to cameras and to screen readers, and that they never change."""

from __future__ import annotations

import io
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pypdf
import pypdfium2
import pytest
import zxingcpp

from config import ROOT
from integrations import documents
from tests.integrations import paper

pytestmark = pytest.mark.pure


def render(template: str, data: dict[str, Any]) -> bytes:
    return documents.render(template, data, issued_epoch=paper.ISSUED)


def reader(pdf: bytes) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(pdf))


def text_of(pdf: bytes, page: int = 0) -> str:
    return " ".join(reader(pdf).pages[page].extract_text().split())


def codes(pdf: bytes, page: int = 0, scale: float = 2) -> list[str]:
    file = pypdfium2.PdfDocument(pdf)
    try:
        return [found.text for found in zxingcpp.read_barcodes(file[page].render(scale=scale).to_pil())]
    finally:
        file.close()


def nodes(pdf: bytes) -> Iterator[tuple[str, pypdf.generic.DictionaryObject]]:
    """Every element of the structure tree: its tag and itself."""

    def walk(element: Any) -> Iterator[tuple[str, pypdf.generic.DictionaryObject]]:
        element = element.get_object()
        if isinstance(element, pypdf.generic.ArrayObject):
            for child in element:
                yield from walk(child)
        elif isinstance(element, pypdf.generic.DictionaryObject):
            if "/S" in element:
                yield str(element["/S"]), element
            if "/K" in element:
                yield from walk(element["/K"])

    root: Any = reader(pdf).trailer["/Root"]
    yield from walk(root["/StructTreeRoot"])


def test_a_certificate_says_everything() -> None:
    said = text_of(render("certificate", paper.certificate(valid="1 December 2028", assessment="Written test, 17/20")))
    for words in (
        "Certificate of attendance", "Mosan Health certifies that", "Carol Delvaux", "attended the training",
        "Aseptic techniques in cleanrooms", "24 and 25 November 2026", "12 h of 12 h", "Charleroi",
        "Explain how contamination enters a cleanroom", "Élise Vandenbroucke", "1 December 2026", "1 December 2028",
        "Written test, 17/20", "2026-00417", "record kept by Mosan Health", "Biopharmacy",
    ):  # fmt: skip
        assert words in said
    assert "{issuer}" not in said


def test_a_certificate_is_one_page_of_a4_landscape() -> None:
    page = reader(render("certificate", paper.certificate())).pages
    assert len(page) == 1
    assert (round(page[0].mediabox.width), round(page[0].mediabox.height)) == (842, 595)


@pytest.mark.parametrize("template", sorted(set(documents.WORDS) - {"invoice"}))  # which is PDF/A-3, for its XML
def test_it_keeps_for_decades_and_can_be_heard(template: str) -> None:
    """PDF/A-2a and PDF/UA-1 by the file's own declaration, its language, title, tags and alternative texts."""
    data = {
        "certificate": paper.certificate(lang="fr"),
        "sign-in-sheet": paper.sign_in_sheet(3, 1, lang="fr"),
        "badge-sheet": paper.badges(3) | {"lang": "fr"},
    }[template]
    pdf = render(template, data)
    root: Any = reader(pdf).trailer["/Root"]
    xmp = root["/Metadata"].get_object().get_data().decode()
    for declared in ("<pdfaid:part>2<", "<pdfaid:conformance>A<", "<pdfuaid:part>1<"):
        assert declared in xmp
    assert root["/Lang"] == "fr-BE"
    assert root["/MarkInfo"]["/Marked"] is True or bool(root["/MarkInfo"]["/Marked"])
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    metadata = reader(pdf).metadata
    assert metadata is not None
    assert metadata.title
    assert metadata.title.startswith(data["words"]["title"])
    pictures = [element for tag, element in nodes(pdf) if tag == "/Figure"]
    assert all(element.get("/Alt") for element in pictures)


def test_a_certificate_has_a_heading_a_list_and_a_picture_with_words() -> None:
    found = list(nodes(render("certificate", paper.certificate())))
    tags = [tag for tag, _ in found]
    assert tags.count("/H1") == 1
    assert tags.count("/LI") == 2
    assert [str(element["/Alt"]) for tag, element in found if tag == "/Figure"] == ["QR code to the verification page"]


def test_its_code_leads_to_its_page() -> None:
    assert codes(render("certificate", paper.certificate())) == [paper.ADDRESS]


def test_its_address_is_a_link() -> None:
    page = reader(render("certificate", paper.certificate())).pages[0]
    notes: Any = page["/Annots"]
    assert {note.get_object()["/A"]["/URI"] for note in notes} == {paper.ADDRESS}


def test_the_same_certificate_is_the_same_bytes() -> None:
    data = paper.certificate()
    first = render("certificate", data)
    assert render("certificate", json.loads(json.dumps(data))) == first
    assert render("certificate", dict(reversed(data.items()))) == first
    with ThreadPoolExecutor(2) as pool:
        assert set(pool.map(lambda _: render("certificate", data), range(6))) == {first}
    assert render("certificate", data | {"name": "Dora Peeters"}) != first


AGAIN = """
import hashlib, sys
from integrations import documents
from tests.integrations import paper
sys.stdout.write(hashlib.sha256(documents.render("certificate", paper.certificate(), issued_epoch=paper.ISSUED)).hexdigest())
"""

FORKED = """
import os, sys
from integrations import documents
from tests.integrations import paper
documents.render("certificate", paper.certificate(), issued_epoch=paper.ISSUED)
if child := os.fork():
    _, status = os.waitpid(child, 0)
    assert status == 0
else:
    try:
        documents.render("certificate", paper.certificate(), issued_epoch=paper.ISSUED)
    except documents.DocumentError as refused:
        # leaves by sys.exit, so that what the parent registered for its own exit runs here too
        sys.exit("forked" not in str(refused))
    sys.exit(1)
# the first render of another template reads the fonts' folder again
documents.render("badge-sheet", paper.badges(2), issued_epoch=paper.ISSUED)
sys.stdout.write("whole")
"""


def run(program: str, folder: Path) -> str:
    env = {**os.environ, "TMPDIR": str(folder), "PYTHONHASHSEED": "random"}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_another_process_makes_the_same_bytes_and_leaves_nothing_behind(tmp_path: Path) -> None:
    assert run(AGAIN, tmp_path) == run(AGAIN, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_forked_child_is_refused_and_does_not_take_its_parents_fonts(tmp_path: Path) -> None:
    assert run(FORKED, tmp_path) == "whole"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "name",
    [
        "Łukasz Śćżęśniak-Ğüneş",
        "Ștefan Țăndărică",
        "Nguyễn Thị Ánh Tuyết",
        "Αλέξανδρος Παπαδόπουλος",
        "Екатерина Ївшенко-Ђорђевић",
        "محمد بن عبد الله الحسيني",
        "שלמה בן־דוד",
        "Ŋora Ŧhøger Ĳsbrand",
        "Zoe\u0308 with a loose diaeresis",
        "Anne\u2011Marie O’Neill\u202fJr",
        "*b* #panic(“x”) <b> \\ $x$ @y",
    ],
)
def test_names_of_europe_and_of_its_neighbours_can_be_printed(name: str) -> None:
    pdf = render("certificate", paper.certificate(name=name))
    assert len(reader(pdf).pages) == 1
    metadata = reader(pdf).metadata
    assert metadata is not None
    assert str(metadata.title).startswith("Certificate of attendance – ")


@pytest.mark.parametrize("name, missing", [("Zoë 😀", "😀"), ("李小龍", "李小龍"), ("ab\ue000", "\ue000")])
def test_a_character_without_a_typeface_is_named(name: str, missing: str) -> None:
    with pytest.raises(documents.UnprintableText) as refused:
        render("certificate", paper.certificate(name=name))
    assert set(refused.value.characters) == set(missing)
    assert all(character in str(refused.value) for character in missing)


def test_invisible_characters_are_left_out() -> None:
    tidy = render("certificate", paper.certificate())
    assert render("certificate", paper.certificate(name="\ufeffCarol\x00 Del\x07vaux\ud800")) == tidy


def boxes(pdf: bytes, page: int = 0) -> list[tuple[float, float, float, float]]:
    """Where words stand, in points: left, bottom, right, top."""
    file = pypdfium2.PdfDocument(pdf)
    try:
        text = file[page].get_textpage()
        return [text.get_rect(number) for number in range(text.count_rects())]
    finally:
        file.close()


def overlap(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return width > 2 and height > 2


LONG_NAME = "Prof. Dr. Anne-Charlotte Emmanuelle de Limburg-Stirum van Nijvel-Montmorency, comtesse d’Aspremont Lynden de Beaufort"


def crowded() -> dict[str, Any]:
    return paper.certificate(
        name=LONG_NAME[:120],
        title="Techniques aseptiques, gestion du risque qualité selon ICH Q9 et intégrité des données GxP dans la production"
        " de biothérapies et de thérapies cellulaires, niveau avancé, avec un atelier sur la documentation",
        dates="mardi 24 novembre (matin et après-midi), mercredi 25 novembre (matin), mardi 1er décembre (matin et après-midi),"
        " jeudi 3 décembre 2026 (après-midi)",
        hours="21 h sur 24 h prévues",
        place="Centre de formation, Aéropole, rue Clément Ader 8, 6041 Gosselies",
        assessment="Épreuve écrite et épreuve pratique, 17/20",
        valid="27 novembre 2028",
        outcomes=[
            "Expliquer comment la contamination entre dans une salle blanche et comment on la prévient, au fil du temps"
        ]
        * 5,
        signatory={
            "name": LONG_NAME[:80],
            "role": "Responsable de la formation et du développement des talents, en Wallonie",
        },
    )


@pytest.mark.parametrize("name", [LONG_NAME, "W" * 120, "Ilse " * 24])
def test_a_crowded_certificate_stays_inside_its_frame_and_its_lines_apart(name: str) -> None:
    pdf = render("certificate", crowded() | {"name": name})
    assert len(reader(pdf).pages) == 1
    found = boxes(pdf)
    for left, bottom, right, top in found:
        assert left >= 80
        assert right <= 842 - 70
        assert bottom >= 55
        assert top <= 595 - 55
    pairs = [(a, b) for i, a in enumerate(found) for b in found[i + 1 :] if overlap(a, b)]
    assert pairs == []
    assert codes(pdf) == [paper.ADDRESS]


def test_a_programme_certificate_lists_its_steps() -> None:
    steps = [f"Course {number}" for number in range(1, 9)]
    said = text_of(render("certificate", paper.certificate(outcomes=None, steps=steps)))
    assert all(step in said for step in steps)


def test_a_certificate_needs_no_area() -> None:
    assert "Biopharmacy" not in text_of(render("certificate", paper.certificate(area=None)))


def test_a_sign_in_sheet_per_half_day_names_it_on_every_page() -> None:
    pdf = render("sign-in-sheet", paper.sign_in_sheet(60, 2))
    pages = reader(pdf).pages
    assert len(pages) == 6
    for number in range(6):
        said = text_of(pdf, number)
        assert f"{24 + number // 3} November 2026" in said
        assert f"Page {number % 3 + 1} of 3" in said
    assert "Person 60" in text_of(pdf, 2)
    assert "Person 60" in text_of(pdf, 5)


@pytest.mark.parametrize("people", [0, 17, 18, 19, 20, 21, 22, 23, 24, 25])
def test_a_countersignature_never_stands_alone(people: int) -> None:
    """Whatever the number of lines, the page that is countersigned says which half-day it is about."""
    pdf = render("sign-in-sheet", paper.sign_in_sheet(people, 1))
    last = text_of(pdf, len(reader(pdf).pages) - 1)
    assert "I confirm that the people who signed were present." in last
    assert "24 November 2026" in last
    assert last.count("Emil Janssens") == 2


def test_a_person_without_organisation_and_a_slot_without_trainer() -> None:
    people = [{"name": "Carol Delvaux", "organisation": ""}, {"name": "Bob Maes"}, {"name": "", "organisation": None}]
    slots = [{"when": "24 November 2026", "place": "", "trainer": ""}]
    said = text_of(render("sign-in-sheet", paper.sign_in_sheet(0, 0) | {"people": people, "slots": slots}))
    assert "Carol Delvaux" in said
    assert "– I confirm" not in said
    assert render(
        "badge-sheet", paper.badges(0) | {"people": [{"name": "Bob", "qr": paper.certificate()["verify"]["qr"]}]}
    )


def test_ten_badges_to_a_page_each_with_its_code() -> None:
    pdf = render("badge-sheet", paper.badges(13))
    assert len(reader(pdf).pages) == 2
    assert set(codes(pdf, 0, 4)) == {f"7F3K9M2P{number}" for number in range(10)}


def test_a_template_that_does_not_exist_and_words_that_are_missing() -> None:
    with pytest.raises(ValueError, match=r"no document template '\.\./\.\./etc/passwd'"):
        render("../../etc/passwd", paper.certificate())
    with pytest.raises(ValueError, match="The words of certificate lack certifies"):
        render("certificate", paper.certificate(words=paper.CERTIFICATE_WORDS | {"certifies": ""}))


def test_data_that_are_missing_are_named() -> None:
    data = paper.certificate()
    del data["hours"], data["number"]
    with pytest.raises(documents.DocumentError, match="number"):
        render("certificate", data)


def test_a_certificate_takes_at_most_sixty_milliseconds_of_the_processor() -> None:
    """The target is 40 ms on the clock, which the bench prints; here a busy neighbour must not decide."""
    render("certificate", paper.certificate())
    taken = []
    for number in range(15):
        data = paper.certificate(name=f"Person {number}", number=f"2026-{number:05d}")
        start = time.process_time()
        render("certificate", data)
        taken.append(time.process_time() - start)
    assert statistics.median(taken) <= 0.06, taken


def test_fonts_are_ours_alone() -> None:
    render("certificate", paper.certificate())
    fonts = documents._fonts().fonts()
    assert sorted((font.family, font.weight) for font in fonts) == [
        ("Noto Sans Arabic", 400), ("Noto Sans Hebrew", 100), ("Source Sans Pro", 400), ("Source Sans Pro", 600), ("Source Serif Pro", 400), ("Source Serif Pro", 600),
    ]  # fmt: skip
    assert {Path(str(font.path)).suffix for font in fonts} == {".otf", ".ttf"}
