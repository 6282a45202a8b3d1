"""Keys over a process: in files, as bytes on the wire, after a restart."""

from __future__ import annotations

import json
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.harness import APPS, FuncApp
from tests.integration.test_keys import MATRIX, PATHS


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


def test_who_may_call_what(app: Keyed, keys: dict[str, str]) -> None:
    for kind, statuses in MATRIX.items():
        for path, expected in zip(PATHS, statuses, strict=True):
            answer = app.client.get(path, headers=header(keys[kind]))
            assert answer.status_code == expected, (kind, path)
            if expected != 200:
                assert answer.content == b""


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


def test_a_store_that_is_not_supported(tmp_path: Path) -> None:
    env = {"AzureWebJobsSecretStorageType": "keyvault"}
    with Keyed(APPS / "keys", copy_to=tmp_path, env=env, ready=None) as app:
        assert app.wait() == 1
    assert "AzureWebJobsSecretStorageType is 'keyvault'" in app.output()
    assert "Traceback" not in app.output()
