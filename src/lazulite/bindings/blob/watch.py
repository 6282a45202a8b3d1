"""What one blob-triggered function watches, and the event it gets for a blob."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from lazulite.abc import Account, BlobProperties, Executor
from lazulite.bindings.blob.deferred import is_deferred
from lazulite.bindings.blob.work import function_id
from lazulite.expr.blobpath import BlobPattern
from lazulite.model import BindingSpec, Data, FunctionSpec, TriggerEvent

SCAN = "LogsAndContainerScan"
EVENT_GRID = "EventGrid"


@dataclass(eq=False)
class Watch:
    """A function with its pattern. `mark`: blobs older than this were looked at before, None: none
    was; `seen`: etags by name of younger ones that were."""

    function: FunctionSpec
    binding: BindingSpec
    pattern: BlobPattern
    executor: Executor
    account: Account
    source: str
    mark: datetime | None = None
    seen: dict[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return function_id(self.function.name)

    @property
    def deferred(self) -> bool:
        """Whether the function gets a client in place of the content."""
        return is_deferred(self.binding)

    def wants(self, blob: BlobProperties) -> bool:
        """Whether a listed blob is new or changed, as far as this host remembers."""
        if self._is_old(blob) or self.remembers(blob) or _is_folder(blob):
            return False
        return self.pattern.match(blob.container, blob.name) is not None

    def remembers(self, blob: BlobProperties) -> bool:
        """Whether it is young and was looked at."""
        return not self._is_old(blob) and self.seen.get(blob.name) == blob.etag

    def _is_old(self, blob: BlobProperties) -> bool:
        return self.mark is not None and blob.last_modified < self.mark


def _is_folder(blob: BlobProperties) -> bool:
    """Accounts with a hierarchical namespace list their folders, too."""
    return blob.metadata.get("hdi_isfolder") == "true"


def source_of(binding: BindingSpec) -> str:
    """The binding's `source`, as text or as the number that v2 decorators may give."""
    given = str(binding.get("source") or SCAN)
    return EVENT_GRID if given.lower() in ("eventgrid", "1") else SCAN


def names_of(pattern: BlobPattern, blob: BlobProperties) -> dict[str, Any]:
    """The trigger's metadata for a blob: the original's four names and those of the path."""
    return {
        "BlobTrigger": f"{blob.container}/{blob.name}",
        "Uri": blob.uri,
        "Properties": {
            "LastModified": blob.last_modified.isoformat(),
            "ContentLength": blob.length,
            "ContentType": blob.content_type,
            "ETag": blob.etag,
        },
        "Metadata": dict(blob.metadata),
        **(pattern.match(blob.container, blob.name) or {}),
    }


def event_of(
    watch: Watch, blob: BlobProperties, value: Data, details: Mapping[str, str]
) -> TriggerEvent:
    """What the function is run for."""
    return TriggerEvent(
        value=value,
        metadata=names_of(watch.pattern, blob),
        reason=f"New blob detected({watch.source}): {blob.container}/{blob.name}",
        details={**details, "BlobLastModified": blob.last_modified.isoformat()},
    )
