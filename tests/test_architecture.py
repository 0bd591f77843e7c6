"""The rules of the house, kept. A rule that is in the way is discussed, not switched off."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from config import ROOT

pytestmark = pytest.mark.pure

OURS = ("app", "blueprints", "commands", "config", "extensions", "integrations", "models", "services", "tasks")
MAY_IMPORT: dict[str, set[str]] = {
    "config": set(),
    "extensions": set(),
    "models": {"models"},
    "integrations": {"integrations", "config"},
    "services": {"services", "models", "integrations", "config"},
    "tasks": {"tasks", "services", "models", "integrations", "config", "extensions"},
    "commands": {"commands", "tasks", "services", "models", "config", "extensions", "app"},
    "blueprints": {"blueprints", "services", "models", "config", "extensions"},
    "app": set(OURS),
}
REQUEST_WORDS = {"request", "session", "g", "current_user", "after_this_request", "flash"}
HEAVY = {"stripe", "typst", "xlsxwriter", "segno", "argon2", "icalendar", "lxml", "phonenumbers", "pyhanko", "alembic"}
VAGUE = re.compile(r"(^|/)(utils?|helpers?|common|misc|manager)(\.|/|_|$)")
LINES, FUNCTION_LINES = 400, 40
NOT_COUNTED = re.compile(r"^(migrations/versions|static/vendor|static/fonts)/")
MACHINE_PATH = re.compile(r"(?<![\w.:/-])/(work|root|farm|home/\w+)/")
REGISTRY_HOST = re.compile(r"pypi\.org|pythonhosted|registry\.npmjs|--index-url|--extra-index-url", re.IGNORECASE)
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX)\b|NotImplementedError|coming soon|lorem ipsum", re.IGNORECASE)


@cache
def tracked() -> tuple[str, ...]:
    """The files of the repository, new ones that nobody added yet included."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return tuple(name for name in listed.stdout.splitlines() if (ROOT / name).is_file())


def sources(*folders: str) -> list[str]:
    """Our Python files of these folders (or of files such as `app`)."""
    return [name for name in tracked() if name.endswith(".py") and name.split("/")[0].removesuffix(".py") in folders]


def texts(*endings: str) -> list[str]:
    return [name for name in tracked() if name.endswith(endings)]


@cache
def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@cache
def tree(name: str) -> ast.Module:
    return ast.parse(read(name), name)


def imports(name: str) -> Iterator[tuple[int, str, str]]:
    """Line, module and imported name of every import, at any depth."""
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name, ""
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield node.lineno, node.module or "", alias.name


def assert_none(wrong: list[str]) -> None:
    assert not wrong, "\n" + "\n".join(wrong)


@pytest.mark.parametrize("part", OURS)
def test_imports_run_one_way(part: str) -> None:
    wrong = []
    for name in sources(part):
        for line, module, _ in imports(name):
            root = module.split(".")[0]
            if root in OURS and root not in MAY_IMPORT[part]:
                wrong.append(f"{name}:{line} imports {module}")
    assert_none(wrong)


def test_only_blueprints_know_the_request() -> None:
    """`has_request_context` and `current_app` know no visitor and may be anywhere."""
    wrong = []
    for name in sources("models", "services", "integrations", "tasks", "commands"):
        for line, module, imported in imports(name):
            visitor = module.split(".")[0] in ("flask", "flask_login") and imported in REQUEST_WORDS
            if visitor or module.split(".")[0] in ("wtforms", "flask_wtf", "flask_login"):
                wrong.append(f"{name}:{line} imports {imported or module}")
    assert_none(wrong)


def test_only_services_and_tasks_open_a_write_transaction() -> None:
    wrong = []
    for name in sources("models", "integrations", "commands", "blueprints"):
        wrong += [f"{name}:{line}" for line, module, imported in imports(name) if imported == "writing"]
        wrong += [
            f"{name}:{node.lineno} .{node.attr}"
            for node in ast.walk(tree(name))
            if isinstance(node, ast.Attribute) and node.attr in ("commit", "flush") and "session" in ast.unparse(node)
        ]
    assert_none(wrong)


