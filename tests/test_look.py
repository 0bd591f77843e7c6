"""What docs/look.md asks and a machine can check: colours that can be read, macros that draw, no default Bootstrap."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from html.parser import HTMLParser
from types import SimpleNamespace as Thing
from typing import Any

import pytest
from flask import Flask, render_template, render_template_string
from flask_babel import Babel
from flask_bootstrap import Bootstrap5
from werkzeug.datastructures import MultiDict
from wtforms import (
    BooleanField,
    DateField,
    DecimalField,
    FieldList,
    Form,
    FormField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    TimeField,
)
from wtforms.fields import SelectChoice  # newer than the stubs
from wtforms.validators import InputRequired
from wtforms.widgets import CheckboxInput, ListWidget

from config import ROOT
from models.attendance import Presence
from models.certificates import CertificateStatus
from models.courses import Publication
from models.events import Run
from models.orders import PaymentStatus
from models.registrations import Outcome, Status
from tests.macro_samples import SAMPLES

pytestmark = pytest.mark.pure

TEMPLATES = ROOT / "templates"
PAGES = [path for path in sorted(TEMPLATES.rglob("*.html")) if path.parent.name not in ("emails", "documents")]
STYLES = "".join((ROOT / "static" / f"{name}.css").read_text() for name in ("site", "controls", "components", "rooms"))
CLUSTER = tomllib.loads((ROOT / "sample" / "cluster.toml").read_text())
ERRORS = (400, 403, 404, 405, 410, 413, 429, 500, 503)
VOID = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "path", "source", "wbr"}
ENGLISH = {"code": "en", "label": "English", "url": "?lang=en", "current": True}


class Slot(Form):
    date = DateField("Date", [InputRequired()])
    starts = TimeField("From")


class Enrolment(Form):
    """One field of each kind."""

    name = StringField("Name", [InputRequired("Say your name.")])
    organisation = StringField("Organisation")
    need = TextAreaField("Anything we should know?", description="A diet, a need for access.")
    language = SelectField("Language", choices=[SelectChoice("en", "English"), SelectChoice("fr", "Français")])
    payer = RadioField(
        "Who pays?",
        [InputRequired("Choose who pays.")],
        choices=[SelectChoice("me", "I do"), SelectChoice("us", "We do")],
    )
    days = SelectMultipleField(
        "Days",
        choices=[SelectChoice("1", "Tuesday")],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    price = DecimalField("Price")
    terms = BooleanField("I accept the terms", [InputRequired("We need your agreement.")])
    slots = FieldList(FormField(Slot), "Half-days", min_entries=1)


class Tags(HTMLParser):
    """Reads a page, complains about tags that do not match, and keeps ids, links into the page and words."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.words = ""
        self.feed(html)
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.ids += [found["id"] or ""] if "id" in found else []
        self.links += [(found["href"] or "")[1:]] if (found.get("href") or "").startswith("#") else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """`<path/>` opens and closes at once."""

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open, f"</{tag}> closes nothing"
            assert self.open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        self.words += data


@pytest.fixture(scope="module")
def app() -> Flask:
    """Templates with translations and Bootstrap's address, and nothing else: no database, no blueprint."""
    app = Flask("look", root_path=str(ROOT), template_folder=str(TEMPLATES), static_folder=str(ROOT / "static"))
    app.secret_key = "only for flashes"
    app.jinja_options = {**app.jinja_options, "trim_blocks": True, "lstrip_blocks": True}
    Bootstrap5(app)
    Babel(app)
    return app


@pytest.fixture
def page(app: Flask) -> Iterator[Flask]:
    with app.test_request_context("/events?page=2"):
        yield app


def area() -> Thing:
    return Thing(slug="biopharmacy", name="Biopharmacy", emblem="M0 0H48V48Z")


def known() -> dict[str, Any]:
    """What the context processors give every page."""
    person = Thing(name="Bob Lambert", given_name="Bob", family_name="Lambert")
    return {
        "cluster": CLUSTER,
        "person": person,
        "languages": [ENGLISH],
        "theme": "dark",
        "locale": "en",
        "public_url": "https://a.example",
    }


# ---- Templates ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_no_inline_style_or_script(path: Any) -> None:
    html = path.read_text()
    assert not re.search(r"\sstyle\s*=|<style", html), "the content security policy forbids inline styles"
    assert not re.search(r"<[^>]*\son[a-z]+\s*=", html), "no handlers in attributes"
    for script in re.findall(r"<script[^>]*>", html):
        assert "src=" in script or "application/ld+json" in script, f"no inline scripts: {script}"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_no_component_that_escapes_the_theme(path: Any) -> None:
    for classes in re.findall(r'class="([^"]*)"', path.read_text()):
        banned = re.findall(r"(?<![\w-])(?:card|badge|text-muted|bg-[a-z-]+|shadow(?:-[a-z]+)?)(?![\w-])", classes)
        assert not banned, f"{banned}: use our components, see docs/look.md"


