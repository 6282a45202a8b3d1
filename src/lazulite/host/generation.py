"""One state of the app - its code, its configuration - as the workers that were started with it
have it. A reload makes a new one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lazulite.bindings import Bindings
from lazulite.config.app import AppConfig
from lazulite.config.limits import WorkerLimits
from lazulite.host.index import Index
from lazulite.host.launch import Launch, Template
from lazulite.host.storage import HostAccounts

Settle = Callable[[Mapping[str, Any]], Awaitable[Mapping[str, Any]]]


@dataclass(eq=False)
class Generation:
    """template: what its workers are forked from, replaced when it dies; accounts, bindings: of its
    configuration; timeout: seconds that an invocation may take; load: the `load` message; settle:
    makes the `serve` message of what a worker reports it has loaded, or raises LazuliteError to
    refuse it; report, index: what was loaded, once a worker has."""

    number: int
    config: AppConfig
    limits: WorkerLimits
    timeout: float | None
    launch: Launch
    template: Template
    accounts: HostAccounts
    bindings: Bindings
    load: Mapping[str, Any]
    settle: Settle
    index: Index | None = None
    report: Mapping[str, Any] | None = None
