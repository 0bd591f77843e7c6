"""Home, the cluster's texts, and what crawlers read."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from flask import Flask
from flask.testing import FlaskClient

from services.areas import load_areas_locked
from services.markdown import rendered
from services.transaction import writing
from tests.cast import Cast, make_event, morning_in, words

SITEMAP = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9", "x": "http://www.w3.org/1999/xhtml"}


@pytest.fixture
def areas(app: Flask, cast: Cast) -> None:
    with writing():
        load_areas_locked(app.extensions["cluster"])


@pytest.mark.parametrize(
    "lang, tagline", [("en", "Tomorrow’s healers"), ("fr", "Celles et ceux"), ("nl", "Wie morgen")]
)
def test_home_in_each_language(client: FlaskClient, areas: None, lang: str, tagline: str) -> None:
    make_event(title="Reading plates")
    said = words(client.get(f"/?lang={lang}"))
    assert tagline in said
    assert "Reading plates" in said


def test_home_shows_the_next_four_and_never_what_began(client: FlaskClient, areas: None) -> None:
    make_event(title="Began", starts_at=morning_in(-1), slots=3)
    for number in range(5):
        make_event(title=f"Coming {number}", starts_at=morning_in(number + 1))
    said = words(client.get("/?lang=en"))
    assert "Began" not in said
    assert "Coming 3" in said
    assert "Coming 4" not in said
    assert "All events, 6 dates" in said


def test_home_of_an_empty_house(client: FlaskClient, app: Flask) -> None:
    assert "Nothing is planned yet." in words(client.get("/?lang=en"))


@pytest.mark.parametrize("name", ["terms", "privacy", "accessibility"])
@pytest.mark.parametrize("lang", ["en", "fr", "nl"])
def test_the_texts_of_the_cluster(client: FlaskClient, app: Flask, name: str, lang: str) -> None:
    said = app.extensions["cluster"].data[name]
    page = client.get(f"/{name}?lang={lang}")
    assert page.status_code == 200
    assert f'<h1 class="my-0">{said["title"][lang]}</h1>' in page.text
    assert "<h2>" in page.text
    assert f"{said['version']}" in words(page)


def test_tables_of_the_privacy_text_are_tables(client: FlaskClient, app: Flask) -> None:
    assert "<th>" in client.get("/privacy?lang=en").text


def test_contact(client: FlaskClient, app: Flask) -> None:
    page = client.get("/contact?lang=en")
    assert "rue des Verriers 14" in words(page)
    assert 'href="tel:+3281001414"' in page.text


def test_the_sitemap_names_every_page_in_every_language(client: FlaskClient, areas: None) -> None:
    event = make_event(title="Reading plates")
    answer = client.get("/sitemap.xml")
    assert answer.mimetype == "application/xml"
    urls = ElementTree.fromstring(answer.data).findall("s:url", SITEMAP)
    found = {url.findtext("s:loc", namespaces=SITEMAP) for url in urls}
    for path in ("/", "/events", f"/events/{event.slug}", "/areas/biopharmacy", "/programmes", "/terms"):
        for lang in ("fr", "en", "nl"):
            assert f"http://localhost{path}?lang={lang}" in found
    for url in urls:
        assert len(url.findall("x:link", SITEMAP)) == 3
    assert client.get("/sitemap.xml", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


def test_robots_keep_out_of_what_is_private(client: FlaskClient, app: Flask) -> None:
    lines = client.get("/robots.txt").text.splitlines()
    assert "Disallow: /me" in lines
    assert "Disallow: /organise" in lines
    assert lines[-1] == "Sitemap: http://localhost/sitemap.xml"


def test_every_address_of_a_public_page_is_answered(client: FlaskClient, areas: None) -> None:
    make_event(title="Reading plates")
    seen, wanted = set(), ["/"]
    while wanted:
        path = wanted.pop()
        if path in seen:
            continue
        seen.add(path)
        page = client.get(path)
        assert page.status_code in (200, 303), path
        if page.mimetype == "text/html" and len(seen) < 60:
            links = re.findall(
                r'href="(/(?:events|programmes|courses|areas|terms|privacy|accessibility)[^"#?]*)', page.text
            )
            wanted += [link for link in links if not link.endswith(("/register", ".css"))]
    assert len(seen) > 10


@pytest.mark.parametrize(
    "text, html",
    [
        ("**bold**", "<p><strong>bold</strong></p>"),
        ("<script>x</script>", "<p>&lt;script&gt;x&lt;/script&gt;</p>"),
        ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>"),
        ("![x](https://tracker.example/x.png)", "<p></p>"),
        ("", ""),
    ],
)
def test_markdown_is_safe(text: str, html: str) -> None:
    assert rendered(text) == html
