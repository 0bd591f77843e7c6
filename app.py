"""create_app(): settings, extensions, blueprints, commands; nothing else."""

from __future__ import annotations

import logging

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

import models  # noqa: F401  (registers every table)
import services.transaction  # noqa: F401  (installs the engines' transaction rules)
import tasks.clock  # noqa: F401  (registers every task, and wakes the worker after a commit)
from blueprints import (
    accounts,
    calendars,
    certificates,
    errors,
    events,
    mailbox,
    organisations,
    organise,
    pages,
    payments,
    programmes,
    registrations,
    security,
    words,
)
from commands import register_commands
from config import Cluster, NotConfigured, Settings
from extensions import babel, bootstrap, csrf, login
from models.base import db
from tasks.queue import queue


def create_app(settings: Settings | None = None) -> Flask:
    """The WSGI application. Raises NotConfigured when production lacks a setting it must have."""
    settings = settings or Settings.from_environment()
    if settings.missing:
        raise NotConfigured(f"production needs these settings: {', '.join(settings.missing)} (a trial: bin/demo)")
    app = Flask(__name__, instance_path=str(settings.instance.resolve()))
    app.config.update(flask_settings(settings))
    app.extensions["atrium"] = settings
    app.extensions["cluster"] = Cluster.load(settings.cluster_file)
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    bind_extensions(app)
    for part in (
        pages, events, programmes, registrations, payments, certificates, calendars, accounts, organisations, organise,
        mailbox,
    ):  # fmt: skip
        app.register_blueprint(part.blueprint)
    security.protect(app)
    words.install(app)
    errors.answer_errors(app)
    register_commands(app)
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    return app


def flask_settings(settings: Settings) -> dict[str, object]:
    """What Flask and its extensions read, from our settings."""
    https = settings.public_url.startswith("https://")
    engine_options: dict[str, object] = {"pool_pre_ping": False}
    if settings.database_url.startswith("postgresql"):
        engine_options |= {"pool_size": 5, "max_overflow": 10, "pool_recycle": 1800}
    return {
        "SECRET_KEY": settings.secret_key,
        "SQLALCHEMY_DATABASE_URI": settings.database_url,
        "SQLALCHEMY_ENGINE_OPTIONS": engine_options,
        "SESSION_COOKIE_NAME": "atrium",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": https,
        "MAX_CONTENT_LENGTH": 6 * 1024 * 1024,
        "WTF_CSRF_TIME_LIMIT": None,  # a form left open over lunch is not lost
        "WTF_CSRF_SSL_STRICT": False,
        "BOOTSTRAP_SERVE_LOCAL": True,
        "BABEL_DEFAULT_LOCALE": "en",
        "BABEL_TRANSLATION_DIRECTORIES": "translations",
        "TEMPLATES_AUTO_RELOAD": settings.mode == "test",
        "SEND_FILE_MAX_AGE_DEFAULT": 3600,
    }


def bind_extensions(app: Flask) -> None:
    """Bind every extension to this application."""
    app.jinja_options = {**app.jinja_options, "trim_blocks": True, "lstrip_blocks": True}  # before jinja_env is made
    db.init_app(app)
    babel.init_app(app, locale_selector=security.reader_locale, timezone_selector=None)
    bootstrap.init_app(app)
    csrf.init_app(app)
    login.init_app(app)
    queue.bind(app)
