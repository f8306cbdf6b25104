"""The documents tell the truth: their code runs, their links lead somewhere."""

import re
import shlex
from pathlib import Path

import click
import pytest

from spyhop.cli import main

ROOT = Path(__file__).parent.parent
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


def test_the_ten_lines_of_python_run_as_printed(tmp_path, monkeypatch, capsys):
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    monkeypatch.chdir(tmp_path)

    exec(compile(code, "README.md", "exec"), {})

    printed = capsys.readouterr().out
    assert printed.startswith("onnx Parity(rows=169")
    assert "'probabilities'" in printed


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file(page):
    links = re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8"))

    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_that_a_page_shows_exists(page):
    shown = set(re.findall(r"^\$ spyhop ([a-z]+)", page.read_text(encoding="utf-8"), re.MULTILINE))

    assert shown <= set(main.commands)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_that_a_page_shows_is_understood(page):
    text = page.read_text(encoding="utf-8").replace("\\\n", " ")
    shown = re.findall(r"^\$ spyhop (.*)$", text, re.MULTILINE)
    # What is no file here still has to be in a place where a file is expected.
    there = [re.sub(r"\b(dist|examples)/\S+|\S+\.pem", str(Path(__file__)), line) for line in shown]

    for line in there:
        said = _parsed(main, shlex.split(line, comments=True))
        assert "No such" not in said, line
        assert "Missing" not in said, line
        assert "unexpected" not in said, line


def _parsed(group, arguments):
    """Return click's complaint about `arguments`, "" if it understands them; nothing is run."""
    try:
        name, command, rest = group.resolve_command(click.Context(group), arguments)
        if isinstance(command, click.Group):
            return _parsed(command, rest)
        command.make_context(name, rest)
    except click.UsageError as error:
        return error.format_message()
    return ""


def test_every_make_target_that_the_readme_shows_exists():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

    assert set(re.findall(r"[`$] ?make ([a-z]+)", (ROOT / "README.md").read_text())) <= targets
