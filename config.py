"""Every setting, read from the environment. Each default runs with no server beside it."""

from __future__ import annotations

import os
import secrets
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from click import ClickException

ROOT = Path(__file__).resolve().parent


class NotConfigured(ClickException):
    """Production refuses to start; the message names every setting that is missing. `flask` prints it and exits 1."""


@dataclass(frozen=True)
class Settings:
    """One process's settings. `Settings.from_environment()` is the only place that reads `os.environ`."""

    mode: str = "production"  # "demo" is set by bin/demo only; "test" by the test suite
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 2
    trusted_proxies: int = 0
    secret_key: str = ""
    public_url: str = ""
    instance: Path = ROOT / "instance"
    database_url: str = ""
    queue_url: str = ""
    mail_url: str = ""
    storage_url: str = ""
    stripe_api_key: str = ""  # without one, orders are paid by transfer only
    stripe_webhook_secrets: tuple[str, ...] = ()  # several while one follows another
    stripe_api_base: str = ""  # of a simulator
    cluster_file: Path = ROOT / "sample" / "cluster.toml"
    log_level: str = "INFO"
    missing: tuple[str, ...] = field(default=())

    @property
    def demo(self) -> bool:
        """Demo conveniences (one-click sign-in, /mailbox) exist only on the loopback address."""
        return self.mode == "demo" and self.host in ("127.0.0.1", "::1", "localhost")

    @classmethod
    def from_environment(cls, env: dict[str, str] | None = None) -> Settings:
        """Settings from `env` (default: the process's environment), with generated keys kept in instance/."""
        e = dict(os.environ if env is None else env)
        mode = e.get("ATRIUM_MODE", "production")
        instance = Path(e.get("INSTANCE_PATH", str(ROOT / "instance")))
        host, port = e.get("HOST", "127.0.0.1"), int(e.get("PORT", "8000"))
        required = ("SECRET_KEY", "PUBLIC_URL", "MAIL_URL")
        missing = tuple(name for name in required if not e.get(name)) if mode == "production" else ()
        return cls(
            mode=mode,
            host=host,
            port=port,
            workers=int(e.get("WEB_WORKERS", "2")),
            trusted_proxies=int(e.get("TRUSTED_PROXIES", "0")),
            secret_key=e.get("SECRET_KEY") or kept_secret(instance),
            public_url=(e.get("PUBLIC_URL") or f"http://{host}:{port}").rstrip("/"),
            instance=instance,
            database_url=e.get("DATABASE_URL") or f"sqlite:///{instance / 'atrium.db'}",
            queue_url=e.get("QUEUE_URL") or f"sqlite:///{instance / 'queue.db'}",
            mail_url=e.get("MAIL_URL") or f"folder://{instance / 'mail'}",
            storage_url=e.get("STORAGE_URL") or f"folder://{instance / 'files'}",
            stripe_api_key=e.get("STRIPE_API_KEY", ""),
            stripe_webhook_secrets=tuple(e.get("STRIPE_WEBHOOK_SECRETS", "").replace(",", " ").split()),
            stripe_api_base=e.get("STRIPE_API_BASE", "").rstrip("/"),
            cluster_file=Path(e.get("CLUSTER_FILE") or ROOT / "sample" / "cluster.toml"),
            log_level=e.get("LOG_LEVEL", "INFO"),
            missing=missing,
        )


def kept_secret(instance: Path) -> str:
    """The generated secret key of this installation, made once and kept in `instance/secret_key`."""
    path = instance / "secret_key"
    if not path.exists():
        instance.mkdir(mode=0o700, parents=True, exist_ok=True)  # personal data: nobody else on this machine reads it
        try:
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_urlsafe(48))
        except FileExistsError:
            pass  # another process made it first; read what it wrote
    return path.read_text()


@dataclass(frozen=True)
class Cluster:
    """The cluster this installation serves: everything another cluster would write differently."""

    data: dict[str, Any]

    @classmethod
    def load(cls, path: Path) -> Cluster:
        """Read CLUSTER_FILE (TOML)."""
        with path.open("rb") as file:
            return cls(tomllib.load(file))

    def __getattr__(self, name: str) -> Any:
        if name == "data":  # not yet set while unpickling
            raise AttributeError(name)
        try:
            return self.data[name]
        except KeyError:
            raise AttributeError(f"the cluster file has no {name!r}") from None
