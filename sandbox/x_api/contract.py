"""X's own OpenAPI as far as it is asked: every request is held to it, so nothing the real one refuses is accepted."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from openapi_schema_validator import OAS30Validator

FILE = Path(__file__).with_name("contract.json")


class Broken(ValueError):
    """A request, or an answer, that the contract does not allow."""


@functools.cache
def contract() -> dict[str, Any]:
    """Give the whole."""
    return dict(json.loads(FILE.read_text()))


def operation(method: str, path: str) -> tuple[dict[str, Any], dict[str, str]]:
    """Find what a request asks for, and the variables in its path."""
    for template, methods in sorted(contract()["paths"].items(), key=lambda one: "{" in one[0]):
        found = re.fullmatch(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template), path)
        if found and method.lower() in methods:
            return methods[method.lower()], found.groupdict()
    raise Broken(f"there is no {method} {path}")


def check_request(
    method: str, path: str, query: Mapping[str, str], body: Any, content_type: str
) -> tuple[str, dict[str, str]]:
    """Hold a request to the contract; answer which operation it is, and the variables in its path."""
    asked, variables = operation(method, path)
    known = {each["name"]: each for each in map(_resolved, asked.get("parameters", []))}
    for name, value in {**query, **variables}.items():
        if name not in known:
            raise Broken(f"The query parameter [{name}] is not one of {sorted(known)}")
        _check(_parsed(value, known[name]), known[name]["schema"], f"[{name}]")
    for name, each in known.items():
        if each.get("required") and name not in {**query, **variables}:
            raise Broken(f"The query parameter [{name}] is missing")
    _check_body(asked.get("requestBody"), body, content_type)
    return str(asked["operationId"]), variables


def check_answer(name: str, status: int, body: Any) -> None:
    """Hold an answer to the contract, by the operation's name."""
    [asked] = [
        each
        for methods in contract()["paths"].values()
        for each in methods.values()
        if each["operationId"] == name
    ]
    answer = asked["responses"].get(str(status)) or asked["responses"]["default"]
    content = answer["content"]
    kind = "application/json" if str(status) in asked["responses"] else "application/problem+json"
    _check(body, content[kind]["schema"], f"answer {status} of {name}")


def _check_body(wanted: Any, body: Any, content_type: str) -> None:
    if wanted is None:
        if body not in (None, b"", {}):
            raise Broken("no body is allowed here")
        return
    kind = content_type.partition(";")[0].strip()
    if kind not in wanted["content"]:
        raise Broken(f"content-type {kind!r} is not one of {sorted(wanted['content'])}")
    _check(body, wanted["content"][kind]["schema"], "body")


def _resolved(one: Any) -> Any:
    while "$ref" in one:
        _, *path = one["$ref"].split("/")
        one = functools.reduce(lambda tree, word: tree[word], path, contract())
    return one


def _parsed(value: str, parameter: Mapping[str, Any]) -> Any:
    kind = _resolved(parameter["schema"]).get("type")
    if kind == "array":
        return value.split(",")
    return int(value) if kind == "integer" and value.isdigit() else value


def _check(value: Any, schema: Any, what: str) -> None:
    errors = sorted(_validator(json.dumps(schema, sort_keys=True)).iter_errors(value), key=str)
    if errors:
        raise Broken(f"{what}: {errors[0].message}")


@functools.cache
def _validator(schema: str) -> Any:
    # What the schemas refer to is looked for beside them.
    return OAS30Validator({**json.loads(schema), "components": contract()["components"]})
