"""Why an asset was not made: Dagster says nothing of steps that it does not start, so the step above them that failed does.

The entry is an observation of the skipped asset, in the run that skipped it: the asset's page shows it, `cdp status` reads it.
"""

from collections.abc import Mapping, Sequence

import dagster as dg

from cdp_assets.orchestration.keys import table_of

SKIPPED = "skipped_because_of"
"""The entry of such an observation: the table whose step failed."""


def say_skipped(context: dg.AssetExecutionContext) -> None:
    """Log for every asset of the run below the present one that it is skipped, and because of which."""
    failed = table_of(context.asset_key)
    why = f"Skipped: it depends on {failed}, which failed. It keeps its last version. Mend what {failed} says, then refresh."
    for key in below(context):
        context.log_event(dg.AssetObservation(key, description=why, metadata={SKIPPED: failed}))


def below(context: dg.AssetExecutionContext) -> list[dg.AssetKey]:
    """The assets of this run that depend on the present one, in the order of their names."""
    layer = context.job_def.asset_layer
    of_run = set(layer.executable_asset_keys)
    graph = layer.asset_graph
    seen: set[dg.AssetKey] = set()
    left = [context.asset_key]
    while left:
        for key in graph.get(left.pop()).child_keys:
            if key in of_run and key not in seen:
                seen.add(key)
                left.append(key)
    return sorted(seen)


def reason(metadata: Mapping[str, dg.MetadataValue]) -> str | None:
    """The table that is to blame, of an observation; None where it is none of these."""
    value = metadata.get(SKIPPED)
    return str(value.value) if value is not None else None


def reasons(events: Sequence[dg.DagsterEvent]) -> dict[str, list[str]]:
    """Skipped table -> the tables whose steps failed above it, of the observations of a run."""
    found: dict[str, list[str]] = {}
    for event in events:
        seen = event.asset_observation_data.asset_observation
        because = reason(seen.metadata)
        if because is not None:
            found.setdefault(table_of(seen.asset_key), []).append(because)
    return {table: sorted(set(because)) for table, because in found.items()}
