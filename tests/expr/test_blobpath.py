from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazulite.errors import ExpressionError
from lazulite.expr.blobpath import BlobPattern, split_blob_path


@pytest.mark.parametrize(
    ("pattern", "blob", "names"),
    [
        ("samples/{name}", "a/b.txt", {"name": "a/b.txt"}),
        ("samples/{name}.{ext}", "a.b.txt", {"name": "a.b", "ext": "txt"}),
        ("samples/{name}.{ext}", "a", None),
        ("samples/in/{name}", "in/", {"name": ""}),
        ("samples/in/{name}", "IN/a", None),
        ("samples", "any/thing", {}),
        ("samples/one.txt", "one.txt", {}),
        ("samples/one.txt", "one.txt2", None),
        ("samples/{{{x}}}", "{5}", {"x": "5"}),
        ("samples/{a}{b}", "xyz", {"a": "xyz", "b": ""}),
        ("samples/a{x}a", "a", None),
    ],
)
def test_patterns(pattern: str, blob: str, names: dict[str, str] | None) -> None:
    parsed = BlobPattern.parse(pattern)
    assert parsed.match("samples", blob) == names
    assert parsed.match("other", blob) is None
    if names is not None:
        assert blob.startswith(parsed.prefix)
        assert parsed.names == tuple(names)


LITERALS = st.text("ab-.", min_size=1, max_size=2)


@given(
    st.lists(LITERALS, min_size=1, max_size=4),
    st.booleans(),
    st.booleans(),
    st.text("ab-.", max_size=12),
)
def test_the_same_as_greedy_captures(
    literals: list[str], first: bool, last: bool, blob: str
) -> None:
    pattern, expression, count = "", "", 0
    for number, literal in enumerate(literals):
        if number or first:
            pattern += f"{{n{count}}}"
            expression += f"(?P<n{count}>.*)"
            count += 1
        pattern += literal
        expression += re.escape(literal)
    if last:
        pattern += "{end}"
        expression += "(?P<end>.*)"
    found = re.fullmatch(expression, blob)
    expected = None if found is None else found.groupdict()
    assert BlobPattern.parse(f"abc/{pattern}").match("abc", blob) == expected


def test_many_captures_take_one_pass() -> None:
    pattern = BlobPattern.parse("abc/{a}-{b}-{c}-{d}-{e}-{f}x")
    assert pattern.match("abc", "-" * 100_000) is None


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("{x}/a", "Container paths cannot contain {resolve} tokens."),
        ("", "Invalid blob trigger path ''. Paths must be in the format 'container/blob'."),
        ("/a", "Invalid blob trigger path '/a'."),
        ("abc/", "Invalid blob trigger path 'abc/'."),
        ("ABC/a", "'ABC' in the blob path 'ABC/a' is no container name"),
        ("a--b/a", "no container name"),
        ("ab/a", "no container name"),
        ("abc/{x}/{X}", "appears twice"),
        ("abc/{x.y}", "no plain name"),
        ("abc/{x:N}", "no plain name"),
        ("abc/{x", "Invalid template"),
    ],
)
def test_bad_patterns(path: str, message: str) -> None:
    with pytest.raises(ExpressionError, match=re.escape(message)):
        BlobPattern.parse(path)


def test_paths_of_inputs_and_outputs() -> None:
    assert split_blob_path("abc/d/e f.txt") == ("abc", "d/e f.txt")
    assert split_blob_path("$web/index.html") == ("$web", "index.html")


@pytest.mark.parametrize(
    "path",
    ["", "abc", "abc/", "/x", "Abc/x", "abc/x\\y", "abc/[x]", "abc/x.", "abc/x/", "abc/x\n",
     "a" * 64 + "/x", "abc/" + "x" * 1025, "-abc/x", "abc\n/x"],
)  # fmt: skip
def test_paths_no_blob_can_have(path: str) -> None:
    with pytest.raises(ExpressionError):
        split_blob_path(path)


@given(st.text(max_size=20))
def test_any_path_is_taken_or_refused(path: str) -> None:
    try:
        container, blob = split_blob_path(path)
    except ExpressionError:
        return
    assert f"{container}/{blob}" == path
