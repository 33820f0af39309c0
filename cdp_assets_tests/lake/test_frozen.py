"""A frozen step: what it has learnt stays, until it is asked for or what it is learnt by changes."""

from pathlib import Path

import pytest

from cdp_assets.lake import Place, Run, Source, Stage, anyhow
from cdp_assets.lake.step import Step
from cdp_assets.lake.table import Table, columns
from cdp_assets_tests.projects import AS_OF

pytestmark = pytest.mark.io
WORDS = Table("words", "a word", ("word",), columns("word | varchar | a word"))
LEARNT = Table("learnt", "a word that was there", ("word",), columns("word | varchar | a word"))


def given(*words: str) -> Step:
    """The step of the words that are there."""
    listed = " union all ".join(f"select '{word}' as word" for word in words) or "select cast(null as varchar) as word where false"
    return Step(WORDS, "sources", "Words.", {}, stages=lambda: [Stage("words", {}, listed, WORDS)])


def learning(body: str = "select word from words") -> Step:
    """The step that learns them."""
    return Step(
        LEARNT, "identity", "Learnt.", {"words": WORDS}, stages=lambda: [Stage("learnt", {"words": anyhow()}, body, LEARNT)], frozen=True
    )


def words_of(run: Run) -> list[str]:
    its: Source = run.read(LEARNT)
    return [row[0] for row in run.reader().execute(f"select word from ({its.sql}) order by word").fetchall()]


def day(folder: Path, number: int, *words: str, learn: bool = False, body: str = "select word from words") -> tuple[list[str], bool]:
    """What is learnt after a run with these words, and whether the step kept what it had."""
    run = Run(Place(folder / ".cdp"), f"run {number}", AS_OF)
    run.learn = frozenset({LEARNT.name}) if learn else frozenset()
    given(*words).run(run)
    result = learning(body).run(run)
    found = words_of(run)
    run.clean()
    return found, result.unchanged


def test_what_was_learnt_stays_until_it_is_asked_for(tmp_path: Path) -> None:
    assert day(tmp_path, 1, "a") == (["a"], False)
    assert day(tmp_path, 2, "a", "b") == (["a"], True)
    assert day(tmp_path, 3, "a", "b", learn=True) == (["a", "b"], False)
    assert day(tmp_path, 4, "c") == (["a", "b"], True)


def test_what_is_learnt_by_another_statement_is_learnt_anew(tmp_path: Path) -> None:
    assert day(tmp_path, 1, "a", "b") == (["a", "b"], False)
    assert day(tmp_path, 2, "a", "b", "c", body="select word from words where word <> 'a'") == (["b", "c"], False)


def test_what_was_learnt_from_nothing_is_learnt_as_soon_as_there_is_anything(tmp_path: Path) -> None:
    assert day(tmp_path, 1) == ([], False)
    assert day(tmp_path, 2)[0] == []
    assert day(tmp_path, 3, "a") == (["a"], False)
    assert day(tmp_path, 4, "a", "b") == (["a"], True)
