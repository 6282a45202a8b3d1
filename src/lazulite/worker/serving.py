"""From the host's `serve` message to a front."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lazulite.model import FunctionSpec
from lazulite.wire.peer import Peer
from lazulite.worker.bound import Bound
from lazulite.worker.http import Front
from lazulite.worker.policy import policy_from_wire
from lazulite.worker.runtime import Runtime
from lazulite.worker.targets import table_of, target_of
from lazulite.worker.uplink import Uplink


def front_of(
    body: Mapping[str, Any],
    specs: Mapping[str, FunctionSpec],
    bound: Mapping[str, Bound],
    runtime: Runtime,
    peer: Peer,
    make: type[Front] = Front,
) -> Front:
    """What serves the app's HTTP functions. specs, bound: all its functions, and those of them
    that could be loaded; peer: the host; make: its class."""
    targets = {
        name: target_of(spec, bound.get(name))
        for name, spec in specs.items()
        if spec.is_http and name in body["routed"]
    }
    table, ordered = table_of(targets, body["prefix"])
    uplink = Uplink(peer, body.get("worker", 0))
    policy = policy_from_wire(body["policy"])
    return make(runtime, table, ordered, policy, uplink, body["body_limit"])
