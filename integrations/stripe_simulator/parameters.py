"""What a request may say: exactly what the typed dictionaries of the `stripe` package know, nested ones included."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable, Iterator
from typing import Any

from integrations.stripe_simulator.store import Refused

PART = re.compile(r"\[([^\]]*)\]")
NESTED = re.compile(r"[A-Z]\w+Params\w+")
LITERAL = re.compile(r"Literal\[([^\]]*)\]")


def nested(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The form `a[b][0][c]=d` as dictionaries and lists."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        *outer, last = [name.split("[", 1)[0], *PART.findall(name)]
        place = found
        for part in outer:
            place = place.setdefault(part, {})
            if not isinstance(place, dict):
                raise Refused(f"Invalid parameter: {name}", param=name)
        place[last] = value
    listed = as_lists(found)
    return listed if isinstance(listed, dict) else {}


def as_lists(value: Any) -> Any:
    """Dictionaries whose keys are 0, 1, 2 … are lists."""
    if not isinstance(value, dict):
        return value
    if value and all(key.isdigit() for key in value):
        return [as_lists(value[key]) for key in sorted(value, key=int)]
    return {key: as_lists(inner) for key, inner in value.items()}


def check(params: dict[str, Any], name: str) -> None:
    """Refuse what the typed dictionary `name` of stripe.params (`checkout.SessionCreateParams`) does not allow."""
    folder, _, kind = name.rpartition(".")
    module = importlib.import_module(f"stripe.params.{folder}" if folder else "stripe.params")
    for path, why in problems(params, getattr(module, kind)):
        raise Refused(f"Received {why} parameter: {path}", param=path, code=f"parameter_{why}")


def problems(params: dict[str, Any], known: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Each parameter that is unknown or invalid, and which of the two."""
    from stripe import RequestOptions

    module = importlib.import_module(known.__module__)
    for name, value in params.items():
        annotation = known.__annotations__.get(name)
        if annotation is None or name in RequestOptions.__annotations__:
            yield path + name, "unknown"
            continue
        described = str(annotation)
        found = NESTED.findall(described)
        inner = getattr(module, found[0], None) if found else None
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, dict) and hasattr(inner, "__annotations__"):
                yield from problems(each, inner, f"{path}{name}.")
            elif isinstance(each, str) and not fits(each, described):
                yield path + name, "invalid"


def fits(value: str, described: str) -> bool:
    """Whether a plain value is of the kind the annotation tells: an integer, or one of the words it lists."""
    words = [word for group in LITERAL.findall(described) for word in re.findall(r"['\"]([^'\"]*)['\"]", group)]
    if words and "Dict" not in described:
        return value in words
    if re.search(r"\bbool\b", described):
        return value in ("true", "false")
    if re.search(r"\bint\b", described) and not re.search(r"\b(str|Literal|Dict)\b", described):
        return re.fullmatch(r"-?\d+", value) is not None
    return True
