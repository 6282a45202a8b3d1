"""The client for unittest."""

from __future__ import annotations

import inspect
import os
import unittest
from typing import ClassVar

from lazulite.testing.client import AppClient
from lazulite.testing.imports import find_app
from lazulite.testing.open import open_app
from lazulite.testing.options import OpenOptions


class FunctionAppTestCase(unittest.TestCase):
    """A test case whose tests have the app open as `self.client`, each test its own.

    app: the app's folder, by the file of the test class; the nearest one when left out. options:
    of `open_app`.
    """

    app: ClassVar[str | None] = None
    options: ClassVar[OpenOptions] = {}
    client: AppClient

    def setUp(self) -> None:
        super().setUp()
        here = os.path.dirname(os.path.abspath(inspect.getfile(type(self))))
        folder = os.path.join(here, self.app) if self.app else find_app(here) or here
        self.client = open_app(folder, **self.options)
        self.addCleanup(self.client.close)
