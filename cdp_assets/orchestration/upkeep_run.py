"""The upkeep launched through us (the command line): its job in this process, recorded in the project's instance."""

import time
import uuid
from datetime import UTC, datetime

from cdp_assets.config import Project, Role, load_project
from cdp_assets.errors import UserError
from cdp_assets.governance import record, require
from cdp_assets.lake import Holder, Place, project_lock
from cdp_assets.orchestration.failures import run_message, step_message
from cdp_assets.orchestration.in_process import execute, wait_for_isolated_runs
from cdp_assets.orchestration.instance import home
from cdp_assets.orchestration.jobs import MAINTAIN
from cdp_assets.orchestration.run_resource import process
from cdp_assets.orchestration.upkeep import AT_ONCE_TAG


def maintain(project: Project, user: str, *, drop_removed: bool = False, wait_seconds: float = 0) -> str:
    """Run the upkeep from the command line, recorded in the project's instance; what was done, in words. For administrators.

    Raises BusyError when another run holds the project and waiting was not asked for, UserError when it failed. Who waits goes by
    cdp.yaml as it is then.
    """
    require(project, user, Role.administrator, MAINTAIN)
    home(project)
    place, run_id = Place(project.store), str(uuid.uuid4())
    place.prepare()
    holder = Holder(run_id, user, process(), datetime.now(UTC).isoformat(timespec="seconds"))
    wait_for_isolated_runs(time.monotonic() + wait_seconds)
    with project_lock(place.lock, holder, wait_seconds=wait_seconds):
        if wait_seconds:  # what was changed meanwhile counts
            project = load_project(project.folder)
            require(project, user, Role.administrator, MAINTAIN)
        tags = {AT_ONCE_TAG: "yes"} if drop_removed else {}
        result = execute(project, MAINTAIN, user, run_id, None, tags=tags)
        failures = [step_message(event) for event in result.filter_events(lambda e: e.is_step_failure)]
        failure = None if result.success else failures[0] if failures else run_message(result.all_events)
        record(place, user=user, action=MAINTAIN, subject=run_id, outcome="done" if failure is None else "failed")
    if failure is not None:
        raise UserError(f"The upkeep failed: {failure}")
    made = result.get_asset_materialization_events()[0].materialization
    return str(made.metadata["done"].value)