def test_nothing_slow_inside_writing() -> None:
    """No network, password hash, PDF or rendering between the first lock and the commit, as far as names tell."""
    slow = re.compile(
        r"\b(send|transmit|compose_message|render_template|urlopen|hash_password|verify_password|typst)\("
    )
    wrong = []
    for name in sources("services", "tasks"):
        for node in ast.walk(tree(name)):
            if isinstance(node, ast.With) and any(ast.unparse(item.context_expr) == "writing()" for item in node.items):
                body = "\n".join(ast.unparse(statement) for statement in node.body)
                wrong += [f"{name}:{node.lineno} {found.group()}" for found in slow.finditer(body)]
    assert_none(wrong)


def test_locked_functions_open_no_transaction() -> None:
    wrong = []
    for name in sources("services", "tasks"):
        for node in ast.walk(tree(name)):
            if isinstance(node, ast.FunctionDef) and node.name.endswith("_locked"):
                opens = [inner for inner in ast.walk(node) if isinstance(inner, ast.With)]
                wrong += [
                    f"{name}:{inner.lineno} in {node.name}"
                    for inner in opens
                    if any(ast.unparse(item.context_expr) == "writing()" for item in inner.items)
                ]
    assert_none(wrong)


def test_heavy_packages_are_imported_where_they_are_used() -> None:
    wrong = []
    for name in sources(*OURS):
        for node in tree(name).body:
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            modules += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            wrong += [f"{name}:{node.lineno} {module}" for module in modules if module.split(".")[0] in HEAVY]
    assert_none(wrong)


def test_files_are_short() -> None:
    counted = [name for name in texts(".py", ".html", ".js", ".css", ".jinja") if not NOT_COUNTED.match(name)]
    lengths = {name: len(read(name).splitlines()) for name in counted}
    assert_none([f"{name}: {number} lines" for name, number in lengths.items() if number > LINES])


