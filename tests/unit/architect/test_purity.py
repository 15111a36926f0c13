"""The architect is a function: nothing in it can differ between two runs."""

from __future__ import annotations

import sys

from tests.tidy.source import imports, product

BANNED = frozenset(
    {
        "asyncio",
        "datetime",
        "io",
        "locale",
        "os",
        "pathlib",
        "random",
        "secrets",
        "socket",
        "subprocess",
        "sys",
        "threading",
        "time",
        "uuid",
    }
)


def test_it_imports_itself_and_the_standard_library_without_clock_chance_or_input_and_output() -> None:
    found = [
        f"{source.path}:{line} imports {name}"
        for source in product()
        if source.path.startswith("architect/")
        for line, name in imports(source.tree)
        if name.split(".")[0] != "architect"
        and (name.split(".")[0] in BANNED or name.split(".")[0] not in sys.stdlib_module_names)
    ]

    assert found == []
