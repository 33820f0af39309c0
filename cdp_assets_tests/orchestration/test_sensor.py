"""The sensor on files: what it asks for, what it lets rest, and what it remembers."""

import os
from pathlib import Path

import dagster as dg
import pytest

from cdp_assets.config import Project, load_project
from cdp_assets.orchestration.build import build_defs
from cdp_assets.orchestration.watch import QUIET_SECONDS, Memory, look, remembered
from cdp_assets_tests.orchestration.test_over_time import CONFIG, CRM, DAY_1, DAY_2, SHOP
from cdp_assets_tests.projects import small_project

pytestmark = pytest.mark.pipeline
SECOND = 10**9
NOW = 1_700_000_000 * SECOND
OLD = 1000
FILES = {"crm.csv": CRM, "shop.csv": SHOP, "web/1.csv": DAY_1}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = small_project(tmp_path, CONFIG, FILES)
    for name in FILES:
        write(project, name)
    return project


def write(project: Project, name: str, content: str | None = None, seconds_ago: int = OLD) -> None:
    """Write a file (or touch it), as if it had been so many seconds before NOW."""
    path = project.folder / name
    if content is not None:
        path.write_text(content)
    os.utime(path, ns=(NOW, NOW - seconds_ago * SECOND))


def test_at_the_first_tick_every_file_is_new(project: Project) -> None:
    found = look(project, Memory(), NOW)
    assert found.touched == ("crm", "shop", "web")
    assert found.why.new == ("crm: crm.csv", "shop: shop.csv", "web: web/1.csv")


def test_what_is_new_changed_and_gone_is_named_and_only_its_sources_are_touched(project: Project) -> None:
    memory = look(project, Memory(), NOW).memory
    assert look(project, memory, NOW).touched == ()
    write(project, "web/2.csv", DAY_2)
    write(project, "shop.csv", SHOP + "s3,Eve,e@x.example\n")
    found = look(project, memory, NOW)
    assert (found.touched, str(found.why)) == (("shop", "web"), "1 new (web: web/2.csv), 1 changed (shop: shop.csv)")
    (project.folder / "web/2.csv").unlink()
    first = look(project, found.memory, NOW)
    assert (first.touched, first.waiting) == ((), ("web",))  # it may be about to be replaced
    second = look(project, first.memory, NOW)
    assert (second.touched, str(second.why)) == (("web",), "1 gone (web: web/2.csv)")
    assert look(project, second.memory, NOW).touched == ()


