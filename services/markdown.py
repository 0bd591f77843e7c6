"""Markdown written by organisers and the cluster, as safe HTML."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING

from markupsafe import Markup

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

TAGS = {
    "p", "br", "h2", "h3", "h4", "ul", "ol", "li", "strong", "em", "a", "blockquote", "code", "pre", "hr",
    "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
ATTRIBUTES = {"a": {"href"}}
SCHEMES = {"http", "https", "mailto", "tel"}


@cache
def parser() -> MarkdownIt:
    """The one parser of this process: making it takes longer than reading a description."""
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False, "typographer": False}).enable("table")


@lru_cache(maxsize=1024)
def rendered(text: str) -> Markup:
    """The HTML of a Markdown text (CommonMark with tables). Raw HTML is shown as text; links leave no referrer."""
    import nh3

    html = nh3.clean(
        parser().render(text), tags=TAGS, attributes=ATTRIBUTES, url_schemes=SCHEMES, link_rel="noopener noreferrer"
    )
    return Markup(html.strip())
