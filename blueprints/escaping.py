"""Escaping what templates print, quickly.

`markupsafe.escape` makes a `Markup` of every word, only for Jinja to join it with others: a tenth of a page of cards. What is
printed is escaped as ever; words with nothing to escape stay as they are, whole numbers become their digits.
"""

from __future__ import annotations

import re
from typing import Any

from flask import Flask
from jinja2.compiler import CodeGenerator, Frame
from jinja2.nodes import Expr
from markupsafe import Markup, escape

SPECIAL = re.compile("[&<>\"']").search


def escaped(value: Any) -> str:
    """The value as `markupsafe.escape` writes it; of type `str` only when nothing had to be escaped."""
    kind = type(value)
    if kind is Markup or (kind is str and not SPECIAL(value)):
        words: str = value
        return words
    return str(value) if kind is int else escape(value)


class QuickCode(CodeGenerator):
    """Jinja's code, which calls `escaped` for what a template prints."""

    def _output_child_pre(self, node: Expr, frame: Frame, finalize: Any) -> None:
        if frame.eval_ctx.volatile or not frame.eval_ctx.autoescape:
            super()._output_child_pre(node, frame, finalize)
            return
        self.write("environment.escaped(")
        if finalize.src is not None:
            self.write(finalize.src)


def install(app: Flask) -> None:
    """Before the first template is read."""
    app.jinja_env.code_generator_class = QuickCode
    app.jinja_env.escaped = escaped  # type: ignore[attr-defined]
