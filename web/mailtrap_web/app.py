"""The Flask half: the REST API, as far as it is not served in the loop, and the inspector."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import groupby
from typing import TYPE_CHECKING

from flask import Flask, Response, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from mailtrap_web.access import access
from mailtrap_web.api import OPERATIONS
from mailtrap_web.api.bodies import json_value, read_body
from mailtrap_web.api.problems import Problem, problem_of
from mailtrap_web.api.reply import Reply, reply_of
from mailtrap_web.api.routes import Call, Operation, arguments
from mailtrap_web.inspector import pages, problem_page
from mailtrap_web.isolation import DATA, PAGE
from mailtrap_web.world import World

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["World", "create_app"]


def create_app(world: World) -> Flask:
    """The Flask application for *world*. The gate is not in it: it stands before, see `mailtrap_web.native`."""
    app = Flask(__name__)
    app.config["WORLD"] = world
    app.url_map.merge_slashes = False
    ours = sorted((each for each in OPERATIONS if not each.in_loop), key=_path)
    for path, operations in groupby(ours, key=_path):
        _add(app, world, path, list(operations))
    app.register_blueprint(pages)
    app.register_error_handler(Exception, _problem)
    app.after_request(_isolate)
    app.wsgi_app = _terminated(app.wsgi_app)  # type: ignore[assignment, method-assign]  # Flask documents it
    return app


def _path(operation: Operation) -> str:
    return operation.path


def _add(app: Flask, world: World, path: str, operations: list[Operation]) -> None:
    def view(**values: str) -> Response:
        operation = _chosen(operations)
        found = access(world, request.path, request.headers.get("Authorization"))
        call = Call(world, found.project, {name.lower(): value for name, value in request.headers}, found.named)
        given = arguments(operation, values, request.query_string.decode("latin-1"))
        if operation.body is not None:
            given |= _body(world, operation)
        return _response(reply_of(operation.function(call, **given), operation.status))

    rule = re.sub(r"\{(\+?)(\w+)\}", lambda each: f"<{'path:' if each[1] else ''}{each[2]}>", path)
    app.add_url_rule(rule, path, view, methods={each.method for each in operations})


def _chosen(operations: list[Operation]) -> Operation:
    method = "GET" if request.method == "HEAD" else request.method
    found = [each for each in operations if each.method == method]
    if found[0].body is None or (found[0].body_optional and not request.mimetype):
        return found[0]
    for each in found:
        if each.takes == request.mimetype:
            return each
    types = " or ".join(each.takes for each in found)
    raise Problem(415, "unsupported_media_type", f"the body must be {types}, and Content-Type must say so")


def _body(world: World, operation: Operation) -> dict[str, object]:
    if operation.body is bytes:
        return {"body": read_body(request.stream, world.import_limit)}
    octets = read_body(request.stream, world.json_limit)
    if not octets and operation.body_optional:
        return {}
    if not request.mimetype:
        raise Problem(415, "unsupported_media_type", f"the body must be {operation.takes}")
    return {"body": json_value(octets, operation.body)}


def _response(reply: Reply) -> Response:
    return Response(reply.body, reply.status, dict(reply.headers), content_type=reply.type)


def _problem(error: Exception) -> ResponseReturnValue:
    if isinstance(error, HTTPException) and (error.code is None or error.code < 400):  # a redirect is none
        return error
    problem = _http_problem(error) if isinstance(error, HTTPException) else problem_of(error)
    if not request.path.startswith("/v1/") and "text/html" in request.headers.get("Accept", ""):
        return problem_page(problem)
    return _response(problem.reply())


def _http_problem(error: HTTPException) -> Problem:
    detail = "there is no such resource" if error.code == 404 else error.description or error.name
    allow = {"Allow": ", ".join(sorted(error.valid_methods or ()))} if hasattr(error, "valid_methods") else {}
    return Problem(error.code or 500, re.sub(r"\W+", "_", error.name.lower()), detail, headers=allow)


def _isolate(response: Response) -> Response:
    """Every response has the headers that keep it in its place; a view with foreign content brings its own."""
    if "Content-Security-Policy" not in response.headers:
        for name, value in (DATA if request.path.startswith("/v1") else PAGE).items():
            response.headers.setdefault(name, value)
    return response


def _terminated(app: WSGIApplication) -> WSGIApplication:
    """*app*, told that the input ends where the request does, so that a chunked body is read at all."""

    def wrapped(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ["wsgi.input_terminated"] = True
        return app(environ, start_response)

    return wrapped
