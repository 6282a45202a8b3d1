"""The blob trigger: new and changed blobs, each handed to its function at least once."""

from __future__ import annotations

from lazulite.abc import BindingContext, Executor, Listener
from lazulite.bindings.blob.consumer import CATEGORY
from lazulite.bindings.blob.content import fetch
from lazulite.bindings.blob.deferred import is_deferred, need_endpoint, reference
from lazulite.bindings.blob.events import EXTENSION, EventGridHook
from lazulite.bindings.blob.hub import BlobHub
from lazulite.bindings.blob.options import blob_options
from lazulite.bindings.blob.watch import EVENT_GRID, Watch, event_of, source_of
from lazulite.errors import BindingError, ExpressionError, StoreError, Where
from lazulite.expr.blobpath import BlobPattern, split_blob_path
from lazulite.model import BindingSpec, FunctionSpec, Outcome, TriggerEvent


class BlobTrigger:
    """abc.TriggerKind of `blobTrigger`."""

    def __init__(self, context: BindingContext) -> None:
        self._context = context
        self._hub = BlobHub(context, blob_options(context.options("blobs")))
        self._hooked = False

    def validate(self, function: FunctionSpec, binding: BindingSpec) -> None:
        _pattern(function, binding)
        account = self._context.account(function, binding)
        if is_deferred(binding):
            need_endpoint(account, function, binding)

    def listener(
        self, function: FunctionSpec, binding: BindingSpec, executor: Executor
    ) -> Listener:
        if source_of(binding) == EVENT_GRID and not self._hooked:
            self._hooked = True
            self._context.webhook(EXTENSION, EventGridHook(self._hub).answer)
        return _BlobListener(self._context, self._hub, function, binding, executor)

    async def manual(
        self, function: FunctionSpec, binding: BindingSpec, input: str
    ) -> TriggerEvent:
        """`input` is the path of a blob, `container/name`."""
        container, name = split_blob_path(input.strip().strip('"'))
        account = self._context.account(function, binding)
        watch = Watch(
            function, binding, _pattern(function, binding), _Never(), account, source_of(binding)
        )
        if watch.deferred:
            blob = await account.blobs.properties(container, name)
            value = reference(binding.connection, container, name, self._context.settings)
            return event_of(watch, blob, value, {})
        value, blob = await fetch(account.blobs, container, name, self._context.spool)
        return event_of(watch, blob, value, {})


class _BlobListener:
    """One function's part in the hub."""

    def __init__(
        self,
        context: BindingContext,
        hub: BlobHub,
        function: FunctionSpec,
        binding: BindingSpec,
        executor: Executor,
    ) -> None:
        self._context = context
        self._hub = hub
        self._function = function
        self._binding = binding
        self._executor = executor
        self._watch: Watch | None = None

    async def start(self) -> None:
        function, binding = self._function, self._binding
        account = self._context.account(function, binding)
        source = source_of(binding)
        watch = Watch(
            function=function,
            binding=binding,
            pattern=_pattern(function, binding),
            executor=self._executor,
            account=account,
            source=source,
            # events tell of what happens from now on; a scan begins with what is there
            mark=self._context.clock.now() if source == EVENT_GRID else None,
        )
        self._hub.start(watch)
        self._watch = watch
        if watch.source == EVENT_GRID:
            self._context.log(
                "Information",
                CATEGORY,
                f"registered http endpoint = /runtime/webhooks/{EXTENSION}?functionName={watch.id}",
            )

    async def stop(self) -> None:
        if self._watch is not None:
            await self._hub.stop(self._watch)
            self._watch = None


class _Never:
    """The executor of a watch that is only looked at."""

    async def execute(self, event: TriggerEvent) -> Outcome:
        raise StoreError("a run by hand has no listener")


def _pattern(function: FunctionSpec, binding: BindingSpec) -> BlobPattern:
    where = Where(function=function.name, binding=binding.name)
    path = binding.get("path")
    if not isinstance(path, str) or not path:
        raise BindingError(
            "A blob trigger needs a path.",
            where=where,
            hint='Add "path": "container/{name}" to the binding.',
        )
    try:
        return BlobPattern.parse(path)
    except ExpressionError as error:
        raise BindingError(error.message, where=where, hint=error.hint) from None