def test_a_file_that_was_only_touched_asks_for_nothing_and_is_not_read_again(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = look(project, Memory(), NOW).memory
    write(project, "shop.csv", seconds_ago=OLD - 1)
    touched = look(project, memory, NOW)
    assert touched.touched == ()

    def read_again(*_: object) -> str:
        raise AssertionError("a file whose size and time are known is not read")

    monkeypatch.setattr("cdp_assets.orchestration.watch.fingerprint", read_again)
    assert look(project, touched.memory, NOW).touched == ()


def test_a_file_with_another_content_of_the_same_size_is_changed(project: Project) -> None:
    memory = look(project, Memory(), NOW).memory
    write(project, "shop.csv", SHOP.replace("cid@", "dic@"), seconds_ago=OLD - 1)
    assert look(project, memory, NOW).why.changed == ("shop: shop.csv",)


@pytest.mark.parametrize("seconds_ago", [0, QUIET_SECONDS, -100], ids=["just now", "at the limit", "in the future"])
def test_a_file_that_is_being_written_waits_until_it_has_not_changed_for_a_tick(project: Project, seconds_ago: int) -> None:
    memory = look(project, Memory(), NOW).memory
    write(project, "web/2.csv", DAY_2[:50], seconds_ago)
    first = look(project, memory, NOW)
    assert (first.touched, first.waiting) == ((), ("web",))
    write(project, "web/2.csv", DAY_2[:60], seconds_ago)
    second = look(project, first.memory, NOW)
    assert (second.touched, second.waiting) == ((), ("web",))
    assert look(project, second.memory, NOW).touched == ("web",)


def test_one_source_that_waits_holds_up_no_other(project: Project) -> None:
    memory = look(project, Memory(), NOW).memory
    write(project, "web/2.csv", DAY_2, 0)
    write(project, "crm.csv", CRM + "c3,Eve Poe,eve@x.example\n")
    found = look(project, memory, NOW)
    assert (found.touched, found.waiting) == (("crm",), ("web",))
    assert look(project, found.memory, NOW).touched == ("web",)


def test_a_source_that_cannot_be_read_is_asked_for_so_that_its_step_says_why(project: Project) -> None:
    memory = look(project, Memory(), NOW).memory
    write(project, "shop.csv", "")
    first = look(project, memory, NOW)
    found = look(project, first.memory, NOW)
    assert found.touched == ("shop",)
    assert str(found.why) == "1 new (shop: cannot be read), 1 gone (shop: shop.csv)"
    assert look(project, found.memory, NOW).touched == ()


def test_a_changed_configuration_loses_nothing_that_was_remembered(project: Project) -> None:
    memory = look(project, Memory(), NOW).memory
    without = CONFIG[: CONFIG.index("  shop:")] + CONFIG[CONFIG.index("  web:") : CONFIG.index("customers:")]
    (project.folder / "cdp.yaml").write_text(without)
    fewer = look(load_project(project.folder), remembered(memory.text()), NOW)
    assert fewer.touched == ()
    (project.folder / "cdp.yaml").write_text(CONFIG)
    assert look(project, remembered(fewer.memory.text()), NOW).touched == ("shop",)


def test_a_cursor_that_cannot_be_read_is_no_memory(project: Project) -> None:
    memory = look(project, Memory(), NOW).memory
    assert remembered(memory.text()) == memory
    for cursor in (None, "", "{", "[]", "7", '{"crm: crm.csv": "81:5"}', '{"form": 1}', '{"form": 2, "asked": []}'):
        assert remembered(cursor) == Memory()


def test_of_a_source_of_very_many_files_the_cursor_keeps_one_entry(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cdp_assets.orchestration.watch.MOST_FILES", 1)
    write(project, "web/2.csv", DAY_2)
    memory = look(project, Memory(), NOW).memory
    assert list(memory.asked["web"]) == ["all files"]
    write(project, "web/2.csv", DAY_2, OLD - 1)
    assert str(look(project, memory, NOW).why) == "1 changed (web: all files)"


def test_files_beyond_what_is_read_in_a_tick_count_by_size_and_time(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cdp_assets.orchestration.watch.MOST_BYTES", 10)
    memory = look(project, Memory(), NOW).memory
    write(project, "shop.csv", seconds_ago=OLD - 1)
    assert look(project, memory, NOW).touched == ("shop",)


class Ticks:
    """The sensor of a project as the daemon calls it, tick by tick."""

    def __init__(self, project: Project) -> None:
        self.project, self.cursor, self.instance = project, None, dg.DagsterInstance.ephemeral()

    def tick(self) -> tuple[dg.RunRequest | None, str]:
        sensor = build_defs(self.project).resolve_sensor_def("source_files_sensor")
        data = sensor.evaluate_tick(dg.build_sensor_context(instance=self.instance, cursor=self.cursor))
        self.cursor = data.cursor
        assert len(data.run_requests or ()) <= 1
        return (data.run_requests[0] if data.run_requests else None), data.skip_message or ""


def test_it_asks_for_the_touched_sources_and_all_below_them_and_for_no_export(project: Project) -> None:
    ticks = Ticks(project)
    request, _ = ticks.tick()
    assert request is not None
    request, why = ticks.tick()
    assert request is None
    assert why == "3 source files, none new, changed or gone since the last request."
    write(project, "web/2.csv", DAY_2)
    request, _ = ticks.tick()
    assert request is not None
    assert request.tags["cdp/why"] == "1 new (web: web/2.csv)"
    asked = {key.to_user_string() for key in request.asset_selection or ()}
    assert {"web", "events", "visitor_links", "match_edges", "unified_profiles", "published_snapshot"} <= asked
    assert not asked & {"crm", "shop", "deduplicated_crm", "deduplicated_shop", "lake_upkeep", "audit_log"}


def test_while_a_refresh_that_it_asked_for_waits_it_asks_for_no_other_and_forgets_nothing(project: Project) -> None:
    ticks = Ticks(project)
    ticks.tick()
    job = build_defs(project).resolve_job_def("refresh")
    tags = {"dagster/sensor_name": "source_files_sensor"}
    waiting = ticks.instance.create_run_for_job(job, status=dg.DagsterRunStatus.NOT_STARTED, tags=tags)
    write(project, "web/2.csv", DAY_2)
    request, why = ticks.tick()
    assert request is None
    assert "still waits to begin" in why
    assert "web/2.csv" in why
    ticks.instance.report_run_canceled(waiting)
    request, _ = ticks.tick()
    assert request is not None
    assert request.tags["cdp/why"] == "1 new (web: web/2.csv)"
