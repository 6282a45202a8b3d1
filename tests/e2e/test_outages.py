"""A storage account that cannot be reached for a while."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.azurite import SCRIPT, connection_string, free_ports
from tests.e2e.harness import APPS, FuncApp
from tests.e2e.stores import put

OPTIONS = ["--silent", "--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry"]


@pytest.mark.azurite
@pytest.mark.usefixtures("azurite")  # it has installed it
def test_listeners_wait_for_their_store(tmp_path: Path) -> None:
    blob, queue, table = free_ports(3)
    account = connection_string(blob, queue, table)
    notes = tmp_path / "notes"
    notes.mkdir()
    env = {"COMPETING_FOLDER": str(notes), "AzureWebJobsStorage": account}
    with FuncApp(APPS / "competing", copy_to=tmp_path, env=env) as app:
        told = re.compile(r"The listener for queue 'work' keeps trying: .*cannot be reached now")
        app.wait_for(told)
        app.wait_for("The host keeps trying to get or hold a lease")
        ports = [f"--blobPort={blob}", f"--queuePort={queue}", f"--tablePort={table}"]
        with subprocess.Popen([str(SCRIPT), *OPTIONS, *ports], stdout=subprocess.DEVNULL) as store:
            try:
                app.wait_for("The queue 'work' can be reached again.")
                put(account, "work", [b"good"])
                app.wait_for("Executed 'Functions.work' (Succeeded")
            finally:
                store.kill()
        assert len(told.findall(app.output())) == 1
        assert app.stop() == 0
    assert "Traceback" not in app.output()
