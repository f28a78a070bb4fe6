"""What each site's OpenAPI description allows, and what it does not, asked by schemathesis in the same process.

No answer may be a server's error, and all must be as described: status, content type, headers and body.
"""

import importlib

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings

from examples.web.app import WebApp
from tests.effort import THOROUGH
from tests.examples.sites import new_database

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")

pytestmark = pytest.mark.database
HOME = "http://127.0.0.1"
SITES = {
    "tavern": "examples.games.web.site",
    "pizzeria": "examples.pizza.web.site",
}  # a site more is an entry more
CONFORMS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
EXAMPLES = 60 if THOROUGH else 20  # of each operation
ALLOWED, NOT_ALLOWED = schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE


@pytest.fixture(scope="module", params=SITES)
def operations(request, tmp_path_factory):
    """Return the operations of a site that runs."""
    with pytest.MonkeyPatch.context() as patch, new_database(tmp_path_factory) as url:
        patch.setenv(f"{request.param.upper()}_DATA", str(tmp_path_factory.mktemp("data")))
        patch.setenv("DATABASE_URL", url)
        patch.setenv("PIZZERIA_PRIVATE", "no")
        app = importlib.import_module(SITES[request.param]).create_app()
        with TestClient(app, HOME):
            address = "/api/openapi.json"
            schema = schemathesis.openapi.from_asgi(address, running(app), headers={"Host": "127.0.0.1"})
            yield [found.ok() for found in schema.get_all_operations()]


def running(app: WebApp):
    """Return an application that need not be started, since it is."""

    async def call(scope, receive, send):
        if scope["type"] == "http":
            await app(scope, receive, send)
            return
        for what in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{what}.complete"})

    return call


def ask(operation, mode):
    """Ask generated questions, the same in every run; an address that is too long is refused as such."""

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def check(case):
        answer = case.call(base_url=HOME)
        names = (
            CONFORMS
            if mode == ALLOWED or answer.status_code == 414
            else (*CONFORMS, "negative_data_rejection")
        )
        case.validate_response(answer, checks=schemathesis.checks.CHECKS.get_by_names(names))

    check()


def test_what_the_description_allows_is_answered_as_it_says(operations):
    assert len(operations) >= 3
    for operation in operations:
        ask(operation, ALLOWED)


def test_what_the_description_does_not_allow_is_refused(operations):
    asked = 0
    for operation in operations:
        if not any((operation.query, operation.path_parameters, operation.body)):
            continue
        ask(operation, NOT_ALLOWED)
        asked += 1
    assert asked >= 2
