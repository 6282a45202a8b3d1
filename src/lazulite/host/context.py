"""What bindings may use of a host."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

from lazulite.abc import Accounts, BindingContext, Clock, WebhookHandler
from lazulite.config.app import AppConfig
from lazulite.host.storage import HostState


def binding_context(
    config: AppConfig,
    accounts: Accounts,
    clock: Clock,
    log: Callable[[str, str, str], None],
    webhook: Callable[[str, WebhookHandler], None],
    *,
    instance_id: str = "",
    spool: str = "",
) -> BindingContext:
    """The context for an app as it is configured. spool: the folder for large values."""
    return BindingContext(
        host_id=config.host_id,
        instance_id=instance_id,
        spool=spool,
        accounts=accounts,
        state=HostState(accounts),
        clock=clock,
        options=config.host.extension,
        singleton=asdict(config.host.singleton),
        log=log,
        webhook=webhook,
        development=config.development,
        settings=config.settings,
    )
