"""What a user does wrong, and what the machine does: a clear message, nothing lost, the next run is whole."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cdp_assets.config import Project, load_project
from cdp_assets.governance import AccessDeniedError
from cdp_assets.lake import Holder, Place, Run, project_lock
from cdp_assets.lake.lock import current_holder
from cdp_assets.orchestration.export_run import export
from cdp_assets.orchestration.match_decisions import decide_pair
from cdp_assets.orchestration.refresh import refresh
from cdp_assets.orchestration.upkeep_run import maintain
from cdp_assets_tests.orchestration.test_over_time import CONFIG, CRM, DAY_1, DAY_2, SHOP
from cdp_assets_tests.projects import AS_OF, contents, demo_project, ordered_steps, query, run, run_steps, small_project, versions

pytestmark = pytest.mark.pipeline


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return small_project(tmp_path / "project", CONFIG, {"crm.csv": CRM, "shop.csv": SHOP, "web/1.csv": DAY_1})


def cdp(project: Project, *arguments: str, user: str = "tester") -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "CDP_PROJECT": str(project.folder), "CDP_USER": user}
    command = [sys.executable, "-m", "cdp_assets.cli.main", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, cwd="/", check=False)


def test_a_source_with_a_broken_structure_is_skipped_with_what_depends_on_it_and_the_rest_goes_on(project: Project) -> None:
    assert run(project).ok
    before = versions(project)
    (project.folder / "shop.csv").write_text("account,label,mail\ns1,Ann Lee,ann@x.example\n")
    (project.folder / "crm.csv").write_text(CRM + "c3,Eve Poe,eve@x.example\n")
    (project.folder / "web/2.csv").write_text(DAY_2)
    summary = run(project)
    assert not summary.ok
    assert set(summary.failed) == {"shop"}
    assert "name" in summary.failed["shop"]
    assert "shop.csv" in summary.failed["shop"]
    # what is learnt from all sources comes before the duplicates of each: of customers nothing is made with a source missing
    above = {"term_frequencies", "deduplicated_crm", "deduplicated_shop"}
    assert above | {"match_edges", "unified_profiles", "published_snapshot"} <= set(summary.skipped)
    after = versions(project)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"crm", "web", "source_files", "events", "visitor_links", "visitor_identities"}
    (project.folder / "shop.csv").write_text(SHOP)
    assert run(project).ok
    assert query(project, "select count(*) from unified_profiles") == [(5,)]


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        ({"crm.csv": None}, "no file crm.csv"),
        ({"web/1.csv": None}, "no file web"),
        ({"crm.csv": ""}, "is empty"),
        ({"crm.csv": "id,full_name,email\n1,a,b\n"}, "contact_id"),
    ],
    ids=["missing file", "missing folder", "empty file", "missing column"],
)
def test_a_source_that_cannot_be_read_is_named_with_its_file(project: Project, broken: dict[str, str | None], says: str) -> None:
    for name, content in broken.items():
        if content is None:
            (project.folder / name).unlink()
            if name.startswith("web"):
                (project.folder / "web").rmdir()
        else:
            (project.folder / name).write_text(content)
    ended = cdp(project, "refresh")
    assert ended.returncode == 1
    assert says in ended.stdout
    assert "Traceback" not in ended.stdout + ended.stderr


def test_a_file_of_a_header_only_is_a_source_without_rows(project: Project) -> None:
    (project.folder / "shop.csv").write_text("account,name,mail\n")
    (project.folder / "web/1.csv").write_text("event_id,ts,visitor,user,event\n")
    run_steps(project)
    assert query(project, "select count(*) from unified_profiles") == [(2,)]
    assert query(project, "select count(*) from events") == [(0,)]


def test_null_repeated_and_mistyped_values_are_counted_and_named(project: Project) -> None:
    config = CONFIG.replace("email: identity.email}}\n  shop", "email: identity.email, born: {type: date, format: '%d.%m.%Y'}}}\n  shop")
    (project.folder / "cdp.yaml").write_text(config)
    (project.folder / "crm.csv").write_text(
        "contact_id,full_name,email,born\nc1,Ann Lee,ann@x.example,1.2.1980\n,No Key,n@x.example,\n"
        "c1,Ann,,\nc2,Bob,b@x.example,31.02.1980\n"
    )
    run_steps(project)
    assert query(project, "select source_line, field, reason from quarantine where source = 'crm' order by 1") == [
        (3, "contact_id", "primary key is missing"),
        (5, "born", "not a date in the format %d.%m.%Y"),
    ]
    assert query(project, "select record_key, full_name, duplicate_rows from deduplicated_crm") == [("c1", "Ann Lee", 2)]


def test_a_wrong_configuration_says_file_line_and_nearest_name_and_touches_nothing(project: Project) -> None:
    (project.folder / "cdp.yaml").write_text(CONFIG.replace("match_order", "match_ordr"))
    ended = cdp(project, "refresh")
    assert ended.returncode == 1
    assert "cdp.yaml:8" in ended.stderr
    assert 'match_order"' in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (project.folder / ".cdp").exists()


def test_a_run_goes_by_the_configuration_that_it_began_with_whatever_becomes_of_the_file(project: Project, tmp_path: Path) -> None:
    undisturbed = small_project(tmp_path / "other", CONFIG, {"crm.csv": CRM, "shop.csv": SHOP, "web/1.csv": DAY_1})
    assert run(undisturbed).ok
    file, changed = project.folder / "cdp.yaml", []

    def write(*_told: str) -> None:
        """At the first table that is told of, somebody takes all rules between sources out."""
        if not changed:
            assert current_holder(Place(project.store).lock) is not None
            changed.append(file.write_text(CONFIG.split("customers:")[0]))

    assert refresh(project, "tester", as_of=AS_OF, progress=write).ok
    assert changed
    assert contents(project) == contents(undisturbed)


def test_what_is_decided_while_a_run_is_on_is_kept_for_the_next_run(project: Project) -> None:
    run_steps(project)
    place = Place(project.store)
    pair = (("crm", "c1"), ("crm", "c2"))
    opened = Run(place, "a run that is on", AS_OF, user="tester", memory=1 << 30)
    decide_pair(project, "tester", "customers", pair, "accept")
    for step in ordered_steps(project):
        step.run(opened)
    assert query(project, "select count(*) from match_overrides") == [(0,)]
    run_steps(project)
    assert query(project, "select verdict, left_key, right_key from match_overrides") == [("always", "c1", "c2")]


def test_a_second_refresh_is_told_who_holds_the_project_and_waits_if_asked(project: Project) -> None:
    place = Place(project.store)
    with project_lock(place.lock, Holder("0123456789", "ann", 42, "2026-11-20T04:00:00")):
        ended = cdp(project, "refresh")
        assert ended.returncode == 1
        assert "run 01234567 of ann" in ended.stderr
        assert "Traceback" not in ended.stderr
        command = [sys.executable, "-m", "cdp_assets.cli.main", "refresh", "--wait"]
        waiting = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "CDP_PROJECT": str(project.folder)})
        time.sleep(4)
        assert waiting.poll() is None
    output, _ = waiting.communicate(timeout=120)
    assert waiting.returncode == 0, output


def changed_while_it_waits(monkeypatch: pytest.MonkeyPatch, project: Project, text: str) -> None:
    """Whoever gets the lock has waited for it, and meanwhile somebody has saved this as cdp.yaml."""

    @contextmanager
    def waited(file: Path, holder: Holder, *, wait_seconds: float = 0) -> Iterator[None]:
        (project.folder / "cdp.yaml").write_text(text)
        with project_lock(file, holder, wait_seconds=wait_seconds):
            yield

    for module in ("refresh", "export_run", "upkeep_run"):
        monkeypatch.setattr(f"cdp_assets.orchestration.{module}.project_lock", waited)


def test_who_waits_goes_by_the_configuration_as_it_is_when_its_turn_comes(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    without_shop = CONFIG.split("  match:")[0].replace("[crm, shop, web]", "[crm, web]")
    changed_while_it_waits(monkeypatch, project, without_shop)
    assert refresh(project, "tester", as_of=AS_OF, wait_seconds=60).rows["unified_profiles"] == 4


@pytest.mark.parametrize(
    "ask",
    [
        lambda project: refresh(project, "tester", wait_seconds=60),
        lambda project: export(project, "tester", "letter", wait_seconds=60),
        lambda project: maintain(project, "tester", wait_seconds=60),
    ],
    ids=["refresh", "export", "maintain"],
)
def test_a_role_that_is_taken_away_while_one_waits_is_gone(
    project: Project, monkeypatch: pytest.MonkeyPatch, ask: Callable[[Project], object]
) -> None:
    sending = """
