"""A web shop's own Dagster project: it writes the files that our customers are made from, and reads the profiles.

It has its own executor, resource, partitions, groups and a job, with the very names that ours have.
"""

import os
from pathlib import Path

import dagster as dg

from cdp_assets.config import load_project
from cdp_assets.definitions import build_defs

FOLDER = Path(os.environ["SHOP_FOLDER"])  # holds the folder `customers` with a cdp.yaml, and perhaps `partners` with another
CUSTOMERS = "contact_id,full_name,email\nc1,Ann Lee,ann@x.example\nc2,Bob Ray,bob@x.example\n"
PARTNERS = "account,name,mail\np1,Pia Orr,pia@x.example\n"
READ = [["customers", "crm"], ["customers", "shop"], ["customers", "web"], ["trade", "partners", "shop"]]  # assets of ours
weeks = dg.WeeklyPartitionsDefinition(start_date="2026-11-01")


@dg.asset(group_name="sources")
def crm(run: dg.ResourceParam[str]) -> None:
    """Their export, under the name that our source has; their resource `run` is a word."""
    assert run == "a word"
    (FOLDER / "customers" / "crm.csv").write_text(CUSTOMERS)


@dg.asset(group_name="sources")
def partner_file() -> None:
    """The file of the second project."""
    (FOLDER / "partners" / "shop.csv").write_text(PARTNERS)


@dg.asset(partitions_def=weeks, group_name="events")
def events(context: dg.AssetExecutionContext) -> None:
    """Divided by week, where ours is by day."""
    context.log.info(context.partition_key)


@dg.asset(deps=[dg.AssetKey(["customers", "unified_profiles"])])
def report() -> "dg.MaterializeResult[None]":
    """Made from our profiles, which stand in a Delta table."""
    from deltalake import DeltaTable

    profiles = DeltaTable(str(FOLDER / "customers" / ".cdp" / "lake" / "unified_profiles"))
    return dg.MaterializeResult(metadata={"profiles": profiles.to_pyarrow_table().num_rows})


@dg.asset_check(asset=dg.AssetKey(["customers", "unified_profiles"]))
def has_profiles() -> dg.AssetCheckResult:
    """Their check on our table."""
    return dg.AssetCheckResult(passed=(FOLDER / "customers" / ".cdp" / "lake" / "unified_profiles").is_dir())


theirs = dg.Definitions(
    assets=[crm, partner_file, events, report],
    asset_checks=[has_profiles],
    jobs=[
        dg.define_asset_job("refresh", selection=dg.AssetSelection.assets("crm", "partner_file", "report")),
        dg.define_asset_job("morning", selection=dg.AssetSelection.assets("crm", "partner_file", *READ)),
    ],
    resources={"run": "a word"},
    # spawn, as a process that a forkserver makes has the environment of the first test that started it
    executor=dg.multiprocess_executor.configured({"max_concurrent": 3, "start_method": {"spawn": {}}}),
)
customers = build_defs(load_project(FOLDER / "customers"), key_prefix="customers", upstream={"crm": ["crm"]})
partners = build_defs(load_project(FOLDER / "partners"), key_prefix=["trade", "partners"], upstream={"shop": ["partner_file"]})
defs = dg.Definitions.merge(theirs, customers, partners)
