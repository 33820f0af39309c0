"""The proof that a stage may be split: its result is the same with 1, 2 and 7 buckets, on the nasty rows it supplies."""

import importlib
from pathlib import Path

import pyarrow as pa
import pytest

from cdp_assets.config import load_project
from cdp_assets.lake import Stage, anyhow, by, everywhere, intermediate
from cdp_assets.orchestration.catalogue import steps_of
from cdp_assets_tests.support import rows, run_tables

DEMO = Path(__file__).parents[2] / "data" / "demo"
STATIONS = (
    "sources",
    "events",
    "unify",
    "identity",
    "contacts",
    "activities",
    "measures",
    "clv",
    "governance",
    "engagement",
    "segments",
    "exports",
)


def all_stages() -> dict[str, Stage]:
    """The stages of the demo's steps, and those of each station's further examples; by a name for the report."""
    found = {f"{step.table.name}.{stage.name}": stage for step in steps_of(load_project(DEMO)) for stage in step.stages()}
    for station in STATIONS:
        for number, example in enumerate(importlib.import_module(f"cdp_assets_tests.{station}.stages_examples").examples()):
            found |= {f"{station} example {number}.{stage.name}": stage for stage in example}
    return found


STAGES = all_stages()


def results(stage: Stage) -> list[pa.Table]:
    assert stage.nasty is not None
    given = dict(stage.nasty())
    return [run_tables([stage], given, buckets) for buckets in (1, 2, 7)]


@pytest.mark.parametrize("name", STAGES)
def test_the_result_does_not_depend_on_the_number_of_buckets(name: str) -> None:
    stage = STAGES[name]
    assert stage.nasty is not None, "a stage supplies the rows on which a wrong split would show"
    one, two, seven = results(stage)
    assert one.equals(two)
    assert one.equals(seven)
    assert one.num_rows, "nasty rows of which nothing comes out show nothing"


@pytest.mark.parametrize("name", STAGES)
def test_nasty_rows_are_there_for_every_input(name: str) -> None:
    stage = STAGES[name]
    assert stage.nasty is not None
    assert set(stage.nasty()) == set(stage.reads)


OUT = intermediate("out", "k | varchar | key\nn | bigint | number", ("k", "n"))
LEFT = rows("k | n\na | 1\nb | 2\nb | 2\nc | 3\n | 4\nd | 5\ne | 6\nf | 7", n="bigint")
RIGHT = rows("k | m\nb | 9\nc | 9\nz | 9", m="bigint")


@pytest.mark.parametrize(
    "wrong",
    [
        Stage("distinct", {"l": anyhow()}, "select distinct k, n from l", OUT, nasty=lambda: {"l": LEFT}),
        Stage("total", {"l": by("k")}, "select 'all' as k, count(*) as n from l", OUT, nasty=lambda: {"l": LEFT}),
        Stage("rank", {"l": by("k")}, "select k, row_number() over (order by n, k) as n from l", OUT, nasty=lambda: {"l": LEFT}),
        Stage(
            "anti",
            {"l": everywhere(), "r": by("k")},
            "select k, n from l where k not in (select k from r)",
            OUT,
            nasty=lambda: {"l": LEFT, "r": RIGHT},
        ),
        Stage(
            "either",
            {"l": by("k"), "r": by("k")},
            "select l.k, l.n from l join r on l.k = r.k or l.n = r.m - 4",
            OUT,
            nasty=lambda: {"l": LEFT, "r": RIGHT},
        ),
    ],
    ids=lambda stage: stage.name,
)
def test_a_wrong_split_is_caught(wrong: Stage) -> None:
    one, two, seven = results(wrong)
    assert not (one.equals(two) and one.equals(seven))
