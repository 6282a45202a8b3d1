"""Routing against a slow matcher that tries every route in order."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazulite.web.routes import RouteTable, conflicting_route, is_reserved
from lazulite.web.template import RouteError, join_route

LITERALS = ["a", "b", "Items", "käse"]
SEGMENTS = st.sampled_from([*LITERALS, "{x}", "{x:int}", "{x:alpha}", "r-{x}", "{x}.b", "{x}-{y}"])
TAILS = st.sampled_from(["", "/{z}", "/{z?}", "/{z=5}", "/{z:int?}", "/{*z}", "/{f}.{z?}"])
METHODS = st.sampled_from([None, ["get"], ["POST"], ["get", "post"], [], ["PURGE"]])
ASKED = st.sampled_from(["GET", "POST", "get", "PURGE", "HEAD"])
PATH_SEGMENTS = st.sampled_from(
    ["a", "A", "b", "items", "Items", "KÄSE", "r-1", "R-x-y", "7", "x.b", "f.", "f.t", "", "a-a"]
)


@st.composite
def templates(draw: st.DrawFn) -> str:
    segments = draw(st.lists(SEGMENTS, max_size=3))
    unique = [
        segment.replace("{x", f"{{x{number}").replace("{y", f"{{y{number}")
        for number, segment in enumerate(segments)
    ]
    return ("/".join(unique) + draw(TAILS)).removeprefix("/")


def pattern(template: str) -> re.Pattern[str]:
    """The same template as a regular expression over a path without its outer slashes."""
    expression = ""
    for number, segment in enumerate(template.split("/") if template else []):
        slash = "/" if number else ""
        one = re.fullmatch(r"\{(\*?)(\w+)(:\w+)?(\?|=5)?\}", segment)
        if segment == "{f}.{z?}":
            both, one_only = r"(?P<f>[^/]+)\.(?P<z>[^/]+)", "(?P<f_alone>[^/]+)"
            expression += rf"{slash}(?:{both}|{one_only})(?<!\.)"
            continue
        if one is None:
            cut = [p if p[0] == "{" else re.escape(p) for p in re.split(r"({\w+})", segment) if p]
            expression += slash + re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", "".join(cut))
            continue
        star, name, _, tail = one.groups()
        if star:
            expression += rf"(?:{slash}(?![/])(?P<{name}>(?:[^/].*)?))?"
        elif tail:
            expression += rf"(?:{slash}(?P<{name}>[^/]+))?"
        else:
            expression += rf"{slash}(?P<{name}>[^/]+)"
    return re.compile(expression, re.IGNORECASE | re.DOTALL)


def slow(
    routes: list[tuple[str, str, list[str] | None]], method: str, path: str
) -> tuple[str, dict[str, str]] | None:
    bare = path.removeprefix("/")
    for name, template, methods in routes:
        if methods is not None and method.upper() not in [m.upper() for m in methods]:
            continue
        whole = bare if "{*z}" in template else bare.removesuffix("/")
        found = pattern(template).fullmatch(whole)
        if found is None and "{*z}" in template:
            found = pattern(template).fullmatch(bare.removesuffix("/"))
        if found is None or (not whole and path.startswith("//")):
            continue
        params = {k: v for k, v in found.groupdict().items() if v is not None}
        if "f_alone" in params:
            params["f"] = params.pop("f_alone")
        if "{*z}" in template:
            params.setdefault("z", "")
        if "{z=5}" in template:
            params.setdefault("z", "5")
        if any(not re.fullmatch(r"[+-]?\d+", params.get(n, "0")) for n in ints(template)):
            continue
        if any(not re.fullmatch("[a-zA-Z]*", params[n]) for n in alphas(template)):
            continue
        return name, params
    return None


def ints(template: str) -> list[str]:
    return re.findall(r"\{(\w+):int", template)


def alphas(template: str) -> list[str]:
    return re.findall(r"\{(\w+):alpha", template)


@given(
    st.lists(st.tuples(templates(), METHODS), max_size=8),
    st.lists(st.tuples(ASKED, st.lists(PATH_SEGMENTS, max_size=4)), min_size=1, max_size=8),
)
def test_the_table_finds_what_trying_every_route_finds(
    declared: list[tuple[str, list[str] | None]], asked: list[tuple[str, list[str]]]
) -> None:
    routes = [(f"f{n}", template, methods) for n, (template, methods) in enumerate(declared)]
    table = RouteTable(routes)
    paths = [(m, "/" + "/".join(s)) for m, s in asked]
    paths += [("GET", "/" + template) for _, template, _ in routes if "{" not in template]
    for method, path in paths:
        found = table.match(method, path)
        got = None if found is None else (found.name, dict(found.params))
        assert got == slow(routes, method, path), (method, path)


def test_the_first_declared_wins_over_the_more_specific() -> None:
    table = RouteTable([("A", "api/{*p}", None), ("B", "api/exact", None)])
    found = table.match("GET", "/api/exact")
    assert found is not None
    assert (found.name, found.params) == ("A", {"p": "exact"})


def test_another_method_goes_to_the_next_route() -> None:
    table = RouteTable([("A", "api/x", ["get"]), ("B", "api/x", ["POST"])])
    assert [m and m.name for m in (table.match(v, "/api/x") for v in ("GET", "POST"))] == ["A", "B"]
    assert table.match("HEAD", "/api/x") is None
    assert RouteTable([("A", "api/x", [])]).match("GET", "/api/x") is None


def test_any_method_hides_an_unusual_one_listed_later() -> None:
    table = RouteTable([("A", "x", None), ("B", "x", ["PURGE"])])
    found = table.match("PURGE", "/x")
    assert found is not None
    assert found.name == "A"


@pytest.mark.parametrize(
    ("template", "path", "params"),
    [
        ("items/{id}", "/items/7", {"id": "7"}),
        ("items/{id}", "/ITEMS/7/", {"id": "7"}),
        ("items/{id}", "/items", None),
        ("items/{id}", "/items/7/8", None),
        ("items/{id?}", "/items", {}),
        ("items/{id=5}", "/items", {"id": "5"}),
        ("items/{id=5}", "/items/6", {"id": "6"}),
        ("{a?}/b", "/b", None),
        ("{a?}/b", "/x/b", {"a": "x"}),
        ("files/{*path}", "/files/a/b.txt", {"path": "a/b.txt"}),
        ("files/{**path}", "/files/a/", {"path": "a/"}),
        ("files/{*path}", "/files", {"path": ""}),
        ("files/{*path}", "/files//a", None),
        ("/{*route}", "/", {"route": ""}),
        ("a-{x}.{ext}", "/a-ba-c.d.txt", {"x": "ba-c.d", "ext": "txt"}),
        ("a-{x}.{ext}", "/a-.txt", None),
        ("a-{x}.{ext}", "/a-b", None),
        ("{x}.{ext?}", "/name", {"x": "name"}),
        ("{x}.{ext?}", "/name.", None),
        ("{x}ab", "/ab", None),
        ("ab{x}ba", "/aba", None),
        ("{{x}}/{y}", "/{x}/1", {"y": "1"}),
        ("{p:int:min(1)?}", "/", {}),
        ("{p:int:min(1)?}", "/0", None),
        (r"{p:regex(^\d{{3}}-[[a-z]]+$)}", "/123-Ab", {"p": "123-Ab"}),
        (r"{p:regex(^[a=:]+$)=a}", "/", {"p": "a"}),
    ],
)
def test_one_template(template: str, path: str, params: dict[str, str] | None) -> None:
    found = RouteTable([("f", template, None)]).match("GET", path)
    assert (None if found is None else found.params) == params


@pytest.mark.parametrize(
    ("template", "complaint"),
    [
        ("api//x", "empty segment"),
        ("api/{x", "'{' without"),
        ("api/x}", "'}' without"),
        ("{x{y}}", "inside a parameter"),
        ("api/{}", "no usable parameter name"),
        ("{x}/{X}", "more than once"),
        ("{*x}/y", "last segment"),
        ("a{*x}", "segment of its own"),
        ("{*x?}", "cannot be optional"),
        ("{x=1?}", "optional and has a default"),
        ("{x}{y}", "nothing between"),
        ("{x?}.b", "must end the segment"),
        ("a{x?}", "only a '.'"),
        ("a?b", "has a '?'"),
        ("~x", "'~'"),
        ("{x:integer}", "'integer' is no route constraint"),
        ("{x:int(1)}", "takes no argument"),
        ("{x:range(1)}", "takes 2 argument"),
        ("{x:length(a)}", "whole numbers"),
        ("{x:length(-1)}", "negative"),
        ("{x:range(2,1)}", "swapped"),
        ("{x:regex(()}", "no regular expression"),
        ("{x:regex()}", "needs an expression"),
        ("{x:min(1}", "without its ')'"),
    ],
)
def test_bad_templates_say_what_is_wrong(template: str, complaint: str) -> None:
    with pytest.raises(RouteError, match=re.escape(complaint)) as caught:
        RouteTable([("f1", template, None)])
    assert template in str(caught.value)
    assert "'f1'" in str(caught.value)


@given(st.text("{}a/?*:=().~", max_size=12))
def test_any_text_is_a_template_or_a_route_error(text: str) -> None:
    try:
        table = RouteTable([("f", text, None)])
    except RouteError:
        return
    table.match("GET", "/a/a")


@given(st.lists(st.text(min_size=1, max_size=5), max_size=3), st.text(max_size=12))
def test_any_path_can_be_asked(names: list[str], path: str) -> None:
    table = RouteTable([("f", "{a}-{b}.{c?}/{*d}", None), ("g", "/".join(["x", "{y}"]), None)])
    found = table.match("GET", path)
    assert found is None or found.name in ("f", "g")


def test_a_long_segment_of_separators_is_cut_in_one_pass() -> None:
    table = RouteTable([("f", "{a}-{b}-{c}-{d}-{e}x", None)])
    assert table.match("GET", "/" + "-" * 50_000) is None


def test_prefix_and_route_are_joined_untrimmed() -> None:
    assert join_route("api", "/x") == "api//x"
    assert join_route("", "/{*route}") == "/{*route}"


def test_only_a_whole_first_segment_is_reserved() -> None:
    reserved = ["admin", "/Admin/x", "runtime/webhooks", "administrators", "x/admin"]
    assert [is_reserved(r) for r in reserved] == [True, True, True, False, False]


def test_routes_conflict_by_text_and_method() -> None:
    others: list[tuple[str, str, list[str] | None]] = [("a", "/X/{id}", ["get"]), ("b", "y", None)]
    assert conflicting_route("x/{ID}", ["GET", "post"], others) == "a"
    assert conflicting_route("x/{id}", ["POST"], others) is None
    assert conflicting_route("x/{id}", None, others) == "a"
    assert conflicting_route("y", ["put"], others) == "b"
