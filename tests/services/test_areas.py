"""Areas come from the cluster file and are read once."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import event, select

from config import Cluster
from models.areas import Area
from models.base import db
from services.areas import AreaMalformed, all_areas, areas_in, forget_areas, load_areas_locked
from services.transaction import writing


@pytest.fixture
def loaded(app: Flask) -> Cluster:
    cluster: Cluster = app.extensions["cluster"]
    with writing():
        load_areas_locked(cluster)
    return cluster


def test_it_loads_names_colours_and_drawings(loaded: Cluster) -> None:
    first = all_areas()[0]
    assert (first.slug, first.name("fr"), first.colour_light) == ("biopharmacy", "Biopharmacie", "#b5402a")
    assert first.emblem.startswith("M44 24")
    assert [area.name for area in areas_in("en")][1] == "MedTech and IVD"


def test_loading_twice_changes_and_adds_nothing_twice(loaded: Cluster) -> None:
    renamed = {**loaded.data, "areas": [dict(area) for area in loaded.areas]}
    renamed["areas"][0]["name"] = {"en": "Living medicines"}
    with writing():
        load_areas_locked(Cluster(renamed))
    assert len(db.session.scalars(select(Area)).all()) == 4
    assert all_areas()[0].name("en") == "Living medicines"


def test_areas_are_read_once(loaded: Cluster) -> None:
    asked: list[str] = []
    forget_areas()
    event.listen(db.engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    all_areas()
    areas_in("fr")
    areas_in("nl")
    assert len([statement for statement in asked if "area" in statement]) == 1


@pytest.mark.parametrize("emblem", ["missing.svg", '"/><script>', ""])
def test_a_drawing_that_cannot_be_read_is_refused(app: Flask, emblem: str) -> None:
    area = {"slug": "nowhere", "name": {"en": "N"}, "emblem": emblem, "colour_light": "#000", "colour_dark": "#fff"}
    with pytest.raises(AreaMalformed, match="nowhere"), writing():
        load_areas_locked(Cluster({"areas": [area]}))


def test_templates_speak_the_readers_language(loaded: Cluster, app: Flask) -> None:
    template = app.jinja_env.from_string("{{ money(50820) }}|{{ 50820|short_money }}|{{ emblem('digital-health') }}")
    with app.test_request_context("/?lang=fr"):
        said = template.render()
    assert said.startswith('508,20\N{NO-BREAK SPACE}€|508,20\N{NO-BREAK SPACE}€|<svg class="emblem"')
