"""The same app behind a real `func start`."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any
from urllib.parse import quote

from lazulite.abc import Account
from lazulite.errors import FunctionError, FunctionTimeout, UsageError, WorkerError
from lazulite.host.storage import EMBEDDED
from lazulite.model import FunctionSpec, binding_spec
from lazulite.stores.embedded.account import open_embedded
from lazulite.testing.failures import called_by_url, overdue, refuse_errors, refuse_unknown
from lazulite.testing.jsonlog import JsonLog
from lazulite.testing.records import Failure, Invocation, Records, plain
from lazulite.testing.request import Request
from lazulite.testing.response import Response
from lazulite.web.secrets_file import parse_function, parse_host

READY = "Worker process started and initialized."
QUIET = 0.2  # seconds without news after which the app is taken to be at rest
LOOK = 0.02


@dataclass(frozen=True)
class ProcessOptions:
    """How `func start` is run: see AppOptions."""

    settings: Mapping[str, str] = field(default_factory=dict)
    functions: tuple[str, ...] = ()
    auth: bool = False
    storage: str | None = None
    patience: float = 30.0
    allow_errors: bool = False


class ProcessApp:
    """backend.Backend over a process: HTTP by its port, storage by its files, everything else by
    its admin API and its log."""

    def __init__(self, root: str, options: ProcessOptions) -> None:
        self.root = root
        self.records = Records()
        self.surroundings = None
        self.functions: Mapping[str, FunctionSpec] = {}
        self.port = 0
        self._options = options
        self._log = JsonLog(self.records)
        self._account: Account | None = None
        self._temp = ""
        self._held = -1
        self._process: subprocess.Popen[bytes]

    async def start(self) -> None:
        self._temp = tempfile.mkdtemp(prefix="lazulite-test-")
        try:
            await asyncio.to_thread(self._launch)
            self.functions = await self._read_functions()
            refuse_unknown(self._options.functions, self.functions)
            if not self._options.allow_errors:
                refuse_errors(self.root, self.functions, None)
        except BaseException:
            await self.stop()
            raise

    def _launch(self) -> None:
        self.port = _free_port()
        self._folder = self._options.storage or os.path.join(self._temp, "storage")
        self._secrets = os.path.join(self._temp, "secrets")
        leash, self._held = os.pipe()
        command = [sys.executable, "-m", "lazulite.testing.leash", str(leash)]
        command += ["start", "--json-output"]
        command += ["--port", str(self.port), "--python", sys.executable]
        if self._options.auth:
            command.append("--enable-auth")
        if self._options.functions:
            command += ["--functions", *self._options.functions]
        try:
            self._process = subprocess.Popen(
                command,
                cwd=self.root,
                env={
                    **os.environ,
                    **self._options.settings,
                    EMBEDDED: self._folder,
                    "AzureWebJobsSecretStorageType": "files",
                    "FUNCTIONS_SECRETS_PATH": self._secrets,
                },
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=(leash,),
            )
        finally:
            os.close(leash)
        assert self._process.stdout is not None
        threading.Thread(target=self._log.read, args=(self._process.stdout,), daemon=True).start()
        if not self._log.wait_for(READY, self._options.patience):
            raise WorkerError(f"func start did not start the app:\n{self._log.text()}")

    async def stop(self) -> None:
        process = getattr(self, "_process", None)
        if process is not None:
            await asyncio.to_thread(_end, process)
        if self._held >= 0:
            os.close(self._held)
            self._held = -1
        if self._account is not None:
            await self._account.close()
        shutil.rmtree(self._temp, ignore_errors=True)

    async def _read_functions(self) -> Mapping[str, FunctionSpec]:
        admin = await self._admin_headers()
        answer = await asyncio.to_thread(self._exchange, "GET", "/admin/functions", admin, b"")
        if answer.status_code != 200:
            raise WorkerError(f"the admin API answered {answer.status_code}: {answer.text}")
        specs = {}
        for shown in answer.json():
            config = shown["config"]
            status = f"/admin/functions/{quote(shown['name'])}/status"
            errors = await asyncio.to_thread(self._exchange, "GET", status, admin, b"")
            specs[shown["name"]] = FunctionSpec(
                name=shown["name"],
                directory=self.root,
                script_file="",
                entry_point="",
                bindings=tuple(binding_spec(raw) for raw in config.get("bindings", ())),
                disabled=bool(shown["isDisabled"]),
                error="\n".join(errors.json().get("errors", ())) or None,
                config=config,
            )
        return specs

    async def _admin_headers(self) -> list[tuple[str, str]]:
        return [("x-functions-key", await self.key(None))] if self._options.auth else []

    # HTTP

    async def send(self, request: Request) -> tuple[Response, BaseException | None]:
        body: Any = request.body
        if isinstance(body, AsyncIterable):
            body = [piece async for piece in body]
        response = await asyncio.to_thread(
            self._exchange, request.method, request.target, request.headers, body
        )
        error = None
        if response.status_code >= 500 and response.text.startswith("Exception while executing"):
            error = Failure(response.text)
        return response, error

    def _exchange(
        self, method: str, target: str, headers: list[tuple[str, str]], body: Any
    ) -> Response:
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.port, timeout=self._options.patience
        )
        try:
            names = {name for name, _ in headers}
            connection.putrequest(
                method, target, skip_host="host" in names, skip_accept_encoding=True
            )
            for name, value in headers:
                connection.putheader(name, value)
            chunked = not isinstance(body, bytes)
            if isinstance(body, bytes) and body and "content-length" not in names:
                connection.putheader("content-length", str(len(body)))
            connection.endheaders(_chunks(body) if chunked else body, encode_chunked=chunked)
            answer = connection.getresponse()
            content = answer.read()
            url = f"http://127.0.0.1:{self.port}{target}"
            return Response(answer.status, answer.getheaders(), content, url=url)
        except TimeoutError:
            raise overdue(f"{method} {target} was not answered", self._options.patience) from None
        except (ConnectionError, http.client.HTTPException) as error:
            raise ConnectionError(
                f"{method} {target}: no answer ({error}). What func start said:\n{self._log.text()}"
            ) from error
        finally:
            connection.close()

    async def run(
        self, spec: FunctionSpec, input: str, at: datetime | None, past_due: bool
    ) -> Invocation:
        if at is not None or past_due:
            raise UsageError(
                "A process has the machine's clock.",
                hint="Leave out 'at' and 'past_due', or open the app in process.",
            )
        trigger = spec.trigger
        if trigger is None or spec.error:
            raise FunctionError(f"Function '{spec.name}' cannot be run: {spec.error}")
        if spec.is_http:
            raise called_by_url(spec.name)
        body = json.dumps({"input": input}).encode()
        target = f"/admin/functions/{quote(spec.name)}?wait=1"
        headers = [("content-type", "application/json"), *await self._admin_headers()]
        answer = await asyncio.to_thread(self._exchange, "POST", target, headers, body)
        outcome = answer.raise_for_status().json()
        record = self.records.last(outcome["id"])
        if record is None:
            record = Invocation(spec.name, outcome["id"])
            self.records.invocations.append(record)
        kinds = outcome["types"]
        record.outputs.update(
            (name, _output(kinds[name], value)) for name, value in outcome["outputs"].items()
        )
        record.duration = outcome["duration"]
        record.ended = True
        if not outcome["succeeded"]:
            record.error = Failure(outcome["error"], stack=outcome["stack"])
        return record

    # rest

    async def settle(self) -> None:
        if all(spec.is_http for spec in self.functions.values()):
            return
        deadline = time.monotonic() + self._options.patience
        quiet_since, seen = time.monotonic(), -1
        while time.monotonic() - quiet_since < QUIET:
            if seen != self._log.lines or await self._busy():
                quiet_since, seen = time.monotonic(), self._log.lines
            if time.monotonic() > deadline:
                raise FunctionTimeout(
                    f"The app did not come to rest within {self._options.patience:g} s:\n"
                    f"{self._log.text()}"
                )
            await asyncio.sleep(LOOK)

    async def _busy(self) -> bool:
        if self._process.poll() is not None:
            raise WorkerError(f"func start ended by itself:\n{self._log.text()}")
        if any(not record.ended for record in self.records.invocations):
            return True
        return any([await self._has_messages(queue) for queue in self._queues()])

    def _queues(self) -> Iterator[str]:
        for spec in self.functions.values():
            trigger = spec.trigger
            if trigger is None or spec.error or spec.disabled:
                continue
            if trigger.kind == "queuetrigger":
                yield str(trigger.get("queueName")).lower()

    async def _has_messages(self, queue: str) -> bool:
        from lazulite.errors import StoreError

        try:
            return bool(await self.account("").queue_admin.peek(queue, 1))
        except StoreError:
            return False

    async def advance(self, to: datetime) -> None:
        raise UsageError(
            "A process has the machine's clock, which cannot be moved.",
            hint="Open the app in process, or run a timer now with app.timer(name).fire().",
        )

    def now(self) -> datetime:
        return datetime.now(timezone.utc)

    def account(self, connection: str) -> Account:
        if self._account is None:
            self._account = open_embedded(self._folder)
        return self._account

    async def key(self, function: str | None) -> str:
        if not self._options.auth:
            raise UsageError("This app asks for no keys.", hint="Open it with auth=True.")
        file = "host.json" if function is None else f"{function.lower()}.json"
        with open(os.path.join(self._secrets, file), encoding="utf-8") as opened:
            document = json.load(opened)
        if function is None:
            return parse_host(document).master
        return parse_function(document)["default"]


def _output(kind: str, value: Any) -> Any:
    """What the admin API told of an output, as it would be known in process."""
    if kind == "bytes":
        return value.encode()
    if kind == "collection_bytes":
        return [item.encode() for item in value]
    return plain(kind, value)


def _chunks(body: Any) -> Iterator[bytes]:
    yield from body


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
