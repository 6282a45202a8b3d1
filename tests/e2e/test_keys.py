"""Keys: who may call what, with which key, and the API that manages them."""

from __future__ import annotations

import json
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.e2e.harness import APPS, FuncApp


class Keyed(FuncApp):
    """The app of the tests, with --enableAuth and its keys at hand."""

    def secrets(self, name: str) -> dict[str, str]:
        document = json.loads((self.root / ".lazulite/secrets" / name).read_text())
        keys = document.get("keys") or document["functionKeys"]
        found = {key["name"]: key["value"] for key in keys}
        if "masterKey" in document:
            found["_master"] = document["masterKey"]["value"]
        return found

    def status(self, path: str, key: str | None = None, method: str = "GET") -> int:
        return self.client.request(method, path, headers=header(key)).status_code


def header(key: str | None) -> dict[str, str]:
    return {"x-functions-key": key} if key else {}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keyed]:
    with Keyed(APPS / "keys", copy_to=tmp_path_factory.mktemp("keys"), args=["--enableAuth"]) as it:
        yield it


@pytest.fixture(scope="module")
def keys(app: Keyed) -> dict[str, str]:
    """A key of each sort."""
    master = app.secrets("host.json")["_master"]
    system = app.client.post("/admin/host/systemkeys/watch", headers=header(master))
    assert system.status_code == 201
    return {
        "none": "",
        "wrong": "wrong",
        "malformed": "%zz\t=;",
        "other": app.secrets("other.json")["default"],
        "own": app.secrets("guarded.json")["default"],
        "host": app.secrets("host.json")["default"],
        "system": system.json()["value"],
        "master": master,
    }


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
def test_who_may_call_what(app: Keyed, keys: dict[str, str], kind: str, place: str) -> None:
    key = keys[kind]
    for path, expected in zip(PATHS, MATRIX[kind], strict=True):
        if place == "header":
            answer = app.client.get(path, headers=header(key))
        else:
            answer = app.client.get(path, params={"code": key} if key else {})
        assert answer.status_code == expected, (kind, path)
        if expected in (401, 403, 404):
            assert answer.content == b""


def test_the_header_wins_over_the_query(app: Keyed, keys: dict[str, str]) -> None:
    wrong = app.client.get("/api/guarded", params={"code": keys["own"]}, headers=header("wrong"))
    assert wrong.status_code == 401
    right = app.client.get("/api/guarded", params={"code": "wrong"}, headers=header(keys["own"]))
    assert right.text == "guarded"


def test_the_name_of_the_query_parameter_in_any_case(app: Keyed, keys: dict[str, str]) -> None:
    assert app.client.get("/api/guarded", params={"Code": keys["own"]}).status_code == 200


def test_open_endpoints_need_no_key(app: Keyed) -> None:
    assert app.status("/") == 200
    assert app.status("/admin/host/ping") == 200
    assert app.status("/admin/host/ping", method="POST") == 200
    assert app.status("/ADMIN/Host/Ping") == 200
    assert app.status("/admin/nowhere") == 404
    assert app.status("/runtime/webhooks/nowhere") == 404


def test_bytes_that_are_no_text_in_a_key(app: Keyed) -> None:
    for raw in (b"\xff\xfe", b"\xc3\xa9", b"x" * 5000):
        with socket.create_connection(("127.0.0.1", app.port), timeout=10) as client:
            client.sendall(
                b"GET /api/guarded HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                b"x-functions-key: " + raw + b"\r\n\r\n"
            )
            assert client.recv(65536).startswith(b"HTTP/1.1 401")


def test_files_are_the_owners_alone(app: Keyed, keys: dict[str, str]) -> None:
    for path in (app.root / ".lazulite/secrets").glob("*.json"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


# the API


@pytest.fixture(scope="module")
def admin(app: Keyed, keys: dict[str, str]) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=app.url, headers=header(keys["master"]), timeout=30) as client:
        yield client


