"""The messages of the work queue: which function is to run for which version of which blob."""

from __future__ import annotations

import json
from dataclasses import dataclass

from lazulite.abc import BlobProperties

POISON_QUEUE = "webjobs-blobtrigger-poison"


def work_queue(host_id: str) -> str:
    """The queue, in the host's own account, that all hosts of an app take blobs from."""
    return f"azure-webjobs-blobtrigger-{host_id}"


def function_id(function: str) -> str:
    """How receipts and messages name a function."""
    return f"Host.Functions.{function}"


@dataclass(frozen=True, slots=True)
class Work:
    """One function, one version of one blob. `function` is a function_id."""

    function: str
    container: str
    name: str
    etag: str

    @classmethod
    def of(cls, function: str, blob: BlobProperties) -> Work:
        return cls(function, blob.container, blob.name, blob.etag)

    def encode(self) -> bytes:
        """The message's body, in the original's form."""
        return json.dumps(
            {
                "Type": "BlobTrigger",
                "FunctionId": self.function,
                "BlobType": "BlockBlob",
                "ContainerName": self.container,
                "BlobName": self.name,
                "ETag": self.etag,
            },
            ensure_ascii=False,
            separators=(",", ":"),
        ).encode()

    @classmethod
    def decode(cls, body: bytes) -> Work:
        """The inverse. Raises ValueError for anything else."""
        raw = json.loads(body)
        if not isinstance(raw, dict):
            raise ValueError("no object")
        members = [raw.get(n) for n in ("FunctionId", "ContainerName", "BlobName", "ETag")]
        if not all(isinstance(member, str) for member in members):
            raise ValueError("a member is missing")
        return cls(*members)  # type: ignore[arg-type]
