"""The commands that release, look at releases, tidy up, and sign."""

import stat

import pytest
from click.testing import CliRunner

from spyhop.cli import main
from spyhop.cli.show import console
from spyhop.releases import current_release
from spyhop.versions import versions


@pytest.fixture
def run(tmp_path, monkeypatch, store):
    """Run a command on `store` in an empty folder; return its exit code and what it printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("SPYHOP_ROOT", store.url)
    monkeypatch.setenv("LOGNAME", "ada")

    def run(*arguments):
        result = CliRunner().invoke(main, [str(a) for a in arguments])
        return result.exit_code, result.output

    return run


def test_a_canary_grows_a_shadow_looks_on_and_a_rollback_ends_both(run, store, four):
    run("promote", "whales", four[0])

    assert run("canary", "whales", four[1], "--weight", 10) == (
        0,
        f"release 2 of whales in production: {four[1]} 10 %, {four[0]} 90 %\n",
    )
    assert run("shadow", "whales", four[2])[1].endswith(f"90 %, shadow {four[2]}\n")
    assert run("shadow", "whales", "--off")[1].endswith("90 %\n")
    run("rollback", "whales")
    run("rollback", "whales")
    assert run("rollback", "whales", "--why", "it was slow") == (
        0,
        f"release 7 of whales in production: {four[0]} 100 %\n",
    )
    assert current_release(store, "whales", "production").by == "ada"


def test_a_rollback_without_anything_before_it_says_what_to_do(run, four):
    run("promote", "whales", four[0])

    code, said = run("rollback", "whales")

    assert code == 1
    assert "there is nothing to go back to" in said
    assert "spyhop versions whales" in said


@pytest.mark.parametrize("arguments", [[], ["VERSION", "--off"]])
def test_shadow_wants_a_version_or_its_end(run, four, arguments):
    run("promote", "whales", four[0])

    code, said = run("shadow", "whales", *arguments)

    assert code == 2
    assert "name a VERSION, or end the shadow with --off" in said


def test_releases_shows_who_when_and_why_the_newest_first(run, four):
    run("promote", "whales", four[0], "--why", "the first")
    run("canary", "whales", four[1], "--weight", 10, "--why", "the second")

    code, said = run("releases", "whales")

    assert code == 0
    lines = [line.rstrip() for line in said.splitlines()]
    assert lines[0] == "whales in production"
    assert lines[2].startswith(f"2  canary   {four[1]} 10 %  ")
    assert lines[2].endswith("ada: the second")
    assert lines[3] == f"            {four[0]} 90 %"
    assert lines[4].endswith("ada: the first")


def test_versions_shows_where_each_serves_and_with_which_share(run, four):
    run("promote", "whales", four[0])
    run("canary", "whales", four[1], "--weight", 10)
    run("shadow", "whales", four[2])
    run("promote", "whales", four[0], "--channel", "production/eu")

    code, said = run("versions", "whales")

    assert code == 0
    for shown in ("production 90 %", "production 10 %", "production shadow", "production/eu"):
        assert shown in said


@pytest.mark.parametrize("width", [80, 120])
def test_tables_cut_nothing_off(run, four, width, monkeypatch):
    monkeypatch.setattr(console, "width", width)
    run("promote", "whales", four[0], "--why", "a reason of " + "very " * 30 + "many words")
    run("canary", "whales", four[1], "--weight", 10, "--why", "pneumonoultramicroscopic" * 3)

    for command in (("versions",), ("releases", "whales"), ("prune", "whales")):
        code, said = run(*command)

        assert code == 0
        assert "…" not in said
        assert max(map(len, said.splitlines())) <= width


def test_a_reason_is_shown_as_it_was_written(run, four):
    run("promote", "whales", four[0], "--why", "see [red] and [/nothing] in the notes")

    for command in ("versions", "releases"):
        code, said = run(command, "whales")

        assert code == 0, said
        assert "see [red] and [/nothing] in the notes" in said


def test_prune_first_only_says_what_it_would_remove(run, store, four):
    run("promote", "whales", four[0])

    code, said = run("prune", "whales", "--keep", 1)

    assert code == 0
    assert said.count("would be removed") == 2
    assert f"{four[0]}  kept for production" in said
    assert f"{four[3]}  kept, among the newest" in said
    assert "Nothing was removed. Remove them: --yes" in said
    assert len(versions(store, "whales")) == 4


def test_prune_removes_when_told_to(run, store, four):
    run("promote", "whales", four[0])

    code, said = run("prune", "whales", "--keep", 1, "--yes")

    assert code == 0
    assert "would" not in said
    assert versions(store, "whales") == sorted([four[0], four[3]])


def test_a_key_is_made_shown_and_signs_what_is_published(run, store, whales, tmp_path):
    code, public = run("keys", "new", "key.pem")
    assert code == 0
    assert public.startswith("ed25519:")
    assert stat.S_IMODE((tmp_path / "key.pem").stat().st_mode) == 0o600
    assert run("keys", "show", "key.pem") == (0, public)

    code, said = run("publish", whales.folder, "--sign-with", "key.pem")

    assert code == 0, said
    assert any(key.endswith(".sig") for key in store.list(""))


def test_a_key_is_not_replaced(run):
    run("keys", "new", "key.pem")

    code, said = run("keys", "new", "key.pem")

    assert code == 1
    assert "A key is never replaced" in said


def test_publishing_with_what_is_no_key_publishes_nothing(run, store, whales, tmp_path):
    (tmp_path / "key.pem").write_text("not a key")

    code, said = run("publish", whales.folder, "--sign-with", "key.pem")

    assert code == 1
    assert "is no signing key" in said
    assert store.list("") == []
