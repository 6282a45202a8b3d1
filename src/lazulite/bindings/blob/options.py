"""`extensions.blobs` of host.json."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lazulite.config.options import Options, integer, read_options
from lazulite.config.section import Section

_PER_CORE = 8


@dataclass(frozen=True)
class BlobOptions(Options):
    """max_degree_of_parallelism: blobs processed at a time by one host, None: 8 for each core;
    poison_blob_threshold: tries for one blob."""

    max_degree_of_parallelism: int | None = integer(None, 1)
    poison_blob_threshold: int = integer(5, 1)

    @property
    def parallelism(self) -> int:
        return self.max_degree_of_parallelism or _PER_CORE * (os.cpu_count() or 1)


def blob_options(members: Mapping[str, Any]) -> BlobOptions:
    """Raises ConfigError naming the place and what is allowed."""
    section = members if isinstance(members, Section) else Section(members)
    return read_options(BlobOptions, section)
