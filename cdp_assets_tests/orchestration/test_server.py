"""The processes of a server as deploy/compose.yaml starts them, on this computer, with Dagster's records in a real PostgreSQL."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cdp_assets.config import load_project
from cdp_assets.lake import Holder, Place, project_lock
from cdp_assets.orchestration.run_resource import AS_OF_TAG
from cdp_assets_tests.orchestration.test_containers import service
from cdp_assets_tests.orchestration.test_over_time import CONFIG, CRM, DAY_1, DAY_2, SHOP
from cdp_assets_tests.orchestration.test_ui import REPOSITORIES, Ui
from cdp_assets_tests.postgres import Postgres, postgres
from cdp_assets_tests.projects import contents, run_steps, small_project

__all__ = ["postgres"]
pytestmark = pytest.mark.pipeline

STORED = CONFIG + "storage: {dagster: {postgres: CDP_DAGSTER_POSTGRES}}\n"
FILES = {"crm.csv": CRM, "shop.csv": SHOP, "web/1.csv": DAY_1, "web/2.csv": DAY_2}
ENDED = "query ($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"
LAUNCH = """
    mutation ($given: ExecutionParams!) { launchRun(executionParams: $given) {
        __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }
"""


class Server:
    """The three processes; `ui` asks the UI."""

    def __init__(self, folder: Path, address: str) -> None:
        self.project, self.folder = load_project(folder), folder
        self.ports = {name: free_port() for name in ("code", "ui")}
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("DAGSTER_")}
        self.environment |= {"CDP_PROJECT": str(folder), "CDP_USER": "tester", "CDP_DAGSTER_POSTGRES": address}
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.ui = Ui(self.project, self.ports["ui"])

    def command(self, name: str) -> list[str]:
        """What compose.yaml starts, with the hosts and ports of this computer."""
        here = {"0.0.0.0": "127.0.0.1", "4000": str(self.ports["code"]), "3000": str(self.ports["ui"])}
        here["code:4000"] = f"127.0.0.1:{self.ports['code']}"
        return [here.get(each, each) for each in service(name)["command"]]

    def start(self, name: str) -> None:
        with (self.folder.parent / f"{name}.log").open("ab") as log:
            command = [sys.executable, "-m", "cdp_assets.cli.main", *self.command(name)]
            self.processes[name] = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log, cwd="/", start_new_session=True)

    def stop(self) -> None:
        for process in self.processes.values():
            os.killpg(process.pid, signal.SIGINT)
        for process in self.processes.values():
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def healthy(self, name: str) -> bool:
        """Whether the health check of compose.yaml passes."""
        changed = {"4000": str(self.ports["code"])}
        kind, program, *arguments = service(name)["healthcheck"]["test"]
        assert kind == "CMD"
        arguments = [changed.get(each, each).replace(":3000/", f":{self.ports['ui']}/") for each in arguments]
        found = Path(sys.executable).parent / program
        home = {"DAGSTER_HOME": str(self.folder / ".cdp" / "dagster")}
        done = subprocess.run([found, *arguments], env=self.environment | home, capture_output=True, timeout=60, check=False)
        return done.returncode == 0


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture(scope="module")
def server(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("server") / "project"
    small_project(folder, STORED, FILES)
    # the form that compose.yaml states: the health checks call Dagster itself
    found = Server(folder, postgres.create("server").replace("postgresql://", "postgresql+psycopg2://"))
    try:
        for name in ("code", "ui", "daemon"):
            found.start(name)
        found.ui.until(REPOSITORIES, lambda data: data["repositoriesOrError"].get("nodes"))
        yield found
    finally:
        found.stop()


@pytest.fixture
def repository(server: Server) -> dict[str, str]:
    node = server.ui.ask(REPOSITORIES)["repositoriesOrError"]["nodes"][0]
    return {"repositoryName": node["name"], "repositoryLocationName": node["location"]["name"]}


def launch(server: Server, repository: dict[str, str]) -> str:
    of_the_day = {"tags": [{"key": AS_OF_TAG, "value": "2026-11-20"}]}
    given = {"selector": {**repository, "jobName": "refresh"}, "mode": "default", "runConfigData": {}, "executionMetadata": of_the_day}
    run = server.ui.ask(LAUNCH, given=given)["launchRun"]
    assert run["__typename"] == "LaunchRunSuccess", run
    return str(run["run"]["runId"])


def outcome(server: Server, run: str) -> str:
    over = ("SUCCESS", "FAILURE", "CANCELED")
    return str(server.ui.until(ENDED, lambda d: d["runOrError"]["status"] in over, id=run)["runOrError"]["status"])


def test_a_refresh_a_backfill_the_sensor_and_the_schedule_work_with_their_records_in_the_database(
    server: Server, repository: dict[str, str], postgres: Postgres, tmp_path: Path
) -> None:
    assert outcome(server, launch(server, repository)) == "SUCCESS"
    alone = small_project(tmp_path / "alone", CONFIG, FILES)
    run_steps(alone)
    assert contents(server.project) == contents(alone)
    assert (started_backfill(server), started_sensor(server, repository), started_schedule(server, repository)) == (
        "COMPLETED_SUCCESS",
        "SUCCESS",
        "RUNNING",
    )
    kept = postgres.psql("server", "select count(*) from runs where status = 'SUCCESS'")
    assert int(kept) >= 3
    assert int(postgres.psql("server", "select count(*) from daemon_heartbeats")) > 0
    assert int(postgres.psql("server", "select count(*) from job_ticks")) > 0
    assert not list((server.folder / ".cdp" / "dagster").rglob("*.db"))


def started_backfill(server: Server) -> str:
    launched = server.ui.ask(
        """mutation ($given: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $given) {
            __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }""",
        given={"assetSelection": [{"path": ["events"]}], "partitionNames": ["2026-11-18", "2026-11-19"], "fromFailure": False},
    )["launchPartitionBackfill"]
    assert launched["__typename"] == "LaunchBackfillSuccess", launched
    state = "query ($id: String!) { partitionBackfillOrError(backfillId: $id) { ... on PartitionBackfill { status } } }"
    over = ("COMPLETED_SUCCESS", "COMPLETED_FAILED", "FAILED", "CANCELED")
    found = server.ui.until(state, lambda d: d["partitionBackfillOrError"]["status"] in over, id=launched["backfillId"])
    return str(found["partitionBackfillOrError"]["status"])


def started_sensor(server: Server, repository: dict[str, str]) -> str:
    selector = {**repository, "sensorName": "source_files_sensor"}
    server.ui.ask("mutation ($s: SensorSelector!) { startSensor(sensorSelector: $s) { __typename } }", s=selector)
    ticks = """query ($s: SensorSelector!) { sensorOrError(sensorSelector: $s) { ... on Sensor {
        sensorState { ticks(limit: 5) { status runIds } } } } }"""

    def asked(data: Any) -> list[Any]:
        return [tick for tick in data["sensorOrError"]["sensorState"]["ticks"] if tick["status"] == "SUCCESS"]

    return outcome(server, asked(server.ui.until(ticks, asked, s=selector))[0]["runIds"][0])


def started_schedule(server: Server, repository: dict[str, str]) -> str:
    started = server.ui.ask(
        """mutation ($s: ScheduleSelector!) { startSchedule(scheduleSelector: $s) {
            ... on ScheduleStateResult { scheduleState { status } } } }""",
        s={**repository, "scheduleName": "refresh_schedule"},
    )
    return str(started["startSchedule"]["scheduleState"]["status"])


def test_a_run_is_cancelled_from_the_ui_although_another_process_runs_it(server: Server, repository: dict[str, str]) -> None:
    """It waits for the project, which this test holds, so that it is at work for sure."""
    cancel = """mutation ($id: String!) { terminateRun(runId: $id) { __typename ... on PythonError { message } } }"""
    with project_lock(Place(server.project.store).lock, Holder("held", "tester", os.getpid(), "now")):
        run = launch(server, repository)
        server.ui.until(ENDED, lambda d: d["runOrError"]["status"] == "STARTED", id=run)
        assert server.ui.ask(cancel, id=run)["terminateRun"]["__typename"] == "TerminateRunSuccess"
        assert outcome(server, run) == "CANCELED"
    assert outcome(server, launch(server, repository)) == "SUCCESS"


@pytest.mark.parametrize("name", ["code", "ui", "daemon"])
def test_the_health_check_of_a_process_that_is_there_passes(server: Server, name: str) -> None:
    assert server.healthy(name)


def test_the_code_server_that_was_stopped_is_not_healthy_and_comes_back(server: Server) -> None:
    os.killpg(server.processes["code"].pid, signal.SIGKILL)
    server.processes["code"].wait()
    assert not server.healthy("code")
    server.start("code")
    server.ui.until(REPOSITORIES, lambda data: data["repositoriesOrError"].get("nodes"))
    while not server.healthy("code"):
        assert server.processes["code"].poll() is None
