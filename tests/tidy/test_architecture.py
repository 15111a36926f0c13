"""The architecture as a test: layers, cycles, the pure core, one owner of Avro."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import grimp

from tests.tidy.source import PACKAGES, ROOT, Source, imports, product

CORE = "orchestrator/core/"

# What would make two runs of the core differ, or let it touch the world.
BANNED_IN_CORE = frozenset(
    {
        "asyncio", "concurrent", "datetime", "http", "io", "locale", "logging", "multiprocessing", "os", "pathlib",
        "random", "secrets", "selectors", "shutil", "signal", "socket", "sqlite3", "subprocess", "sys", "tempfile",
        "threading", "time", "urllib", "uuid", "zoneinfo",
    }
)  # fmt: skip
BANNED_CALLS_IN_CORE = frozenset({"open", "print", "input", "exec", "eval", "hash", "id", "globals", "__import__"})

# The bare loop measures Kafka and Avro without any code of this product around them.
MAY_IMPORT_FASTAVRO = re.compile(r"schemas/")


def test_the_layers_hold() -> None:
    # A process of its own: the linter's logging settings would silence every logger of the tests after this one.
    linter = str(Path(sys.executable).with_name("lint-imports"))
    command = [linter, "--config", str(ROOT / "pyproject.toml"), "--no-cache"]
    checked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)

    assert checked.returncode == 0, checked.stdout


def test_no_modules_import_each_other_in_a_circle_not_even_for_types() -> None:
    graph = grimp.build_graph(*PACKAGES, exclude_type_checking_imports=False, cache_dir=None)
    edges = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}

    assert [sorted(knot) for knot in knots(edges)] == []


def test_the_core_imports_itself_and_the_standard_library_without_clock_chance_or_input_and_output() -> None:
    found = [
        f"{source.path}:{line} imports {name}"
        for source in core()
        for line, name in imports(source.tree)
        if not name.startswith("orchestrator.core")
        and ((top := name.split(".")[0]) in BANNED_IN_CORE or top not in sys.stdlib_module_names)
    ]

    assert found == []


def test_the_core_calls_nothing_that_reaches_outside_or_differs_between_runs() -> None:
    found = [
        f"{source.path}:{node.lineno} calls {node.func.id}"
        for source in core()
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in BANNED_CALLS_IN_CORE
    ]

    assert found == []


def test_only_the_published_language_knows_the_avro_library() -> None:
    found = [
        f"{source.path}:{line}"
        for source in product()
        for line, name in imports(source.tree)
        if name.split(".")[0] == "fastavro" and not MAY_IMPORT_FASTAVRO.match(source.path)
    ]

    assert found == []


def test_the_search_for_knots_finds_one() -> None:
    edges = {"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"a"}}

    assert [sorted(knot) for knot in knots(edges)] == [["b", "c"]]


def core() -> Iterator[Source]:
    """Yield the files of the pure core."""
    yield from (source for source in product() if source.path.startswith(CORE))


def knots(edges: Mapping[str, set[str]]) -> Iterator[set[str]]:
    """Yield each set of two or more modules that all reach one another (Tarjan's strongly connected components)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []

    def visit(node: str) -> Iterator[set[str]]:
        index[node] = low[node] = len(index)
        stack.append(node)
        for target in sorted(edges.get(node, ())):
            if target not in index:
                yield from visit(target)
                low[node] = min(low[node], low[target])
            elif target in stack:
                low[node] = min(low[node], index[target])
        if low[node] == index[node]:
            knot = set(stack[stack.index(node) :])
            del stack[stack.index(node) :]
            if len(knot) > 1:
                yield knot

    for start in sorted(edges):
        if start not in index:
            yield from visit(start)