def test_every_macro_file_has_a_sample() -> None:
    files = {path.stem for path in (TEMPLATES / "macros").glob("*.html")}
    assert files == set(SAMPLES), "draw every macro file in tests/macro_samples.py"


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_macros_draw(page: Flask, name: str) -> None:
    template, expected = SAMPLES[name]
    form = Enrolment(data={"name": "Bob", "payer": "me"})
    words = Tags(render_template_string(template, area=area(), form=form, Thing=Thing)).words
    assert expected in re.sub(r"\s+", " ", words)


@pytest.mark.parametrize(
    "macro, values",
    [
        ("status", Status),
        ("publication", Publication),
        ("run", Run),
        ("payment", PaymentStatus),
        ("outcome", Outcome),
        ("attendance", Presence),
        ("certificate", CertificateStatus),
    ],
)
def test_every_state_has_a_word_and_a_tone(page: Flask, macro: str, values: Any) -> None:
    for value in values:
        html = render_template_string(
            "{% import 'macros/status.html' as s %}{{ s[macro](value) }}", macro=macro, value=value
        )
        words, classes = Tags(html).words.strip(), re.findall(r'class="status ([\w-]+)"', html)
        assert words
        assert words != value.value, "a state is said in words, not by its name in the code"
        assert f".{classes[0]} " in STYLES


# ---- Forms -------------------------------------------------------------------------------------------------

FORM = (
    "{% from 'macros/fields.html' import form_of, field %}"
    "{% call form_of(form) %}{% for f in form %}{{ field(f) }}{% endfor %}{% endcall %}"
)


def test_each_problem_links_to_its_field(page: Flask) -> None:
    form = Enrolment(
        MultiDict({"organisation": "Kelvin & Daughters", "language": "en", "price": "much", "slots-0-date": "soon"})
    )
    assert not form.validate()
    html = render_template_string(FORM, form=form)
    tags = Tags(html)
    assert tags.links == ["name", "payer-0", "price", "terms", "slots-0-date"]
    assert set(tags.links) <= set(tags.ids)
    assert "5 answers need another look" in tags.words
    assert 'value="Kelvin &amp; Daughters"' in html, "what was typed is kept"
    for name in ("name", "terms", "slots-0-date"):
        assert f'aria-describedby="{name}-problem"' in html
        assert f"{name}-problem" in tags.ids


def test_a_form_without_problems_shows_none(page: Flask) -> None:
    html = render_template_string(FORM, form=Enrolment())
    assert "data-problems" not in html
    assert "aria-invalid" not in html
    assert 'aria-describedby="need-help"' in html
    assert Tags(html).words.count("(optional)") == 5, (
        "organisation, need, days, price and one time; a list always has an answer"
    )


def test_ids_are_unique(page: Flask) -> None:
    ids = Tags(render_template_string(FORM, form=Enrolment())).ids
    assert len(ids) == len(set(ids))


# ---- Pages -------------------------------------------------------------------------------------------------

PAGE = '{% extends "base.html" %}{% block title %}Events{% endblock %}{% block main %}<h1>Events</h1>{% endblock %}'


def test_title_says_error_when_a_form_came_back(page: Flask) -> None:
    form = Enrolment(MultiDict({}))
    assert "<title>Events · Mosan Health</title>" in render_template_string(PAGE, **known())
    form.validate()
    assert "<title>Error: Events · Mosan Health</title>" in render_template_string(PAGE, form=form, **known())
    assert "<title>Error: Events" in render_template_string(PAGE, problems=["Full"], **known())
    imported = "{% from 'macros/problems.html' import problem_list as problems %}"
    assert "<title>Events" in render_template_string(PAGE.replace("%}", "%}" + imported, 1), **known())


def test_base_marks_place_language_and_theme(page: Flask) -> None:
    html = render_template_string(PAGE, **known())
    assert '<html lang="en" data-bs-theme="dark">' in html
    assert '<a href="/events" aria-current="page">Events</a>' in html
    assert 'hreflang="en" href="https://a.example/events?lang=en"' in html, "filters and pages stay out of it"
    assert 'name="next" value="/events"' in html
    assert Tags(html).words.count("Bob") == 1


