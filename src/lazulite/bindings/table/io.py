"""Table inputs and outputs."""

from __future__ import annotations

import asyncio
import re

from lazulite.abc import BindingContext, Names
from lazulite.bindings.table.entities import from_value, to_json
from lazulite.errors import BindingError, ExpressionError, NotFound, Where
from lazulite.expr.odata import resolve_filter
from lazulite.expr.template import Template
from lazulite.model import BindingSpec, Data, FunctionSpec

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]{2,62}")
_TEMPLATES = ("tableName", "partitionKey", "rowKey", "filter", "take")


class TableIO:
    """abc.IOKind of `table`."""

    def __init__(self, context: BindingContext) -> None:
        self._context = context

    def validate(self, function: FunctionSpec, binding: BindingSpec) -> None:
        where = _where(function, binding)
        name = binding.get("tableName")
        if not isinstance(name, str) or not name:
            raise BindingError(
                "A table binding needs a tableName.",
                where=where,
                hint='Add "tableName": "..." to the binding.',
            )
        try:
            templates = [Template.parse(str(binding.get(m, ""))) for m in _TEMPLATES]
        except ExpressionError as error:
            raise BindingError(error.message, where=where, hint=error.hint) from None
        if not templates[0].names:
            _checked_name(templates[0].resolve({}), where)
        take = templates[-1]
        if take.text and not take.names:
            _number(take.text, where)
        self._context.account(function, binding)

    async def read(self, function: FunctionSpec, binding: BindingSpec, names: Names) -> Data:
        """A JSON array of the entities, empty when there is no such table."""
        where = _where(function, binding)
        table = _checked_name(names.resolve(str(binding.get("tableName"))), where)
        text = names.resolve(str(binding.get("take", "")))
        take = _number(text, where) if text else 0
        filter = _filter(binding, names)
        try:
            entities = await self._context.account(function, binding).tables.query(
                table, filter, take if take > 0 else None
            )
        except NotFound:
            entities = []
        return Data("json", await asyncio.to_thread(to_json, entities))

    async def write(
        self,
        function: FunctionSpec,
        binding: BindingSpec,
        names: Names,
        value: Data,
        invocation_id: str,
    ) -> None:
        """One object is one entity, an array several."""
        where = _where(function, binding)
        table = _checked_name(names.resolve(str(binding.get("tableName"))), where)
        keys = {key: text for key, text in _keys(binding, names).items() if text is not None}
        entities = await asyncio.to_thread(from_value, value, keys)
        if entities:
            await self._context.account(function, binding).tables.write(table, entities)


def _filter(binding: BindingSpec, names: Names) -> str:
    """The binding's keys and its filter as one. The row key counts only beside a partition key."""
    keys = _keys(binding, names)
    parts = []
    if keys["PartitionKey"] is not None:
        parts = [f"{name} eq '{_quoted(key)}'" for name, key in keys.items() if key is not None]
    filter = str(binding.get("filter") or "")
    if filter:
        resolved = resolve_filter(filter, names.resolve)
        parts.append(f"({resolved})" if parts else resolved)
    return " and ".join(parts)


def _keys(binding: BindingSpec, names: Names) -> dict[str, str | None]:
    """PartitionKey and RowKey of the binding; None where it has none."""
    found: dict[str, str | None] = {}
    for name, member in (("PartitionKey", "partitionKey"), ("RowKey", "rowKey")):
        template = binding.get(member)
        found[name] = None if template in (None, "") else names.resolve(str(template))
    return found


def _quoted(text: str) -> str:
    return text.replace("'", "''")


def _checked_name(name: str, where: Where) -> str:
    if not _NAME.fullmatch(name):
        raise BindingError(
            f"'{name}' cannot be the name of a table.",
            where=where,
            hint="Use 3 to 63 letters and digits, a letter first.",
        )
    return name


def _number(text: str, where: Where) -> int:
    try:
        return int(text)
    except ValueError:
        raise BindingError(f"'take' must be a whole number, not '{text}'.", where=where) from None


def _where(function: FunctionSpec, binding: BindingSpec) -> Where:
    return Where(function=function.name, binding=binding.name)
