"""`.funcignore` means what `.gitignore` means."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from pathspec import GitIgnoreSpec

from lazulite.cli.ignore import contents, packages

FILES = (
    "a.log",
    "app.py",
    "build/keep.txt",
    "build/out.bin",
    "data/[x].csv",
    "data/raw.csv",
    "docs/a/b/deep.md",
    "docs/readme.md",
    "foo",
    "foobar",
    "foo.py",
    "sub/a.log",
    "sub/foo/x.py",
    "sub/keep.log",
    "tests/.env",
    "tests/test_a.py",
    "# odd.txt",
    "!odd.txt",
    "trail.txt ",
)

# patterns -> what is left out
CASES = [
    ([], set()),
    (["# comment", "", "   "], set()),
    (["foo"], {"foo", "sub/foo/x.py"}),
    (["/foo"], {"foo"}),
    (["foo/"], {"sub/foo/x.py"}),
    (["*.log"], {"a.log", "sub/a.log", "sub/keep.log"}),
    (["/*.log"], {"a.log"}),
    (["sub/*.log"], {"sub/a.log", "sub/keep.log"}),
    (["*.log", "!keep.log"], {"a.log", "sub/a.log"}),
    (["!keep.log", "*.log"], {"a.log", "sub/a.log", "sub/keep.log"}),
    (["tests/"], {"tests/.env", "tests/test_a.py"}),
    (["build", "!build/keep.txt"], {"build/keep.txt", "build/out.bin"}),
    (["build/*", "!build/keep.txt"], {"build/out.bin"}),
    (["docs/**/deep.md"], {"docs/a/b/deep.md"}),
    (["**/b"], {"docs/a/b/deep.md"}),
    (["docs/**"], {"docs/a/b/deep.md", "docs/readme.md"}),
    (["data/\\[x\\].csv"], {"data/[x].csv"}),
    (["fo?"], {"foo", "sub/foo/x.py"}),
    (["[ab].log"], {"a.log", "sub/a.log"}),
    (["\\# odd.txt"], {"# odd.txt"}),
    (["\\!odd.txt"], {"!odd.txt"}),
    (["trail.txt\\ "], {"trail.txt "}),
    (["readme.md   "], {"docs/readme.md"}),
    (["FOO"], set()),
]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("tree")
    for name in FILES:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    return root


@pytest.mark.parametrize(("patterns", "out"), CASES, ids=lambda v: " ".join(sorted(v)) or "-")
def test_patterns(tree: Path, patterns: list[str], out: set[str]) -> None:
    found = contents(str(tree), GitIgnoreSpec.from_lines(patterns))
    assert set(found.included) == set(FILES) - out


@pytest.mark.parametrize(("patterns", "out"), CASES, ids=lambda v: " ".join(sorted(v)) or "-")
def test_git_agrees(tree: Path, patterns: list[str], out: set[str]) -> None:
    (tree / ".git" / "info" / "exclude").write_text("\n".join(patterns) + "\n")
    done = subprocess.run(
        ["git", "-C", str(tree), "ls-files", "-z", "--others", "--exclude-standard"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(done.stdout.split("\0")) - {""} == set(FILES) - out


def test_what_is_always_left_out(tmp_path: Path) -> None:
    names = [
        ".GIT/config",
        "sub/.vscode/x.json",
        ".funcignore",
        "sub/.gitignore",
        "sub/Local.Settings.json",
        "project.lock.json",
        "env/pyvenv.cfg",
        "env/lib/x.py",
        "pkg/__pycache__/x.pyc",
        ".lazulite/state.db",
        ".python_packages/lib/site-packages/x.py",
        "old.zip",
    ]
    for name in [*names, "app.py"]:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    spec = GitIgnoreSpec.from_lines(["!local.settings.json", "!.git/"])
    found = contents(str(tmp_path), spec, without=[str(tmp_path / "old.zip")])
    assert found.included == ("app.py",)
    assert "env/" in found.ignored
    assert "old.zip" in found.ignored
    assert list(packages(str(tmp_path))) == [".python_packages/lib/site-packages/x.py"]


def test_links(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    (shared / "x.py").write_text("x")
    app = tmp_path / "app"
    (app / "sub").mkdir(parents=True)
    (app / "sub" / "loop").symlink_to(app)
    (app / "lib").symlink_to(shared)
    (app / "gone").symlink_to(tmp_path / "nowhere")
    found = contents(str(app), GitIgnoreSpec.from_lines([]))
    assert found.included == ("lib/x.py",)
    assert found.ignored == ("gone", "sub/loop/")
