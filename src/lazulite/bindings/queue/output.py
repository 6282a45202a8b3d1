"""The kind `queue`: outputs."""

from __future__ import annotations

from lazulite.abc import BindingContext, Names
from lazulite.bindings.queue.trigger import queue_name
from lazulite.bindings.queue.values import bodies
from lazulite.errors import BindingError
from lazulite.model import NO_DATA, BindingSpec, Data, FunctionSpec


class QueueOutput:
    """abc.IOKind that puts messages. There are no queue inputs."""

    def __init__(self, context: BindingContext) -> None:
        self._context = context

    def validate(self, function: FunctionSpec, binding: BindingSpec) -> None:
        queue_name(binding)
        if binding.direction != "out":
            raise BindingError(
                "A queue binding has the direction 'out'.",
                hint="A function that receives messages has a queueTrigger.",
            )
        self._context.account(function, binding)

    async def read(self, function: FunctionSpec, binding: BindingSpec, names: Names) -> Data:
        return NO_DATA

    async def write(
        self,
        function: FunctionSpec,
        binding: BindingSpec,
        names: Names,
        value: Data,
        invocation_id: str,
    ) -> None:
        messages = bodies(value)
        if not messages:
            return
        account = self._context.account(function, binding)
        queue = queue_name(binding)
        if "{" in queue or "}" in queue:
            queue = names.resolve(str(binding.get("queueName")).strip()).lower()
        await account.queues.put(queue, messages)