def test_functions_are_short() -> None:
    wrong = []
    for name in sources(*OURS, "bench", "tests"):
        for node in ast.walk(tree(name)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                number = (node.end_lineno or node.lineno) - node.lineno + 1 - docstring_lines(node)
                if number > FUNCTION_LINES:
                    wrong.append(f"{name}:{node.lineno} {node.name}: {number} lines")
    assert_none(wrong)


def docstring_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """What explains a function does not make it long."""
    if ast.get_docstring(node) is None:
        return 0
    return (node.body[0].end_lineno or 0) - node.body[0].lineno + 1


def test_names_say_something() -> None:
    assert_none([name for name in tracked() if VAGUE.search(name)])


def test_nothing_is_unfinished() -> None:
    own = "tests/test_architecture.py"
    wrong = []
    for name in texts(".py", ".html", ".txt", ".js", ".css", ".toml", ".md", ".cfg"):
        if name != own:
            lines = enumerate(read(name).splitlines(), 1)
            wrong += [f"{name}:{number} {line.strip()[:80]}" for number, line in lines if UNFINISHED.search(line)]
    assert_none(wrong)


def test_no_test_is_switched_off() -> None:
    """And none of our own code is replaced by a double. Only the journeys may do without a browser, outside CI."""
    off = re.compile(r"mark\.(skip\b|xfail)|pytest\.(skip|xfail)\(|unittest\.mock|MagicMock")
    known = ("tests/test_architecture.py", "tests/journeys/conftest.py")
    wrong = [
        f"{name}: {found.group()}"
        for name in sources("tests")
        if name not in known
        for found in off.finditer(read(name))
    ]
    assert_none(wrong)


def test_no_path_of_one_machine_and_no_registry() -> None:
    own = "tests/test_architecture.py"
    wrong = []
    for name in tracked():
        if name == own:
            continue
        try:
            content = read(name)
        except UnicodeDecodeError:
            continue  # a picture or a font
        for pattern in (MACHINE_PATH, REGISTRY_HOST):
            wrong += [f"{name}: {found.group()}" for found in pattern.finditer(content)]
    assert_none(wrong)


def test_templates_carry_no_inline_style_or_script() -> None:
    """The content security policy would refuse them: an inline style, a handler, a script without our nonce."""
    inline = re.compile(r"<[^>]+\sstyle\s*=|<[^>]+\son[a-z]+\s*=\s*[\"']|<style\b|javascript:", re.IGNORECASE)
    script = re.compile(r"<script\b(?![^>]*\b(?:src=|nonce=|type=\"application/ld\+json\"))", re.IGNORECASE)
    pages = [name for name in texts(".html") if not name.startswith("templates/emails/")]
    wrong = []
    for name in pages:
        if name.startswith("templates/"):
            wrong += [f"{name}: {found.group()[:60]}" for found in inline.finditer(read(name))]
            wrong += [f"{name}: {found.group()}" for found in script.finditer(read(name))]
    assert_none(wrong)


def test_templates_use_our_components() -> None:
    stock = re.compile(
        r"(?<![\w-])(card|badge|text-muted|shadow|bg-(?:primary|light|dark|success|danger|warning|info))(?![\w-])"
    )
    wrong = []
    for name in texts(".html"):
        if name.startswith("templates/"):
            plain = re.sub(r"{{.*?}}|{%.*?%}|{#.*?#}", " ", read(name), flags=re.DOTALL)
            for classes in re.findall(r"""class=["']([^"']*)""", plain):
                wrong += [f"{name}: {found}" for found in stock.findall(classes)]
    assert_none(wrong)


def test_every_service_and_model_says_what_it_is() -> None:
    """The first line of each file tells a newcomer what is in it."""
    missing = [name for name in sources(*OURS) if ast.get_docstring(tree(name)) is None]
    assert_none([name for name in missing if read(name).strip()])


def test_tests_mirror_the_tree() -> None:
    wrong = []
    for name in tracked():
        match = re.match(r"tests/(models|services|integrations|tasks|commands|blueprints)/", name)
        if match and not (ROOT / match.group(1)).is_dir():
            wrong.append(name)
    assert_none(wrong)


def test_the_commands_of_the_readme_are_there() -> None:
    for name in ("bin/demo", "bin/test", ".ci/run"):
        path = ROOT / name
        assert path.is_file()
        assert path.stat().st_mode & 0o111, f"{name} is not executable"


def test_requirements_are_pinned() -> None:
    loose = re.compile(r"^[A-Za-z0-9_.\[\],-]+(?!==)$")
    for name in ("requirements.txt", "requirements-dev.txt"):
        lines = [line for line in read(name).splitlines() if line and not line.startswith(("#", "-r "))]
        assert_none([f"{name}: {line}" for line in lines if "==" not in line or loose.match(line)])


def test_the_root_stays_tidy() -> None:
    """What a reader meets first is what design.md names."""
    known = {
        ".ci", ".gitignore", "LICENSE", "README.md", "app.py", "babel.cfg", "bench", "bin", "blueprints", "commands",
        "config.py", "docs", "extensions.py", "integrations", "migrations", "models", "pyproject.toml",
        "requirements-dev.txt", "requirements.txt", "sample", "services", "static", "tasks", "templates", "tests",
        "translations",
    }  # fmt: skip
    assert_none(sorted({name.split("/")[0] for name in tracked()} - known))


def test_nothing_of_an_installation_is_tracked() -> None:
    kept = re.compile(r"(^|/)(instance|\.venv|__pycache__)/|\.(db|db-wal|pyc|pem|key)$")
    assert_none([name for name in tracked() if kept.search(name)])
    assert Path(ROOT / ".gitignore").is_file()
