"""Read by the server that `bench.children` forks from: what an application reads only when it needs it, ready for all."""

from __future__ import annotations

import psycopg  # noqa: F401
import stripe  # noqa: F401
from sqlalchemy.orm import configure_mappers

import bench.turmoil  # noqa: F401

configure_mappers()
