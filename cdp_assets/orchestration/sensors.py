"""The sensor on source files: what is new, changed or gone since it last asked for a refresh."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import dagster as dg

from cdp_assets.config import Project
from cdp_assets.orchestration.jobs import REFRESH
from cdp_assets.orchestration.keys import Prefix, named
from cdp_assets.sources import SourceError, find_files

MINIMUM_SECONDS = 30
SHOWN = 5  # file names in a reason


@dataclass(frozen=True)
class Difference:
    """File names that are new, changed and gone."""

    new: tuple[str, ...]
    changed: tuple[str, ...]
    gone: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.new or self.changed or self.gone)

    def __str__(self) -> str:
        parts = [(self.new, "new"), (self.changed, "changed"), (self.gone, "gone")]
        return ", ".join(f"{len(files)} {word} ({_some(files)})" for files, word in parts if files)


def difference(before: Mapping[str, str], now: Mapping[str, str]) -> Difference:
    """What changed between two lists of file -> stamp (size and time of change)."""
    return Difference(
        tuple(sorted(now.keys() - before.keys())),
        tuple(sorted(file for file in now.keys() & before.keys() if now[file] != before[file])),
        tuple(sorted(before.keys() - now.keys())),
    )


def remembered(cursor: str | None) -> dict[str, str] | None:
    """The files of the last request; None at the first tick or when the cursor cannot be read (then all are new)."""
    try:
        loaded = json.loads(cursor or "null")
    except ValueError:
        return None
    return {str(k): str(v) for k, v in loaded.items()} if isinstance(loaded, dict) else None


def stamps(project: Project) -> dict[str, str]:
    """Source and file -> size and time of change. A source without any readable file has no entry: its step says why."""
    found: dict[str, str] = {}
    for name, source in project.config.sources.items():
        try:
            files = find_files(project.folder, name, source)
        except SourceError:
            continue
        found |= {f"{name}: {file.name}": f"{file.bytes}:{file.modified}" for file in files}
    return found


def source_files_sensor(project: Project, prefix: Prefix = ()) -> dg.SensorDefinition:
    """Asks for one refresh whenever the files of any source differ from those of its last request."""

    @dg.sensor(
        name=named("source_files_sensor", prefix),
        job_name=named(REFRESH, prefix),
        minimum_interval_seconds=MINIMUM_SECONDS,
        default_status=dg.DefaultSensorStatus.STOPPED,
        description="Asks for a refresh when files of a source are new, changed or gone.",
    )
    def _sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        now = stamps(project)
        found = difference(remembered(context.cursor) or {}, now)
        if not found:
            return dg.SkipReason(f"{len(now)} source files, none new, changed or gone since the last request")
        cursor = json.dumps(now, sort_keys=True)
        context.log.info("source files: %s", found)
        return dg.SensorResult(run_requests=[dg.RunRequest(run_key=_key(cursor), tags={"cdp/why": str(found)[:200]})], cursor=cursor)

    return _sensor


def _key(cursor: str) -> str:
    import hashlib

    return f"files-{hashlib.sha256(cursor.encode()).hexdigest()[:16]}"


def _some(files: tuple[str, ...]) -> str:
    return ", ".join(files[:SHOWN]) + (", ..." if len(files) > SHOWN else "")
