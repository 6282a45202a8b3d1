"""The kind `queueTrigger`."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from lazulite.abc import BindingContext, Executor, Listener, QueueMessage
from lazulite.bindings.queue.listener import QueueListener, QueueSpec
from lazulite.bindings.queue.message import event_of
from lazulite.bindings.queue.options import QueueOptions
from lazulite.config.options import read_options
from lazulite.config.section import Section
from lazulite.errors import BindingError
from lazulite.model import BindingSpec, FunctionSpec, TriggerEvent

MANUAL = "This function was programmatically called via the host APIs."


class QueueTrigger:
    """abc.TriggerKind for queues of Azure Storage or the embedded store."""

    def __init__(self, context: BindingContext) -> None:
        self._context = context
        self._options = queue_options(context)

    def validate(self, function: FunctionSpec, binding: BindingSpec) -> None:
        queue_name(binding)
        self._context.account(function, binding)

    def listener(
        self, function: FunctionSpec, binding: BindingSpec, executor: Executor
    ) -> Listener:
        account = self._context.account(function, binding)
        options = self._options
        batch, threshold = options.batch_size, options.threshold()
        if function.concurrency is not None:  # what cannot run is left to other hosts
            batch = min(batch, function.concurrency)
            threshold = min(threshold, function.concurrency - batch)
        spec = QueueSpec(
            function=function.name,
            queue=queue_name(binding),
            binary=binding.data_type == "binary",
            batch=batch,
            threshold=threshold,
            longest_poll=options.longest_poll(self._context.development),
            lease=options.lease(account.kind),
            retry_delay=options.visibility_timeout,
            max_dequeue_count=options.max_dequeue_count,
        )
        return QueueListener(account.queues, spec, executor, self._context.clock, self._context.log)

    async def manual(
        self, function: FunctionSpec, binding: BindingSpec, input: str
    ) -> TriggerEvent:
        """The input as a message that has just arrived."""
        now = self._context.clock.now()
        message = QueueMessage(
            id=str(uuid4()),
            body=input.encode(),
            pop_receipt="",
            dequeue_count=0,
            inserted=now,
            expires=now + timedelta(days=7),
            next_visible=now + timedelta(minutes=10),
        )
        event = event_of(queue_name(binding), message, binary=binding.data_type == "binary")
        return TriggerEvent(event.value, event.metadata, MANUAL)


def queue_name(binding: BindingSpec) -> str:
    """The queue of a trigger, in lower case. Raises BindingError without one."""
    name = binding.get("queueName")
    if not isinstance(name, str) or not name.strip():
        raise BindingError(f"A {binding.type} binding needs 'queueName', a text.")
    return name.strip().lower()


def queue_options(context: BindingContext) -> QueueOptions:
    """The app's options. Raises ConfigError naming file, line and member."""
    section = context.options("queues")
    return read_options(QueueOptions, section if isinstance(section, Section) else Section(section))
