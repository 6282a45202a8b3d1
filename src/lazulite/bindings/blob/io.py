"""Blob inputs and outputs."""

from __future__ import annotations

from lazulite.abc import BindingContext, Names
from lazulite.bindings.blob.content import fetch, put
from lazulite.bindings.blob.deferred import (
    is_deferred,
    need_endpoint,
    reference,
    split_reference,
)
from lazulite.errors import BindingError, ExpressionError, NotFound, Where
from lazulite.expr.blobpath import split_blob_path
from lazulite.expr.template import Template
from lazulite.model import NO_DATA, BindingSpec, Data, FunctionSpec


class BlobIO:
    """abc.IOKind of `blob`.

    The content always travels as bytes, whatever `dataType` says: the original decodes what is not
    declared binary as UTF-8 text, which corrupts anything else.
    """

    def __init__(self, context: BindingContext) -> None:
        self._context = context

    def validate(self, function: FunctionSpec, binding: BindingSpec) -> None:
        path = _path(function, binding)
        try:
            template = Template.parse(path)
            if not template.names:
                split = split_reference if is_deferred(binding) else split_blob_path
                split(template.resolve({}))
        except ExpressionError as error:
            raise BindingError(
                error.message, where=_where(function, binding), hint=error.hint
            ) from None
        account = self._context.account(function, binding)
        if is_deferred(binding):
            need_endpoint(account, function, binding)

    async def read(self, function: FunctionSpec, binding: BindingSpec, names: Names) -> Data:
        path = names.resolve(_path(function, binding))
        account = self._context.account(function, binding)
        if is_deferred(binding):
            return reference(binding.connection, *split_reference(path), self._context.settings)
        container, name = split_blob_path(path)
        try:
            value, _ = await fetch(account.blobs, container, name, self._context.spool)
        except NotFound:
            return NO_DATA
        return value

    async def write(
        self,
        function: FunctionSpec,
        binding: BindingSpec,
        names: Names,
        value: Data,
        invocation_id: str,
    ) -> None:
        container, name = split_blob_path(names.resolve(_path(function, binding)))
        metadata = {"AzureWebJobsParentId": invocation_id}
        await put(self._context.account(function, binding).blobs, container, name, value, metadata)


def _path(function: FunctionSpec, binding: BindingSpec) -> str:
    path = binding.get("path")
    if not isinstance(path, str) or not path:
        raise BindingError(
            "A blob binding needs a path.",
            where=_where(function, binding),
            hint='Add "path": "container/blob", which may have expressions such as {name} in it.',
        )
    return path


def _where(function: FunctionSpec, binding: BindingSpec) -> Where:
    return Where(function=function.name, binding=binding.name)
