"""The three tables in runs: what a new event costs, and that nobody's becoming known rewrites an event."""

from datetime import date
from pathlib import Path

import pytest
from pyarrow import parquet

from cdp_assets.config import parse_config
from cdp_assets.events import EVENTS, VISITOR_IDENTITIES, VISITOR_LINKS, events, visitor_identities, visitor_links
from cdp_assets.lake import Check, ChecksFailedError, Place, Run, Source, StepResult, make_days
from cdp_assets.lake import digest as digests
from cdp_assets.lake.source import literal
from cdp_assets.sources import table_of
from cdp_assets_tests.support import rows

CONFIG = parse_config("""
version: 1
sources:
  crm: {files: crm.csv, primary_key: id, fields: {mail: identity.email}}
  web: {kind: events, files: web, visitor: cookie, time: at, known_as: {user_id: crm.id}}
""")
WEB = table_of("web", CONFIG.sources["web"])
HEADER = "event_id | visitor_id | time | day | event | user_id\n"
THREE_DAYS = """
    e1 | v | 2024-03-01 10:00 | 2024-03-01 | view    |
    e2 | v | 2024-03-02 10:00 | 2024-03-02 | sign-in | C7
    e3 | w | 2024-03-03 10:00 | 2024-03-03 | view    |
"""
LATE_EVENT = "    e0 | v | 2024-03-01 09:00 | 2024-03-01 | sign-in | C6\n"
SIGN_IN = "    e4 | w | 2024-03-04 10:00 | 2024-03-04 | sign-in | C9\n"


class World:
    """A store, and runs over the events given."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.runs = folder, 0

    def refresh(self, text: str) -> tuple[StepResult, StepResult, StepResult]:
        self.runs += 1
        run = Run(Place(self.folder / ".cdp"), f"run{self.runs}", date(2024, 3, 5), memory=1 << 30, threads=1)
        source = self._source(text)
        made = make_days(run, EVENTS, events.stages(CONFIG), {"web": source}, day_of={"web": "day"}, checks=events.checks(CONFIG))
        links = make_days(
            run, VISITOR_LINKS, visitor_links.stages(), {"events": EVENTS}, day_of={"events": "day"}, checks=visitor_links.checks()
        )
        reads = {"visitor_links": VISITOR_LINKS}
        who = run.make(VISITOR_IDENTITIES, visitor_identities.stages(), reads, checks=visitor_identities.checks())
        return made, links, who

    def _source(self, text: str) -> Source:
        path = self.folder / f"web{self.runs}.parquet"
        parquet.write_table(rows(HEADER + text.strip("\n"), WEB), path)
        return Source(WEB, f"select * from read_parquet({literal(str(path))})", digest=digests.of(text))


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_a_sign_in_changes_its_own_day_and_who_the_visitor_was_and_no_event_of_the_past(world):
    world.refresh(THREE_DAYS)
    made, links, who = world.refresh(THREE_DAYS + SIGN_IN)
    assert made.partitions == links.partitions == ("2024-03-04",)
    assert not who.unchanged


def test_a_late_event_costs_its_own_day(world):
    world.refresh(THREE_DAYS)
    made, links, who = world.refresh(THREE_DAYS + LATE_EVENT)
    assert made.partitions == links.partitions == ("2024-03-01",)
    assert who.rows == 3  # v is C6, then C7; w is unknown


def test_days_in_another_order_of_arrival_give_the_same_tables(world, tmp_path):
    world.refresh(THREE_DAYS)
    one = world.refresh(THREE_DAYS + LATE_EVENT + SIGN_IN)
    (tmp_path / "other").mkdir()
    other = World(tmp_path / "other").refresh(THREE_DAYS + SIGN_IN + LATE_EVENT)
    assert [step.content for step in one] == [step.content for step in other]


def test_nothing_new_computes_no_day(world):
    world.refresh(THREE_DAYS)
    made, links, who = world.refresh(THREE_DAYS)
    assert made.partitions == links.partitions == ()
    assert made.unchanged
    assert who.unchanged


def test_a_day_whose_events_are_gone_from_the_source_is_emptied(world):
    world.refresh(THREE_DAYS)
    made, links, _ = world.refresh("\n".join(THREE_DAYS.splitlines()[:-1]))
    assert made.partitions == links.partitions == ("2024-03-03",)
    assert made.rows == 2


def _fails(world: World, check: Check, table: str) -> None:
    with pytest.raises(ChecksFailedError, match=check.name):
        world.refresh(THREE_DAYS)
    assert table not in Place(world.folder / ".cdp").tables()


def test_a_lost_event_is_noticed_before_anything_is_committed(world, monkeypatch):
    right = visitor_links.stages()
    assert isinstance(right[0].body, str)
    wrong = right[0].body.replace("from events\n    group by", "from events where event_id <> 'e1'\n    group by")
    assert wrong != right[0].body
    stage = type(right[0])(right[0].name, right[0].reads, wrong, right[0].writes)
    monkeypatch.setattr(visitor_links, "stages", lambda: [stage])
    _fails(world, visitor_links.checks()[0], "visitor_links")


def test_a_lost_known_id_is_noticed_before_anything_is_committed(world, monkeypatch):
    right = visitor_links.stages()
    assert isinstance(right[0].body, str)
    wrong = right[0].body.replace("from runs\n", "from runs where known_value <> 'C7'\n")
    assert wrong != right[0].body
    stage = type(right[0])(right[0].name, right[0].reads, wrong, right[0].writes)
    monkeypatch.setattr(visitor_links, "stages", lambda: [stage])
    _fails(world, visitor_links.checks()[1], "visitor_links")


def test_a_lost_visitor_is_noticed_before_anything_is_committed(world, monkeypatch):
    right = visitor_identities.stages()
    assert isinstance(right[0].body, str)
    wrong = right[0].body.replace("left join identified", "join identified")
    stage = type(right[0])(right[0].name, right[0].reads, wrong, right[0].writes)
    monkeypatch.setattr(visitor_identities, "stages", lambda: [stage])
    _fails(world, visitor_identities.checks()[0], "visitor_identities")
