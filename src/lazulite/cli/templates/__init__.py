"""The templates of `func new`: the table. Their texts are in the folders beside it.

A text holds `<<name>>` where something is filled in. Each folder has `v2.txt` (imports, then one
decorated function), `v1.txt` (`__init__.py`) and `function.json.txt`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

from lazulite.bindings import known_kinds

_HERE = os.path.dirname(__file__)


@dataclass(frozen=True)
class Template:
    """One template: `name` is what it is called here, `others` what the original calls it.

    needs: the binding types that it uses; inputs: what may be filled in, with defaults; trial: a
    command that calls the function, with `<<blob>>` for a blob that its path lets through.
    """

    folder: str
    name: str
    needs: tuple[str, ...]
    summary: str
    default_name: str
    inputs: Mapping[str, str]
    trial: str = "func invoke <<name>>"
    others: tuple[str, ...] = ()

    @property
    def offered(self) -> bool:
        """Whether the runtime has all the bindings that it uses."""
        return known_kinds().issuperset(self.needs)

    def text(self, file: str, values: Mapping[str, str]) -> str:
        return fill(read(os.path.join(self.folder, f"{file}.txt")), values)


_STORAGE = {"connection": "AzureWebJobsStorage"}
_HTTP = {"auth": "function", "route": ""}
_BLOB_TRIAL = (
    "func storage blob put <<blob>> --data 'some text' && func invoke <<name>> --data <<blob>>"
)

TEMPLATES = (
    Template(
        folder="http",
        name="HTTP trigger",
        needs=("httptrigger", "http"),
        summary="answers HTTP requests",
        default_name="http_trigger",
        inputs=_HTTP,
        trial="func invoke <<name>> -q name=you",
        others=("HttpTrigger",),
    ),
    Template(
        folder="timer",
        name="Timer trigger",
        needs=("timertrigger",),
        summary="runs on a schedule",
        default_name="timer_trigger",
        inputs={"schedule": "0 */5 * * * *"},
        others=("TimerTrigger",),
    ),
    Template(
        folder="queue",
        name="Queue trigger",
        needs=("queuetrigger",),
        summary="handles the messages of a storage queue",
        default_name="queue_trigger",
        inputs={"queue": "python-queue-items", **_STORAGE},
        trial="func invoke <<name>> --data 'some text'",
        others=("Azure Queue Storage trigger", "QueueTrigger"),
    ),
    Template(
        folder="blob",
        name="Blob trigger",
        needs=("blobtrigger",),
        summary="handles blobs that are new or have changed",
        default_name="blob_trigger",
        inputs={"path": "samples/{name}", **_STORAGE},
        trial=_BLOB_TRIAL,
        others=("Azure Blob Storage trigger", "BlobTrigger"),
    ),
    Template(
        folder="blob_eventgrid",
        name="Blob trigger (Event Grid)",
        needs=("blobtrigger",),
        summary="handles blobs that an Event Grid subscription tells of",
        default_name="blob_event_trigger",
        inputs={"path": "samples/{name}", **_STORAGE},
        trial=_BLOB_TRIAL,
        others=(
            "Azure Blob Storage trigger (using Event Grid)",
            "Blob EventGrid trigger",
            "Blob trigger (using Event Grid)",
            "EventGridBlobTrigger",
        ),
    ),
    Template(
        folder="table",
        name="Table input and output",
        needs=("httptrigger", "http", "table"),
        summary="an HTTP function that reads and writes a storage table",
        default_name="table_rows",
        inputs={"table": "items", **_HTTP, **_STORAGE},
        trial="func invoke <<name>> -p partition=tea --data 'some text'",
        others=("Table",),
    ),
    Template(
        folder="event_grid",
        name="Event Grid trigger",
        needs=("eventgridtrigger",),
        summary="handles the events of an Event Grid subscription",
        default_name="event_grid_trigger",
        inputs={},
        others=("EventGrid trigger", "Azure Event Grid trigger", "EventGridTrigger"),
    ),
    Template(
        folder="warmup",
        name="Warmup trigger",
        needs=("warmuptrigger",),
        summary="runs when an instance is added",
        default_name="warmup",
        inputs={},
        others=("WarmupTrigger", "Warm up trigger"),
    ),
)


def find(name: str) -> Template | None:
    """The template called `name`, here or in the original, whatever its case."""
    wanted = name.strip().lower()
    for template in TEMPLATES:
        names = (template.name, template.folder, *template.others)
        if wanted in (known.lower() for known in names):
            return template
    return None


def read(path: str) -> str:
    """A text of this package."""
    with open(os.path.join(_HERE, path), encoding="utf-8") as file:
        return file.read()


def fill(text: str, values: Mapping[str, str]) -> str:
    """`text` with each `<<name>>` replaced by its value."""
    return re.sub(r"<<(\w+)>>", lambda match: values[match[1]], text)
