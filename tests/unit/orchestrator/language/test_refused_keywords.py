"""Valid documents of the Serverless Workflow DSL that use what is not run are refused by the name of that keyword."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from orchestrator.definitions.compiler import compile_definition
from orchestrator.definitions.errors import DefinitionError
from orchestrator.definitions.findings import Level
from orchestrator.definitions.validation import Verdict, validate
from tests.saga_documents import ASK, document

SCHEMA = {"format": "json", "document": {"type": "object"}}


def judged(written: Any) -> Verdict:
    return validate(yaml.safe_dump(written, sort_keys=False), lambda parsed: compile_definition(parsed, {}), {})


def with_task(**task: Any) -> Any:
    return document({"a": task})


def waiting(**listen: Any) -> Any:
    return with_task(listen=listen, timeout={"after": "PT1H"})


def for_one(**event: Any) -> Any:
    return waiting(to={"one": event})


def telling(**event: Any) -> Any:
    return with_task(emit={"event": {"with": {"type": "t", **event}}})


def declared(**function: Any) -> Any:
    made = document({"a": {**ASK, "call": "other"}})
    made["use"]["functions"]["other"] = function
    return made


CALL = {"method": "get", "endpoint": "https://example.com"}

REFUSED = {
    "evaluate": document({"a": ASK}, evaluate={"language": "jq", "mode": "strict"}),
    "authentications": document({"a": ASK}, use={"authentications": {"x": {"basic": {"username": "u"}}}}),
    "secrets": document({"a": ASK}, use={"secrets": ["token"]}),
    "extensions": document({"a": ASK}, use={"extensions": [{"log": {"extend": "all", "before": []}}]}),
    "catalogs": document({"a": ASK}, use={"catalogs": {"global": {"endpoint": "https://example.com"}}}),
    "on": document({"a": ASK}, schedule={"on": {"one": {"with": {"type": "t"}}}}),
    "schema of the input": document({"a": ASK}, input={"schema": SCHEMA}),
    "schema of the output": document({"a": ASK}, output={"schema": SCHEMA, "as": "."}),
    "schema of a task's input": with_task(**ASK, input={"schema": SCHEMA}),
    "schema of a task's output": with_task(**ASK, output={"schema": SCHEMA}),
    "schema of a task's export": with_task(**ASK, export={"schema": SCHEMA, "as": "."}),
    **{
        f"call: {kind}": with_task(call=kind, **{"with": CALL})
        for kind in ("http", "grpc", "openapi", "asyncapi", "a2a", "mcp")
    },
    "call: http of a function": declared(call="http", **{"with": CALL}),
    "run of a function": declared(run={"script": {"language": "js", "code": "1"}}),
    "set of a function": declared(set={"x": 1}),
    "call: log:1.0.0@global": with_task(call="log:1.0.0@global"),
    "call: https://example.com/log@v1": with_task(call="https://example.com/log@v1"),
    "container": with_task(run={"container": {"image": "alpine"}}),
    "script": with_task(run={"script": {"language": "js", "code": "1"}}),
    "shell": with_task(run={"shell": {"command": "ls"}}),
    "return": with_task(run={"workflow": {"name": "w"}, "return": "all"}),
    "until": waiting(to={"any": [{"with": {"type": "t"}}], "until": "false"}),
    "read": waiting(to={"one": {"with": {"type": "t"}}}, read="envelope"),
    "foreach": with_task(
        listen={"to": {"one": {"with": {"type": "t"}}}}, foreach={"do": []}, timeout={"after": "PT1H"}
    ),
    "correlate": for_one(correlate={"id": {"from": ".id"}}, **{"with": {"type": "t"}}),
    **{
        f"{word} of a filter": for_one(**{"with": {"type": "t", word: "x"}})
        for word in ("id", "source", "time", "subject", "datacontenttype", "dataschema")
    },
    **{
        f"{word} of an event": telling(**{word: "x"})
        for word in ("id", "source", "time", "datacontenttype", "dataschema")
    },
    "duration of a limit": document({"a": ASK}, use={"retries": {"r": {"limit": {"duration": "PT1M"}}}}),
    "duration of an attempt": with_task(**ASK, retry={"limit": {"attempt": {"count": 1, "duration": "PT1M"}}}),
    "timeout of a set": with_task(set={"x": 1}, timeout={"after": "PT1M"}),
    "timeout of a switch": with_task(switch=[{"c": {"then": "exit"}}], timeout={"after": "PT1M"}),
    "timeout of a raise": with_task(**{"raise": {"error": {"type": "t"}}}, timeout={"after": "PT1M"}),
    "timeout of an emit": with_task(emit={"event": {"with": {"type": "t"}}}, timeout={"after": "PT1M"}),
    "timeout of a wait": with_task(wait="PT1S", timeout={"after": "PT1M"}),
    "output of a switch": with_task(switch=[{"c": {"then": "exit"}}], output={"as": "."}),
    "export of a switch": with_task(switch=[{"c": {"then": "exit"}}], export={"as": "."}),
    "then of a switch": with_task(switch=[{"c": {"then": "exit"}}], then="end"),
    "output of a raise": with_task(**{"raise": {"error": {"type": "t"}}}, output={"as": "."}),
    "then of a raise": with_task(**{"raise": {"error": {"type": "t"}}}, then="end"),
    "instance of an error": with_task(**{"raise": {"error": {"type": "t", "instance": "/a"}}}),
    "$secrets": with_task(set={"x": "${ $secrets.token }"}),
    "$authorization": with_task(set={"x": "${ $authorization.scheme }"}),
}


@pytest.mark.parametrize("keyword", REFUSED)
def test_a_keyword_that_is_not_run_is_refused_by_its_name_with_its_line_and_what_to_write(keyword: str) -> None:
    written = REFUSED[keyword]
    named = keyword.partition(" of ")[0]
    ways = (f"{named} is not supported", f"uses {named}, which is not supported")
    said = [one for one in judged(written).errors if any(way in one.finding.problem for way in ways)]
    assert said, [one.line("FILE") for one in judged(written).findings]
    [finding] = said
    assert finding.finding.remedy
    line = yaml.safe_dump(written, sort_keys=False).splitlines()[finding.place.line - 1]
    assert named.removeprefix("call: ") in line


@pytest.mark.parametrize("keyword", REFUSED)
def test_a_keyword_that_is_not_run_is_no_part_of_any_definition(keyword: str) -> None:
    if keyword == "on":
        return
    with pytest.raises(DefinitionError):
        compile_definition(REFUSED[keyword], {})


def test_without_these_keywords_the_same_documents_are_run() -> None:
    for written in (document({"a": ASK}), for_one(**{"with": {"type": "t"}}), telling(), with_task(wait="PT1S")):
        assert [one for one in judged(written).findings if one.finding.level is Level.ERROR] == []
