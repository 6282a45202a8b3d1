"""Messages per second from a queue to a synchronous function.

    scripts/bench queue                 the embedded store, 20,000 messages, one worker
    scripts/bench queue --azurite       beside it a bare loop of the official SDK, both on Azurite

Counted from the first message in hand until the queue is empty.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

APP = Path(__file__).parent / "apps" / "queue"
QUEUE = "bench"
AS_THE_BARE_LOOP = {
    "AzureFunctionsJobHost__extensions__queues__batchSize": "32",
    "AzureFunctionsJobHost__extensions__queues__newBatchThreshold": "0",
}
BODY = b'{"order": 12345, "customer": "somebody", "total": 99.5}'


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--messages", type=int)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--azurite", action="store_true")
    options = parser.parse_args()
    if options.azurite:
        on_azurite(options.messages or 3000, options.runs)
    else:
        on_embedded(options.messages or 20_000, options.runs)


def on_embedded(count: int, runs: int) -> None:
    rates = []
    for _ in range(runs):
        with copied_app() as app:
            asyncio.run(fill_embedded(app, count))
            rates.append(count / run_app(app, count, {}))
    report("embedded store, one worker", rates)


def on_azurite(count: int, runs: int) -> None:
    from tests.azurite import running_azurite

    with running_azurite() as connection:
        rates, bare = [], []
        for _ in range(runs):
            asyncio.run(fill_azure(connection, count))
            bare.append(count / asyncio.run(bare_loop(connection, count)))
            asyncio.run(fill_azure(connection, count))
            with copied_app() as app:
                env = {"AzureWebJobsStorage": connection, **AS_THE_BARE_LOOP}
                rates.append(count / run_app(app, count, env))
    report("Azurite, bare SDK loop", bare)
    report("Azurite, one worker", rates)
    print(f"{'ratio of the medians':<30} {median(rates) / median(bare):8.2f}")


@contextmanager
def copied_app() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(shutil.copytree(APP, Path(folder, "app")))


def run_app(app: Path, count: int, env: dict[str, str]) -> float:
    """Seconds from the first call until the queue is empty."""
    command = [sys.executable, "-m", "lazulite.cli", "start", "--port", "0"]
    process = subprocess.Popen(
        command,
        cwd=app,
        env={**os.environ, "BENCH_MESSAGES": str(count), **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    try:
        seen = ""
        for line in process.stdout:
            seen += line
            found = re.search(r"processed \d+ messages since ([\d.]+)", line)
            if found:
                asyncio.run(wait_until_empty(app, env))
                return time.time() - float(found[1])
        raise SystemExit(f"func start ended:\n{seen}")
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate()


async def wait_until_empty(app: Path, settings: dict[str, str]) -> None:
    from lazulite.stores.accounts import StorageAccounts

    accounts = StorageAccounts(settings, str(app / ".lazulite"))
    queues = accounts.get("", "", "").queue_admin
    while await queues.length(QUEUE):
        await asyncio.sleep(0.05)
    await accounts.close()


async def fill_embedded(app: Path, count: int) -> None:
    from lazulite.stores.accounts import StorageAccounts

    accounts = StorageAccounts({}, str(app / ".lazulite"))
    queues = accounts.get("", "", "").queues
    for start in range(0, count, 1000):
        await queues.put(QUEUE, [BODY] * min(1000, count - start))
    await accounts.close()


async def fill_azure(connection: str, count: int) -> None:
    from lazulite.stores.accounts import StorageAccounts

    accounts = StorageAccounts({"AzureWebJobsStorage": connection}, "")
    account = accounts.get("", "", "")
    await account.queue_admin.create(QUEUE)
    await account.queue_admin.clear(QUEUE)
    share = count // 16
    shares = [share + (1 if n < count % 16 else 0) for n in range(16)]
    await asyncio.gather(*(account.queues.put(QUEUE, [BODY] * n) for n in shares))
    await accounts.close()


async def bare_loop(connection: str, count: int) -> float:
    """What the SDK can do: receive 32, delete those together, again. Counted as the app is."""
    from azure.storage.queue.aio import QueueClient

    done, started = 0, 0.0
    async with QueueClient.from_connection_string(connection, QUEUE) as client:
        while True:
            received = client.receive_messages(
                messages_per_page=32, max_messages=32, visibility_timeout=600
            )
            async for page in received.by_page():
                messages = [message async for message in page]
                break
            started = started or time.perf_counter()
            await asyncio.gather(*(client.delete_message(m) for m in messages))
            done += len(messages)
            if done == count:
                return time.perf_counter() - started


def median(rates: list[float]) -> float:
    return sorted(rates)[len(rates) // 2]


def report(what: str, rates: list[float]) -> None:
    shown = ", ".join(f"{rate:,.0f}" for rate in rates)
    print(f"{what:<30} {median(rates):8,.0f} messages/s   ({shown})")


if __name__ == "__main__":
    main()
