"""The list of failure codes in the documentation is that of the source: none is missing, and none is made up."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import yaml

from tests.failure_codes import documented
from tests.tidy.source import ROOT

PLACES = (
    "orchestrator", "streams", "services/participant", "services/payment", "services/inventory", "services/shipping",
    "services/notification", "services/tasks", "services/gateway/inbound",
)  # fmt: skip
PROVIDERS = ("services/sandboxes/psp.py", "services/sandboxes/carrier.py")
CODE_AT = {
    "rejected": 0, "transient": 0, "unknown": 0, "Poison": 1, "dead_letter": 1, "NotStartable": 0, "Unusable": 0,
    "GiveUp": 0, "Report": 0, "Fail": 1, "Failure": 0,
}  # fmt: skip
"""Where the code is among the arguments of what makes a failure."""
ALL_ARGUMENTS = ("Failed", "StepFailed")
"""What names its code among arguments of other kinds: a code is the one that looks like one."""
LOOKS_LIKE_ONE = re.compile(r"[a-z]+(_[a-z]+)*|[A-Z]+(_[A-Z]+)+")


@cache
def trees(*places: str) -> tuple[ast.Module, ...]:
    files = [path for place in places for path in ([ROOT / place] if place.endswith(".py") else python_of(place))]
    return tuple(ast.parse(path.read_text(encoding="utf-8")) for path in files)


def python_of(place: str) -> list[Path]:
    return sorted((ROOT / place).rglob("*.py"))


@cache
def constants() -> dict[str, str]:
    """Return every module's constants that are texts."""
    found: dict[str, str] = {}
    for tree in trees(*PLACES):
        for node in tree.body:
            if not isinstance(node, ast.Assign):
                continue
            for target in node.targets:
                pairs = (
                    zip(target.elts, node.value.elts, strict=True)
                    if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple)
                    else [(target, node.value)]
                )
                for name, value in pairs:
                    if isinstance(name, ast.Name) and isinstance(value, ast.Constant) and isinstance(value.value, str):
                        found[name.id] = value.value
    return found


def text_of(node: ast.expr) -> str | None:
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return constants().get(name)
        case _:
            return None


def codes_of(call: ast.Call) -> Iterator[str | None]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name in CODE_AT and len(call.args) > CODE_AT[name]:
        yield text_of(call.args[CODE_AT[name]])
    elif name in ALL_ARGUMENTS:
        yield from (text_of(argument) for argument in call.args)
    elif name == "get" and len(call.args) == 2 and text_of(call.args[0]) == "code":
        yield text_of(call.args[1])
    elif name == "start" and len(call.args) > 1:
        yield from (text_of(argument) for argument in call.args[1:2])


def in_source() -> set[str]:
    found: set[str | None] = set()
    for tree in trees(*PLACES):
        for node in ast.walk(tree):
            match node:
                case ast.Call():
                    found.update(codes_of(node))
                case ast.BoolOp(values=[ast.Attribute(attr="code"), ast.Constant(value=str(text))]):
                    found.add(text)
                case _:
                    pass
    (errors,) = trees("orchestrator/core/errors.py")
    found.update(text_of(node.value) for node in errors.body if isinstance(node, ast.Assign))
    return {one for one in found if one and LOOKS_LIKE_ONE.fullmatch(one)}


def in_definitions() -> set[str]:
    """Return the codes that the shipped processes of orders name."""

    def named(node: object) -> Iterator[str]:
        match node:
            case {"raise": {"error": {"type": str(code)}}}:
                yield code
            case {"timeout": {"code": str(code)}}:
                yield code
        children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
        for child in children:
            yield from named(child)

    files = (ROOT / "orchestrator" / "definitions").glob("order-fulfillment*.yaml")
    return {code for path in files for code in named(yaml.safe_load(path.read_text(encoding="utf-8")))}


def of_providers() -> set[str]:
    found: set[str | None] = set()
    for tree in trees(*PROVIDERS):
        for node in ast.walk(tree):
            match node:
                case ast.Call(func=ast.Name(id="Refused"), args=[code]):
                    found.add(text_of(code))
                case ast.Call(func=ast.Name(id="refusal" | "BadRequest"), args=[_, code, _]):
                    found.add(text_of(code))
                case _:
                    pass
    return {one for one in found if one is not None} - {"missing_key"}


def test_every_code_that_the_source_gives_is_documented_and_no_other() -> None:
    sections = dict(documented())
    providers = sections.pop("Of providers")
    listed = {code for codes in sections.values() for code in codes}
    made = in_source() | in_definitions() | {"TIMER_PROCESSOR_FAILED"}
    assert made - listed == set()
    assert listed - made - set(constants().values()) == set()
    assert providers == of_providers()
