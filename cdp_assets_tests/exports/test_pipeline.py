"""From files to an export, as people run it: refresh, confirm, export; on the command line and in Dagster."""

import json
import os
import subprocess
import sys

import dagster as dg
import duckdb
import pytest

from cdp_assets.config import Project, load_project
from cdp_assets.governance import AccessDeniedError
from cdp_assets.governance.tables import AUDIT_LOG
from cdp_assets.lake import Place
from cdp_assets.orchestration.build import build_defs
from cdp_assets.orchestration.export_run import export
from cdp_assets.orchestration.instance import home
from cdp_assets.orchestration.jobs import REFRESH
from cdp_assets_tests.exports.world import CONFIG, ask
from cdp_assets_tests.projects import AS_OF, query, run, small_project

pytestmark = pytest.mark.pipeline

CRM = """\
id,full_name,email,country,crm_id
1,Ann Abel,ann@x.example,DE,C-1
2,Bob Bose,bob@x.example,DE,C-2
3,Cat Cole,cat@x.example,AT,C-3
4,Dan Dahl,dan@x.example,DE,
"""
CONSENTS = """\
mail,purpose,given,at
ann@x.example,newsletter,true,2026-01-01T00:00:00
bob@x.example,newsletter,false,2026-01-01T00:00:00
cat@x.example,newsletter,true,2026-01-01T00:00:00
"""


@pytest.fixture(scope="module")
def refreshed(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project after a refresh; its tests do not change what it read."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DAGSTER_HOME", raising=False)
        folder = tmp_path_factory.mktemp("exports") / "p"
        project = small_project(
            folder, CONFIG.replace("owner: [olga]", "owner: [olga, tester]"), {"sources/crm.csv": CRM, "sources/consents.csv": CONSENTS}
        )
        assert run(project).ok
        return project


def cdp(project: Project, *arguments: str, user: str, given: str = "") -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "CDP_USER": user, "CDP_PROJECT": str(project.folder)}
    command = [sys.executable, "-m", "cdp_assets.cli.main", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, cwd="/", check=False, input=given)


# Brief row 29: saving does not run; on demand or scheduled.
def test_saving_and_refreshing_run_no_export(refreshed: Project) -> None:
    defs = build_defs(refreshed)
    assert not {key.to_user_string() for key in defs.resolve_job_def(REFRESH).asset_layer.executable_asset_keys} & {
        f"export_{name}" for name in refreshed.config.exports
    }
    assert ask(refreshed, "select count(*) from export_runs where user_name not in ('adam', 'cora')") == [(0,)]
    assert not (refreshed.folder / "exports" / "ids").exists()


def test_whoever_materialises_everything_sends_nothing(refreshed: Project) -> None:
    home(refreshed)
    before = ask(refreshed, "select count(*) from export_runs")
    job = build_defs(refreshed).resolve_implicit_global_asset_job_def()
    everything = [dg.AssetKey("export_agency"), dg.AssetKey("segments")]
    with dg.DagsterInstance.get() as instance:
        result = job.execute_in_process(
            instance=instance, asset_selection=everything, raise_on_error=False, tags={"cdp/as_of": AS_OF.isoformat()}
        )
    assert result.success
    assert [event.asset_key.to_user_string() for event in result.get_asset_materialization_events()] == ["segments"]
    assert ask(refreshed, "select count(*) from export_runs") == before
    assert any("Nothing was sent" in (check.description or "") for check in result.get_asset_check_evaluations())


def test_an_export_with_a_schedule_has_one_and_is_off_until_switched_on(refreshed: Project) -> None:
    schedules = {s.name: s for s in build_defs(refreshed).schedules or () if isinstance(s, dg.ScheduleDefinition)}
    of_exports = {name: s for name, s in schedules.items() if "export" in name}
    assert {(s.job_name, s.cron_schedule, s.default_status) for s in of_exports.values()} == {
        ("run_export_sales", "0 6 * * 1", dg.DefaultScheduleStatus.STOPPED)
    }


