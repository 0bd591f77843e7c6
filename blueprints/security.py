"""Around every request: language, theme, content security policy, and the headers browsers obey."""

from __future__ import annotations

import secrets
from typing import Any

from flask import Flask, Response, abort, current_app, g, has_request_context, request
from flask_babel import get_locale
from flask_login import current_user

from config import Cluster, Settings

LANGUAGE_NAMES = {"en": "English", "fr": "Français", "nl": "Nederlands", "de": "Deutsch"}
COOKIE_AGE = 365 * 24 * 3600


def settings() -> Settings:
    """This application's settings."""
    found: Settings = current_app.extensions["atrium"]
    return found


def cluster() -> Cluster:
    """The cluster this application serves."""
    found: Cluster = current_app.extensions["cluster"]
    return found


def reader_locale() -> str:
    """The reader's language: `?lang=`, then cookie, account, header, then the cluster's first language."""
    known: list[str] = cluster().languages
    if not has_request_context():  # commands and the worker; mails force the language of their reader
        return known[0]
    asked = request.args.get("lang", "")
    if asked in known:
        return asked
    kept = request.cookies.get("lang", "")  # chosen since the last sign-in, which forgets it
    if kept in known:
        return kept
    if current_user.is_authenticated and current_user.locale in known:
        return str(current_user.locale)
    return request.accept_languages.best_match(known) or known[0]


def languages() -> list[dict[str, Any]]:
    """The links of the language switch: the same page in each language."""
    here = str(get_locale())
    links = []
    for code in cluster().languages:
        args = {**request.args.to_dict(flat=False), "lang": [code]}
        query = "&".join(f"{k}={v}" for k, v in flat_query(args))
        label = LANGUAGE_NAMES.get(code, code)
        links.append({"code": code, "label": label, "url": f"{request.path}?{query}", "current": code == here})
    return links


def flat_query(args: dict[str, list[str]]) -> list[tuple[str, str]]:
    from urllib.parse import quote_plus

    return [(quote_plus(key), quote_plus(value)) for key, values in args.items() for value in values]


def csp_nonce() -> str:
    """This response's nonce, for JSON-LD and the few inline scripts there are."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    nonce: str = g.csp_nonce
    return nonce


def reader_theme() -> str | None:
    """'light' or 'dark' when the reader chose one, else None: the device decides."""
    kept = request.cookies.get("theme")
    return kept if kept in ("light", "dark") else None


def refuse_zero_bytes() -> None:
    """No address of ours holds a zero byte, and PostgreSQL refuses to look one up."""
    if "\0" in request.path or b"%00" in request.query_string:
        abort(404)


def protect(app: Flask) -> None:
    """Install the headers and the variables every template has."""

    app.before_request(refuse_zero_bytes)

    @app.context_processor
    def page_variables() -> dict[str, Any]:
        person = current_user._get_current_object() if current_user.is_authenticated else None
        return {
            "cluster": cluster(),
            "person": person,
            "languages": languages(),
            "theme": reader_theme(),
            "locale": str(get_locale()),
            "csp_nonce": csp_nonce,
            "demo": settings().demo,
            "public_url": settings().public_url,
        }

    @app.after_request
    def headers(response: Response) -> Response:
        asked = request.args.get("lang", "")
        is_page = response.mimetype == "text/html"
        if is_page and asked in cluster().languages and request.cookies.get("lang") != asked:
            response.set_cookie("lang", asked, max_age=COOKIE_AGE, samesite="Lax", httponly=True)
        nonce = f" 'nonce-{g.csp_nonce}'" if "csp_nonce" in g else ""
        policy = (
            f"default-src 'self'; script-src 'self'{nonce}; style-src 'self'; img-src 'self' data:; "
            "object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
        )
        response.headers.setdefault("Content-Security-Policy", policy)
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "same-origin")
        response.headers.setdefault("Permissions-Policy", "camera=(self), geolocation=(), microphone=()")
        if settings().public_url.startswith("https://"):
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        if is_page:
            response.headers.setdefault("Cache-Control", "private, no-cache")
            response.vary.update(("Cookie", "Accept-Language"))
        return response