@pytest.mark.parametrize("scope", ["admin/host/keys", "admin/functions/guarded/keys"])
def test_a_key_is_made_used_rotated_and_deleted(
    app: Keyed, admin: httpx.Client, scope: str
) -> None:
    path = f"/{scope}/mine"
    assert admin.get(path).status_code == 404
    made = admin.post(path)
    assert made.status_code == 201
    first = made.json()["value"]
    assert made.json() == {
        "name": "mine",
        "value": first,
        "links": [{"rel": "self", "href": f"{app.url}{path}"}],
    }
    assert len(first) == 56
    assert app.status("/api/guarded", first) == 200

    rotated = admin.post(path)
    assert rotated.status_code == 200
    second = rotated.json()["value"]
    assert second != first
    assert app.status("/api/guarded", first) == 401
    assert app.status("/api/guarded", second) == 200

    assert admin.put(path, json={"name": "mine", "value": "any text"}).status_code == 200
    assert admin.get(path).json()["value"] == "any text"
    assert app.status("/api/guarded", "any text") == 200
    listed = admin.get(f"/{scope}").json()
    assert {"name": "mine", "value": "any text"} in listed["keys"]
    assert [link["rel"] for link in listed["links"]] == ["self"]

    assert admin.delete(path).status_code == 204
    assert admin.delete(path).status_code == 404
    assert app.status("/api/guarded", "any text") == 401


@pytest.mark.parametrize("body", ["", "{}", '{"value": ""}', '{"value": 1}', "[", "null"])
def test_a_key_without_a_value_is_refused(admin: httpx.Client, body: str) -> None:
    answer = admin.put("/admin/host/keys/bad", content=body)
    assert answer.status_code == 400
    assert answer.json()["message"] == "Invalid key value"
    assert admin.get("/admin/host/keys/bad").status_code == 404


def test_functions_that_are_not_there(admin: httpx.Client) -> None:
    for method in ("GET", "POST", "DELETE"):
        assert admin.request(method, "/admin/functions/nobody/keys/x").status_code == 404
    assert admin.get("/admin/functions/nobody/keys").status_code == 404


def test_the_master_key_is_set_last_of_all(app: Keyed, admin: httpx.Client) -> None:
    path = "/admin/host/systemkeys/_master"
    assert admin.get("/admin/host/keys/_master").status_code == 404
    assert admin.delete(path).json() == {"message": "Cannot delete System Key."}
    before = admin.get(path).json()["value"]
    assert admin.put(path, json={"value": "mistress"}).status_code == 200
    assert app.status("/api/private", before) == 401
    assert app.status("/api/private", "mistress") == 200
    assert admin.get(path).status_code == 401
    back = app.client.put(path, json={"value": before}, headers=header("mistress"))
    assert back.status_code == 200
    assert app.status("/api/private", before) == 200


def test_keys_outlive_the_host_and_may_be_edited_by_hand(tmp_path: Path) -> None:
    secrets = tmp_path / "mounted"
    secrets.mkdir()
    (secrets / "host.json").write_text(
        '{"masterKey": "boss", "functionKey": "all"}'  # the first form there was
    )
    env = {"AzureWebJobsSecretStorageType": "Files", "FUNCTIONS_SECRETS_PATH": str(secrets)}
    args = ["--enableAuth"]
    with Keyed(APPS / "keys", copy_to=tmp_path, env=env, args=args) as app:
        assert app.status("/api/guarded", "all") == 200
        assert app.status("/api/private", "boss") == 200
        made = app.client.post("/admin/functions/other/keys/k", headers=header("boss"))
        (secrets / "guarded.json").write_text('{"key": "written by hand"}')
        assert app.status("/api/guarded", "written by hand") == 200
    with Keyed(APPS / "keys", copy_to=tmp_path, env=env, args=args) as app:
        assert app.status("/api/other", made.json()["value"]) == 200
        assert app.status("/api/guarded", "written by hand") == 200


def test_outside_of_local_mode_keys_are_always_checked(tmp_path: Path) -> None:
    env = {"AZURE_FUNCTIONS_ENVIRONMENT": "Production"}
    with Keyed(APPS / "keys", copy_to=tmp_path, env=env) as app:
        assert app.status("/api/open") == 200
        assert app.status("/api/guarded") == 401
        assert app.status("/admin/host/status") == 401
        broken = app.client.get("/api/broken")
        assert (broken.status_code, broken.content) == (500, b"")


def test_a_store_that_is_not_supported(tmp_path: Path) -> None:
    env = {"AzureWebJobsSecretStorageType": "keyvault"}
    with Keyed(APPS / "keys", copy_to=tmp_path, env=env, ready=None) as app:
        assert app.wait() == 1
    assert "AzureWebJobsSecretStorageType is 'keyvault'" in app.output()
    assert "Traceback" not in app.output()
