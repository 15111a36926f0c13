"""What a linter does not check: sizes, names, docstrings, broad excepts, nothing of one machine in the repository."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.tidy.source import ROOT, product, sources, tracked

LONGEST_FUNCTION = 70
LONGEST_FILE = 400
BROAD_EXCEPTS = 2
NAMES_THAT_SAY_NOTHING = frozenset({"utils", "util", "helpers", "helper", "common", "misc", "stuff", "tools"})

# Put together here, so that this file does not contain what it looks for.
REGISTRY_HOSTS = re.compile(
    "|".join(
        re.escape(".".join(parts))
        for parts in (
            ("pypi", "org"), ("pythonhosted", "org"), ("maven", "org"), ("maven", "apache", "org"), ("npmjs", "org"),
            ("docker", "io"), ("ghcr", "io"), ("quay", "io"),
        )
    )
)  # fmt: skip
MACHINE_PATH = re.compile(r"(?<![\w.$}/-])/(?:home|Users|root|work|mnt)/[\w.-]+")
BINARY = (".png", ".ico", ".gz", ".zip", ".jpg")


def functions() -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Yield every function of the repository with the path of its file."""
    for source in sources():
        for node in ast.walk(source.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield source.path, node


def texts() -> Iterator[tuple[str, str]]:
    """Yield the path and the text of every text file."""
    for path in tracked():
        if not path.endswith(BINARY):
            yield path, (ROOT / path).read_text(encoding="utf-8", errors="replace")


def test_no_function_is_too_long_to_read_at_once() -> None:
    long = [
        f"{path}:{function.lineno} {function.name}: {length} lines"
        for path, function in functions()
        if (length := (function.end_lineno or 0) - function.lineno + 1) > LONGEST_FUNCTION
    ]

    assert long == []


def test_no_file_is_a_god_file() -> None:
    long = [
        f"{source.path}: {lines} lines"
        for source in sources()
        if (lines := (ROOT / source.path).read_text(encoding="utf-8").count("\n")) > LONGEST_FILE
    ]

    assert long == []


def test_no_module_has_a_name_that_says_nothing() -> None:
    vague = [
        source.path
        for source in sources()
        if NAMES_THAT_SAY_NOTHING & {part.removesuffix(".py").strip("_") for part in source.path.split("/")}
    ]

    assert vague == []


def test_every_file_says_its_role_in_its_first_line() -> None:
    silent = [source.path for source in sources() if not (ast.get_docstring(source.tree) or "").strip()]

    assert silent == []


def test_every_public_part_of_the_product_says_what_it_is() -> None:
    silent = [
        f"{source.path}:{node.lineno} {node.name}"
        for source in product()
        for node in _public(source.tree)
        if not ast.get_docstring(node)
    ]

    assert silent == []


def test_broad_excepts_stand_only_at_process_boundaries() -> None:
    broad = [
        f"{source.path}:{handler.lineno}"
        for source in product()
        for handler in ast.walk(source.tree)
        if isinstance(handler, ast.ExceptHandler) and _is_broad(handler.type)
    ]

    assert len(broad) <= BROAD_EXCEPTS, broad


def test_an_import_for_types_only_is_written_as_the_dependency_it_is() -> None:
    hidden = [
        f"{source.path}:{node.lineno}"
        for source in product()
        for node in ast.walk(source.tree)
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
    ]

    assert hidden == []


@pytest.mark.parametrize("pattern", [REGISTRY_HOSTS, MACHINE_PATH], ids=["registry host", "path of one machine"])
def test_nothing_of_one_machine_or_one_registry_is_in_the_repository(pattern: re.Pattern[str]) -> None:
    found = [
        f"{path}:{number}: {match.group()}"
        for path, text in texts()
        for number, line in enumerate(text.splitlines(), 1)
        for match in pattern.finditer(line)
    ]

    assert found == []


def _public(tree: ast.Module) -> Iterator[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
            yield node


def _is_broad(kind: ast.expr | None) -> bool:
    match kind:
        case None:
            return True
        case ast.Name(id=name):
            return name in {"Exception", "BaseException"}
        case ast.Tuple(elts=kinds):
            return any(_is_broad(one) for one in kinds)
    return False
