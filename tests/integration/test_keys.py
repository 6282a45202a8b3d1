"""Keys: who may call what, with which key, and the API that manages them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lazulite.testing import AppClient, open_app
from tests.e2e.harness import APPS


@pytest.fixture(scope="module")
def app() -> Iterator[AppClient]:
    with open_app(APPS / "keys", auth=True, allow_errors=True, raise_exceptions=False) as client:
        yield client


@pytest.fixture(scope="module")
def keys(app: AppClient) -> dict[str, str]:
    """A key of each sort."""
    master = app.key()
    system = app.post("/admin/host/systemkeys/watch", headers=header(master))
    assert system.status_code == 201
    host = app.get("/admin/host/keys/default", headers=header(master))
    return {
        "none": "",
        "wrong": "wrong",
        "malformed": "%zz\t=;",
        "other": app.key("other"),
        "own": app.key("guarded"),
        "host": host.json()["value"],
        "system": system.json()["value"],
        "master": master,
    }


@pytest.fixture
def admin(keys: dict[str, str]) -> dict[str, str]:
    """Headers with the master key."""
    return header(keys["master"])


def header(key: str) -> dict[str, str]:
    return {"x-functions-key": key} if key else {}


def status(app: AppClient, path: str, key: str = "", method: str = "GET") -> int:
    return app.request(method, path, headers=header(key)).status_code


MATRIX = {
    # key:        open guarded private off  admin
    "none": (200, 401, 401, 401, 401),
    "wrong": (200, 401, 401, 401, 401),
    "malformed": (200, 401, 401, 401, 401),
    "other": (200, 401, 401, 401, 401),
    "own": (200, 200, 401, 401, 401),
    "host": (200, 200, 401, 404, 403),
    "system": (200, 401, 401, 401, 403),
    "master": (200, 200, 200, 200, 200),
}
PATHS = ("/api/open", "/api/guarded", "/api/private", "/api/off", "/admin/host/status")


@pytest.mark.parametrize("kind", MATRIX)
@pytest.mark.parametrize("place", ["header", "query"])
def test_who_may_call_what(app: AppClient, keys: dict[str, str], kind: str, place: str) -> None:
    key = keys[kind]
    for path, expected in zip(PATHS, MATRIX[kind], strict=True):
        if place == "header":
            answer = app.get(path, headers=header(key))
        else:
            answer = app.get(path, params={"code": key} if key else {})
        assert answer.status_code == expected, (kind, path)
        if expected in (401, 403, 404):
            assert answer.content == b""


def test_the_header_wins_over_the_query(app: AppClient, keys: dict[str, str]) -> None:
    wrong = app.get("/api/guarded", params={"code": keys["own"]}, headers=header("wrong"))
    assert wrong.status_code == 401
    right = app.get("/api/guarded", params={"code": "wrong"}, headers=header(keys["own"]))
    assert right.text == "guarded"


def test_the_name_of_the_query_parameter_in_any_case(app: AppClient, keys: dict[str, str]) -> None:
    assert app.get("/api/guarded", params={"Code": keys["own"]}).status_code == 200


def test_open_endpoints_need_no_key(app: AppClient) -> None:
    assert status(app, "/") == 200
    assert status(app, "/admin/host/ping") == 200
    assert status(app, "/admin/host/ping", method="POST") == 200
    assert status(app, "/ADMIN/Host/Ping") == 200
    assert status(app, "/admin/nowhere") == 404
    assert status(app, "/runtime/webhooks/nowhere") == 404


# the API


@pytest.mark.parametrize("scope", ["admin/host/keys", "admin/functions/guarded/keys"])
def test_a_key_is_made_used_rotated_and_deleted(
    app: AppClient, admin: dict[str, str], scope: str
) -> None:
    path = f"/{scope}/mine"
    assert app.get(path, headers=admin).status_code == 404
    made = app.post(path, headers=admin)
    assert made.status_code == 201
    first = made.json()["value"]
    assert made.json() == {
        "name": "mine",
        "value": first,
        "links": [{"rel": "self", "href": f"http://localhost:7071{path}"}],
    }
    assert len(first) == 56
    assert status(app, "/api/guarded", first) == 200

    rotated = app.post(path, headers=admin)
    assert rotated.status_code == 200
    second = rotated.json()["value"]
    assert second != first
    assert status(app, "/api/guarded", first) == 401
    assert status(app, "/api/guarded", second) == 200

    given = app.put(path, json={"name": "mine", "value": "any text"}, headers=admin)
    assert given.status_code == 200
    assert app.get(path, headers=admin).json()["value"] == "any text"
    assert status(app, "/api/guarded", "any text") == 200
    listed = app.get(f"/{scope}", headers=admin).json()
    assert {"name": "mine", "value": "any text"} in listed["keys"]
    assert [link["rel"] for link in listed["links"]] == ["self"]

    assert app.delete(path, headers=admin).status_code == 204
    assert app.delete(path, headers=admin).status_code == 404
    assert status(app, "/api/guarded", "any text") == 401


@pytest.mark.parametrize("body", ["", "{}", '{"value": ""}', '{"value": 1}', "[", "null"])
def test_a_key_without_a_value_is_refused(app: AppClient, admin: dict[str, str], body: str) -> None:
    answer = app.put("/admin/host/keys/bad", content=body, headers=admin)
    assert answer.status_code == 400
    assert answer.json()["message"] == "Invalid key value"
    assert app.get("/admin/host/keys/bad", headers=admin).status_code == 404


def test_functions_that_are_not_there(app: AppClient, admin: dict[str, str]) -> None:
    for method in ("GET", "POST", "DELETE"):
        path = "/admin/functions/nobody/keys/x"
        assert app.request(method, path, headers=admin).status_code == 404
    assert app.get("/admin/functions/nobody/keys", headers=admin).status_code == 404


def test_the_master_key_can_be_set(app: AppClient, admin: dict[str, str]) -> None:
    path = "/admin/host/systemkeys/_master"
    assert app.get("/admin/host/keys/_master", headers=admin).status_code == 404
    assert app.delete(path, headers=admin).json() == {"message": "Cannot delete System Key."}
    before = app.get(path, headers=admin).json()["value"]
    assert app.put(path, json={"value": "mistress"}, headers=admin).status_code == 200
    assert status(app, "/api/private", before) == 401
    assert status(app, "/api/private", "mistress") == 200
    assert app.get(path, headers=admin).status_code == 401
    assert app.key() == "mistress"
    back = app.put(path, json={"value": before}, headers=header("mistress"))
    assert back.status_code == 200
    assert status(app, "/api/private", before) == 200


def test_outside_of_local_mode_keys_are_always_checked() -> None:
    settings = {"AZURE_FUNCTIONS_ENVIRONMENT": "Production"}
    with open_app(
        APPS / "keys", settings=settings, allow_errors=True, raise_exceptions=False
    ) as app:
        assert status(app, "/api/open") == 200
        assert status(app, "/api/guarded") == 401
        assert status(app, "/admin/host/status") == 401
        broken = app.get("/api/broken")
        assert (broken.status_code, broken.content) == (500, b"")
