"""The description of the API is whole, and what it says is so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from mailtrap.message.summary import Summary
from mailtrap_web.api import OPERATIONS
from mailtrap_web.api.openapi import document

Put = Callable[..., Summary]
KINDS = {"string": str, "boolean": bool, "integer": int, "number": (int, float), "null": type(None)}


def fits(value: Any, schema: dict[str, Any], where: str = "$") -> list[str]:
    """Where *value* is not what *schema* says: as much of JSON Schema as the document uses."""
    if "$ref" in schema:
        return fits(value, document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]], where)
    if "anyOf" in schema:
        return min((fits(value, each, where) for each in schema["anyOf"]), key=len)
    match schema.get("type"):
        case None:
            return []
        case "array" | "object" as kind if not isinstance(value, list if kind == "array" else dict):
            return [f"{where} is {value!r}, not {kind}"]
        case "array":
            return [wrong for n, each in enumerate(value) for wrong in fits(each, schema["items"], f"{where}[{n}]")]
        case "object":
            known = schema["properties"]
            missing = [f"{where} lacks {name}" for name in schema["required"] if name not in value]
            unknown = [f"{where} has {name}" for name in value if name not in known]
            inner = [(each, known[name], f"{where}.{name}") for name, each in value.items() if name in known]
            allowed = schema.get("additionalProperties", True)
            return [*missing, *([] if allowed else unknown), *(wrong for each in inner for wrong in fits(*each))]
        case kind:
            exact = isinstance(value, KINDS[kind]) and (kind == "boolean") == isinstance(value, bool)
            return [] if exact else [f"{where} is {value!r}, not {kind}"]


def answers(path: str, method: str = "get") -> dict[str, Any]:
    responses: dict[str, Any] = document()["paths"][path][method]["responses"]
    return responses


def test_every_operation_is_described() -> None:
    described = {(method.upper(), path) for path, methods in document()["paths"].items() for method in methods}

    assert described == {(each.method, each.path.replace("{+", "{")) for each in OPERATIONS}


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: f"{each.method} {each.path} {each.takes}")
def test_every_operation_says_what_it_does_and_takes(operation: Any) -> None:
    described = document()["paths"][operation.path.replace("{+", "{")][operation.method.lower()]

    assert described["summary"].endswith(".")
    assert "\n" not in described["summary"]
    assert {each["name"] for each in described["parameters"]} >= {each.name for each in operation.parameters}
    assert all(each["description"].endswith(".") for each in described["parameters"])
    assert (operation.body is not None) == ("requestBody" in described)
    if operation.body is not None:
        assert operation.takes in described["requestBody"]["content"]


def test_ids_are_unique_and_references_lead_somewhere() -> None:
    text = str(document())
    ids = [each["operationId"] for methods in document()["paths"].values() for each in methods.values()]

    assert len(set(ids)) == len(ids)
    for name in document()["components"]["schemas"]:
        assert f"'#/components/schemas/{name}'" in text
    assert text.count("$ref") == sum(
        text.count(f"'$ref': '#/components/schemas/{name}'") for name in document()["components"]["schemas"]
    )


@pytest.mark.parametrize(
    ("path", "where"),
    [
        ("/v1/messages", "/v1/messages"),
        ("/v1/messages/{message_id}", "/v1/messages/latest"),
        ("/v1/accounts", "/v1/accounts"),
        ("/v1/accounts/{name}", "/v1/accounts/catchall"),
        ("/v1/sessions", "/v1/sessions"),
        ("/v1/refusals", "/v1/refusals"),
        ("/v1/faults", "/v1/faults"),
        ("/v1/clock", "/v1/clock"),
    ],
)
def test_answers_are_of_the_shape_that_is_described(client: FlaskClient, put: Put, path: str, where: str) -> None:
    put()

    response = client.get(where)

    [(kind, content)] = answers(path)["200"]["content"].items()
    assert response.content_type == kind
    assert fits(response.json, content["schema"]) == []


def test_problems_are_of_the_shape_that_is_described(client: FlaskClient) -> None:
    response = client.get("/v1/messages?limit=0")

    schema = answers("/v1/messages")["default"]["content"][response.content_type]["schema"]
    assert fits(response.json, schema) == []


def test_what_was_handed_in_is_of_the_shape_that_is_described(client: FlaskClient) -> None:
    response = client.post("/v1/messages", data=b"Subject: x\r\n\r\n", content_type="message/rfc822")

    schema = answers("/v1/messages", "post")["201"]["content"]["application/json"]["schema"]
    assert fits(response.json, schema) == []


def test_a_fault_is_of_the_shape_that_is_described(client: FlaskClient) -> None:
    rule = {"at": "smtp.rcpt", "do": "drop", "rcpt": "x.test", "skip": 1, "chance": 0.5, "after": "1h", "expires": 7200}
    response = client.post("/v1/faults", json=rule)

    schema = answers("/v1/faults", "post")["201"]["content"]["application/json"]["schema"]
    assert response.json.items() >= (rule | {"expires": "2h"}).items()
    assert fits(response.json, schema) == []


def test_the_document_is_served(client: FlaskClient) -> None:
    assert client.get("/v1/openapi.json").json == document()
