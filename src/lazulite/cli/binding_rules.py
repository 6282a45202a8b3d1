"""What the bindings themselves say of a function's members, as a start would."""

from __future__ import annotations

from lazulite.bindings import Bindings
from lazulite.config.app import AppConfig
from lazulite.errors import LazuliteError
from lazulite.host.clock import SystemClock
from lazulite.host.context import binding_context
from lazulite.host.index import Index
from lazulite.host.storage import HostAccounts
from lazulite.host.validate import check_bindings
from lazulite.model import BindingSpec, FunctionSpec


class BindingRules:
    """Asks each kind of binding; nothing is started, opened or imported for it."""

    def __init__(self, app: AppConfig) -> None:
        self._accounts = HostAccounts.of(app)
        self._bindings = Bindings(
            binding_context(
                app,
                self._accounts,
                SystemClock(),
                lambda level, category, message: None,
                lambda extension, handler: None,
            )
        )

    def connection(self, spec: FunctionSpec, binding: BindingSpec) -> None:
        """Raises SettingError when the storage account of a binding cannot be used: its setting is
        missing or malformed, or the SDKs for it are not installed."""
        self._accounts.get(binding.connection, spec.name, binding.name)

    def problem(self, spec: FunctionSpec) -> str | None:
        """What is wrong with the function's bindings, with file and line, or None."""
        try:
            index = check_bindings(Index({spec.name: spec}, spec.model), self._bindings)
        except LazuliteError as error:  # host.json's options of a kind
            return str(error)
        return index.functions[spec.name].error