segments: {all: {all: [{profile.known: true}]}}
connections: {agency: {kind: file, name: Agency, folder: out, agree: true}}
exports: {letter: {connection: agency, segments: [all]}}
"""
    (project.folder / "cdp.yaml").write_text(CONFIG + sending)
    changed_while_it_waits(monkeypatch, project, CONFIG + sending + "roles: {administrator: [ann], viewer: [tester]}\n")
    with pytest.raises(AccessDeniedError):
        ask(load_project(project.folder))


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGKILL], ids=["Ctrl-C", "killed"])
def test_a_refresh_stopped_in_the_middle_loses_nothing_and_the_next_one_is_whole(
    project: Project, tmp_path: Path, kind: signal.Signals
) -> None:
    undisturbed = small_project(tmp_path / "other", CONFIG, {"crm.csv": CRM, "shop.csv": SHOP, "web/1.csv": DAY_1})
    run_steps(undisturbed)
    environment = {**os.environ, "CDP_PROJECT": str(project.folder), "CDP_USER": "tester"}
    command = [sys.executable, "-m", "cdp_assets.cli.main", "refresh", "--as-of", "2026-11-20"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    lake = project.store / "lake"
    deadline = time.monotonic() + 60
    while not (lake / "events" / "_delta_log").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(kind)
    output, errors = process.communicate(timeout=60)
    assert not (lake / "unified_profiles" / "_delta_log").exists(), output
    if kind == signal.SIGINT:
        assert process.returncode == 130, output + errors
        assert "Stopped" in errors
        assert "Traceback" not in errors
    run_steps(project)
    assert contents(project) == contents(undisturbed)


def test_a_full_disk_is_said_and_the_next_refresh_is_whole(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(disk)], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("a small file system cannot be mounted here (needs root)")
    try:
        project = demo_project(disk / "project", people=160, days=5)
        ended = cdp(project, "refresh", "--as-of", "2026-11-20")
        assert ended.returncode == 1
        assert "disk is full" in ended.stdout + ended.stderr
        assert "Traceback" not in ended.stdout + ended.stderr
        subprocess.run(["mount", "-o", "remount,size=60m", str(disk)], check=True)
        run_steps(project)
        undisturbed = demo_project(tmp_path / "other", people=160, days=5)
        run_steps(undisturbed)
        assert contents(project) == contents(undisturbed)
    finally:
        subprocess.run(["umount", str(disk)], check=False)


def test_a_lost_store_is_made_again_from_the_sources(project: Project) -> None:
    run_steps(project)
    before = contents(project)
    shutil.rmtree(project.store)
    run_steps(project)
    assert contents(project) == before


def test_a_lost_ledger_costs_work_and_no_version(project: Project) -> None:
    run_steps(project)
    before = versions(project)
    shutil.rmtree(project.store / "steps")
    run_steps(project)
    assert versions(project) == before


def test_progress_is_shown_and_ctrl_c_leaves_the_published_state(project: Project) -> None:
    cdp(project, "refresh", "--as-of", "2026-11-20")
    current = (project.store / "published" / "CURRENT").read_bytes()
    (project.folder / "crm.csv").write_text(CRM + "c3,Eve Poe,eve@x.example\n")
    environment = {**os.environ, "CDP_PROJECT": str(project.folder), "CDP_USER": "cora"}
    command = [sys.executable, "-m", "cdp_assets.cli.main", "refresh", "--as-of", "2026-11-21"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    assert process.stderr.readline().rpartition(": ")[2] in ("done\n", "unchanged\n")
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Stopped" in errors
    assert (project.store / "published" / "CURRENT").read_bytes() == current


def test_a_run_that_cannot_even_begin_says_why(project: Project) -> None:
    run_steps(project)
    (project.store / "lake" / "crm" / "_delta_log" / "00000000000000000000.json").write_text("ann@x.example is no JSON")
    ended = cdp(project, "refresh")
    assert ended.returncode == 1
    assert "FAILED run: crm: " in ended.stdout
    assert "ann@x.example" not in ended.stdout + ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr


def test_a_refresh_waits_for_steps_that_run_in_processes_of_their_own(project: Project) -> None:
    """Between two steps of `refresh_isolated` nobody holds the lock; Dagster knows that the run goes on."""
    import dagster as dg

    from cdp_assets.orchestration.build import build_defs
    from cdp_assets.orchestration.instance import home
    from cdp_assets.orchestration.jobs import REFRESH_ISOLATED

    home(project)
    job = build_defs(project).resolve_job_def(REFRESH_ISOLATED)
    with dg.DagsterInstance.get() as instance:
        started = instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
        ended = cdp(project, "refresh")
        assert ended.returncode == 1
        assert f"run {started.run_id[:8]} of dagster" in ended.stderr
        instance.report_run_canceled(started)
    assert cdp(project, "refresh").returncode == 0