def test_from_files_to_a_file_on_demand(refreshed: Project) -> None:
    """Refused before the connection is confirmed; then on demand, with a summary; and everything is in the audit log."""
    refused = cdp(refreshed, "export", "run", "agency", user="adam")
    assert refused.returncode == 1
    assert "`cdp connection confirm files`" in refused.stdout
    denied = cdp(refreshed, "connection", "confirm", "files", "--agree", user="cora")
    assert (denied.returncode, "needs the role administrator" in denied.stderr) == (1, True)
    for answer in ("n\n", ""):
        unanswered = cdp(refreshed, "connection", "confirm", "files", user="adam", given=answer)
        assert (unanswered.returncode, "Not confirmed; nothing was changed." in unanswered.stderr) == (1, True)
    assert cdp(refreshed, "connection", "confirm", "files", user="adam", given="y\n").returncode == 0
    ended = cdp(refreshed, "export", "run", "agency", user="adam")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    said = json.loads(ended.stdout.splitlines()[-1])
    assert (said["state"], said["selected"], said["delivered"]) == ("done", 3, 1)
    assert said["states"] == {"delivered": 1, "dry_run": 0, "suppressed": 2, "no_contact": 0, "refused": 0, "failed": 0}
    assert said["files"] == ["exports/agency/high_value.csv"]
    text = (refreshed.folder / "exports/agency/high_value.csv").read_text()
    [(customer,)] = query(refreshed, "select customer_id from alternate_keys where source = 'crm' and record_key = '1'")
    assert text == f"customer_id,full_name,email\n{customer},Ann Abel,ann@x.example\n"
    assert "ann@" not in ended.stdout + ended.stderr
    log = duckdb.execute(
        f"""select action, outcome from ({Place(refreshed.store).newest(AUDIT_LOG).sql}) where subject = 'agency' order by "at" """
    )
    assert log.fetchall() == [("run export", "allowed"), ("run export", "failed"), ("run export", "allowed"), ("run export", "done")]


def test_a_contributor_runs_a_shared_connection_and_a_viewer_none(refreshed: Project) -> None:
    assert cdp(refreshed, "connection", "confirm", "sales", "--agree", user="adam").returncode == 0
    summary = export(load_project(refreshed.folder), "cora", "sales")
    assert (summary.state, summary.ok, summary.selected, summary.states["dry_run"]) == ("dry_run", True, 3, 1)
    with pytest.raises(AccessDeniedError, match="needs the role administrator"):
        export(load_project(refreshed.folder), "cora", "ids")
    with pytest.raises(AccessDeniedError, match="vic has the role viewer"):
        export(load_project(refreshed.folder), "vic", "sales")
    log = Place(refreshed.store).newest(AUDIT_LOG).sql
    denied = duckdb.execute(f"select user_name, subject from ({log}) where action = 'run export' and outcome = 'denied'").fetchall()
    assert {("cora", "ids"), ("vic", "sales")} <= set(denied)


def test_the_lists_say_what_is_there_and_what_one_may(refreshed: Project) -> None:
    exports = cdp(refreshed, "export", "list", user="cora").stdout
    agency, sales, mail = (
        next(line for line in exports.splitlines() if line.startswith(f"│ {name} ")) for name in ("agency", "sales", "mail")
    )
    assert [cell.strip() for cell in sales.split("│")][1:4] == ["sales", "sales", "dynamics_sales"]
    assert "0 6 * * 1" in sales
    assert [cell.strip() for cell in agency.split("│")][5] == "no"
    assert [cell.strip() for cell in sales.split("│")][5] == "yes"
    assert "never" in mail
    assert "marketing carries nothing until an administrator runs `cdp connection confirm marketing`." in exports
    connections = cdp(refreshed, "connection", "list", user="vic").stdout
    assert "Contoso Marketing" in connections
    assert "contributor" in connections


def test_the_run_and_its_checks_are_in_dagster(refreshed: Project) -> None:
    cdp(refreshed, "connection", "confirm", "sales", "--agree", user="adam")
    summary = export(load_project(refreshed.folder), "adam", "both")
    home(refreshed)
    with dg.DagsterInstance.get() as instance:
        record = instance.get_run_by_id(summary.run)
        assert record is not None
        assert (record.job_name, record.is_success) == ("run_export_both", True)
        event = instance.get_latest_materialization_event(dg.AssetKey("export_both"))
        assert event is not None
        assert event.asset_materialization is not None
        metadata = event.asset_materialization.metadata
        assert {name: metadata[name].value for name in ("selected", "dry_run", "no_contact")} == {
            "selected": 3.0,
            "dry_run": 3.0,
            "no_contact": 0.0,
        }


def test_a_decision_after_the_refresh_makes_nothing_stale(refreshed: Project) -> None:
    """Confirming adds to `decisions`, which other tables may be made from."""
    cdp(refreshed, "connection", "confirm", "sales", "--agree", user="adam")
    cdp(refreshed, "connection", "confirm", "sales", "--agree", user="adam")
    assert export(load_project(refreshed.folder), "adam", "field").ok
