"""local.settings.json, changed in place: order, comments and line ends stay as they were."""

from __future__ import annotations

import os

from lazulite.cli import json_edit
from lazulite.cli.files import write_text
from lazulite.errors import FileSyntaxError, Where

NAME = "local.settings.json"
_EMPTY = '{\n  "IsEncrypted": false,\n  "Values": {}\n}\n'


class LocalSettings:
    """The file of one app; it need not exist. Nothing is written before `save`."""

    def __init__(self, path: str, text: str):
        self.path = path
        self.crlf = "\r\n" in text
        self.text = text.replace("\r\n", "\n")
        self._root()

    @classmethod
    def open(cls, root: str) -> LocalSettings:
        """The file in the folder `root`. Raises FileSyntaxError."""
        path = os.path.join(root, NAME)
        try:
            with open(path, encoding="utf-8", newline="") as file:
                text = file.read()
        except FileNotFoundError:
            text = _EMPTY
        except UnicodeDecodeError:
            raise FileSyntaxError("not UTF-8 text.", where=Where(file=path)) from None
        return cls(path, text if text.strip() else _EMPTY)

    def _root(self) -> json_edit.Node:
        node = json_edit.parse(self.text, self.path)
        if not isinstance(node.value, dict):
            raise FileSyntaxError("an object is expected.", where=Where(file=self.path))
        return node

    @property
    def encrypted(self) -> bool:
        """IsEncrypted. Unlike the original a file without it is taken as plain."""
        member = self._root().member("IsEncrypted")
        value = member.node.value if member else False
        return value is True or (isinstance(value, str) and value.lower() == "true")

    def section(self, name: str) -> dict[str, str]:
        """The members of `Values` or `ConnectionStrings` as text."""
        member = self._root().member(name)
        if member is None or not isinstance(member.node.value, dict):
            return {}
        return {key: _text(value) for key, value in member.node.value.items()}

    def values(self) -> dict[str, str]:
        return self.section("Values")

    def put(self, section: str, name: str, value: str) -> bool:
        """Set a member of a section, adding what is missing. True when it was there before."""
        root = self._root()
        parent = root.member(section)
        if parent is None or not isinstance(parent.node.value, dict):
            if parent is not None:
                self.text = json_edit.replace(self.text, parent.node, {})
            else:
                self.text = json_edit.add(self.text, root, section, {})
            parent = self._root().member(section)
            assert parent is not None
        found = parent.node.member(name)
        if found is None:
            self.text = json_edit.add(self.text, parent.node, name, value)
            return False
        node = found.node.member("ConnectionString")
        self.text = json_edit.replace(self.text, node.node if node else found.node, value)
        return True

    def drop(self, section: str, name: str) -> bool:
        """Remove a member of a section. False when it is not there."""
        parent = self._root().member(section)
        found = parent.node.member(name) if parent else None
        if parent is None or found is None:
            return False
        self.text = json_edit.remove(self.text, parent.node, found)
        return True

    def mark(self, encrypted: bool) -> None:
        """Set IsEncrypted."""
        root = self._root()
        member = root.member("IsEncrypted")
        if member is None:
            self.text = json_edit.add(self.text, root, "IsEncrypted", encrypted)
        else:
            self.text = json_edit.replace(self.text, member.node, encrypted)

    def save(self) -> None:
        """Write the file, whole or not at all."""
        self._root()
        write_text(self.path, self.text.replace("\n", "\r\n") if self.crlf else self.text)


def _text(value: object) -> str:
    if isinstance(value, dict):
        return _text(value.get("ConnectionString", ""))
    return "" if value is None else str(value)