def test_desk_shows_its_own_navigation(page: Flask) -> None:
    html = render_template_string(PAGE, desk=[("Orders", "/organise/orders", False)], **known())
    assert "/organise/orders" in html
    assert "/programmes" not in html


@pytest.mark.parametrize("code", ERRORS)
def test_error_pages_need_nothing(app: Flask, code: int) -> None:
    with app.test_request_context("/somewhere"):
        html = render_template(f"errors/{code}.html")
    words = Tags(html).words
    assert f"Error {code}" in words
    assert 'class="btn btn-primary"' in html, "every error page shows a way on"


@pytest.mark.parametrize("code", ERRORS)
def test_error_pages_say_who_to_write_to(page: Flask, code: int) -> None:
    assert f"mailto:{CLUSTER['email']}" in render_template(f"errors/{code}.html", **known())


def test_what_the_base_asks_for_is_there(page: Flask) -> None:
    html = render_template_string(PAGE, **known())
    for address in re.findall(r'(?:href|src)="((?:/bootstrap)?/static/[^"]+)"', html):
        with page.test_client().get(address) as answer:
            assert answer.status_code == 200, address
    for module in re.findall(r'"\./(\w+\.js)"', (ROOT / "static" / "page.js").read_text()):
        assert (ROOT / "static" / module).exists()


def test_areas_bring_their_own_colours(page: Flask) -> None:
    areas = [Thing(slug="one", colour_light="#111111", colour_dark="#eeeeee")]
    css = render_template("areas.css.jinja", areas=areas, accent=Thing(light="#0b5d5e", dark="#72c9c4"))
    assert '[data-area="one"] { --area: light-dark(#111111, #eeeeee); }' in css
    assert "--accent: light-dark(#0b5d5e, #72c9c4)" in css


# ---- Colours -----------------------------------------------------------------------------------------------

Colour = tuple[float, float, float]
TOKENS = {
    name: (light, dark) for name, light, dark in re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)", STYLES)
}
THEMES = ("light", "dark")


def linear(colour: str) -> Colour:
    """A hex colour in linear light (IEC 61966-2-1)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return red, green, blue


def contrast(one: Colour, other: Colour) -> float:
    """WCAG 2.2, “contrast ratio”."""
    low, high = sorted(0.2126 * red + 0.7152 * green + 0.0722 * blue for red, green, blue in (one, other))
    return (high + 0.05) / (low + 0.05)


def oklab(colour: Colour) -> Colour:
    """CSS Color 4, §9.2: linear sRGB to Oklab."""
    red, green, blue = colour
    long = (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3)
    middle = (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3)
    short = (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short,
    )


def from_oklab(colour: Colour) -> Colour:
    light, a, b = colour
    long = (light + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (light - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (light - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short,
    )


def wash(colour: str, ground: str, share: float) -> Colour:
    """color-mix(in oklab, colour share, ground)."""
    one, other = oklab(linear(colour)), oklab(linear(ground))
    light, a, b = (share * x + (1 - share) * y for x, y in zip(one, other, strict=True))
    return from_oklab((light, a, b))


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("ground", ["paper", "raised"])
@pytest.mark.parametrize("ink", ["ink", "ink-2", "ink-3", "accent", "accent-deep", "ok", "wait", "stop"])
def test_text_can_be_read(ink: str, ground: str, theme: str) -> None:
    index = THEMES.index(theme)
    assert contrast(linear(TOKENS[ink][index]), linear(TOKENS[ground][index])) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
def test_controls_can_be_seen(theme: str) -> None:
    index = THEMES.index(theme)
    for ground in ("paper", "raised"):
        assert contrast(linear(TOKENS["edge"][index]), linear(TOKENS[ground][index])) >= 3
    for fill in ("accent", "accent-deep"):
        assert contrast(linear(TOKENS["on-accent"][index]), linear(TOKENS[fill][index])) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("area", CLUSTER["areas"], ids=lambda area: area["slug"])
def test_areas_can_be_read(area: dict[str, Any], theme: str) -> None:
    index = THEMES.index(theme)
    colour, paper = area[f"colour_{theme}"], TOKENS["paper"][index]
    for ground in (linear(paper), linear(TOKENS["raised"][index]), wash(colour, paper, 0.10)):
        assert contrast(linear(colour), ground) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
def test_notices_can_be_read(theme: str) -> None:
    index = THEMES.index(theme)
    for tone in ("accent", "wait", "stop"):
        ground = wash(TOKENS[tone][index], TOKENS["paper"][index], 0.08)
        assert contrast(linear(TOKENS["ink"][index]), ground) >= 4.5
        assert contrast(linear(TOKENS[tone][index]), ground) >= 4.5
