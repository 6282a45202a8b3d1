"""host.json's `extensions.queues`."""

from __future__ import annotations

import os
from dataclasses import dataclass

from lazulite.config.options import Options, choice, integer, seconds

# Development picks up within two seconds what another process put into a queue
LONGEST_POLL = 60.0
LONGEST_POLL_DEVELOPMENT = 2.0
# A message is leased this long and its lease renewed while the function runs
LEASE = 600.0
LEASE_EMBEDDED = 30.0


@dataclass(frozen=True)
class QueueOptions(Options):
    """None: see the methods, which know the environment. Times in seconds.

    lease_time is ours: how long a received message stays hidden without renewal, and so how long
    it takes until another host gets the messages of one that died.
    """

    batch_size: int = integer(16, 1, 32)
    new_batch_threshold: int | None = integer(None, 0)
    max_polling_interval: float | None = seconds(None, 0.1)
    visibility_timeout: float = seconds(0)
    max_dequeue_count: int = integer(5, 1)
    message_encoding: str = choice("base64", "base64", "none")
    lease_time: float | None = seconds(None, 1)

    def threshold(self) -> int:
        """How many may still run when the next batch is fetched."""
        if self.new_batch_threshold is not None:
            return self.new_batch_threshold
        return self.batch_size // 2 * (os.cpu_count() or 1)

    def longest_poll(self, development: bool) -> float:
        """The longest pause between two looks into an empty queue."""
        if self.max_polling_interval is not None:
            return self.max_polling_interval
        return LONGEST_POLL_DEVELOPMENT if development else LONGEST_POLL

    def lease(self, kind: str) -> float:
        """How long a received message is leased, in a store of this kind."""
        if self.lease_time is not None:
            return self.lease_time
        return LEASE_EMBEDDED if kind == "embedded" else LEASE
