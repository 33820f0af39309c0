"""Whether ids jump: a second drop, other rules, and all as it was before; which ids changed, and is each change implied.

What is implied says the definition of the registry as it is written down in identity/test_registry_properties.py, one record
at a time, and not the pipeline: from the registry before and the clusters now follows the id of each record. A record that
has another one, or none where it should have one, counts as unexplained, as one does whose cause the pipeline does not know.
"""

import shutil
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa
from ruamel.yaml import YAML

from cdp_assets.config import Project, load_project
from cdp_assets.demo import generate, generate_day_two
from cdp_assets.lake import Place
from cdp_assets_tests.identity.test_registry_properties import Holding, Id, Registry, by_definition
from cdp_assets_tests.projects import run_up_to, table_of

DAYS = 1
"""Of web events, which no step here reads."""
TABLES = ("clusters", "customer_ids", "customer_id_changes")


class Churn(NamedTuple):
    """What one refresh did to ids: records that have one before and after, of these with another one, not implied, causes."""

    what: str
    records: int
    changed: int
    unexplained: int
    causes: Counter[str]

    def told(self) -> str:
        """The figures in words."""
        causes = ", ".join(f"{cause} {count:,}" for cause, count in self.causes.most_common())
        share = self.changed / self.records if self.records else 0
        return f"{self.what}: {self.changed:,} of {self.records:,} ids changed ({share:.3%}), unexplained {self.unexplained}; {causes}"


def churn(folder: Path, people: int, of: Path) -> list[Churn]:
    """Refresh a copy of a world of so many people, which stands in `of` and stays as it is, again and again."""
    shutil.copytree(of, folder, ignore=shutil.ignore_patterns(".cdp"))
    history = History(load_project(folder))
    history.refresh("first drop")
    generate_day_two(folder)
    found = [history.refresh("second drop")]
    before = (folder / "cdp.yaml").read_text()
    _other_rules(folder / "cdp.yaml")
    found.append(history.refresh("other rules"))
    (folder / "cdp.yaml").write_text(before)
    generate(folder, people=people, days=DAYS)  # takes the second drop back
    return [*found, history.refresh("first drop and first rules again")]


class History:
    """The refreshes of a project, one after the other."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self.registry: Registry = {}
        self._sets = 0

    def refresh(self, what: str) -> Churn:
        """Refresh up to the ids, and compare with what the definition makes of the registry before and the clusters now."""
        project = self._project = load_project(self._project.folder)
        for _ in run_up_to(project, *TABLES):
            pass
        wanted = held(by_definition(self.registry, groups(rows(project, "clusters", "source, record_key, smallest_record", "has_profile"))))
        was = held(self.registry)
        self.registry = registry_of(rows(project, "customer_ids", "source, record_key, base_record, generation, birth, since, until, held"))
        now = held(self.registry)
        new = rows(project, "customer_id_changes", "change_set, cause", f"change_set > {self._sets}")
        self._sets = max((each["change_set"] for each in new), default=self._sets)
        causes = Counter(str(each["cause"]) for each in new)
        both = was.keys() & now.keys()
        other = {each for each in wanted.keys() | now.keys() if wanted.get(each) != now.get(each)}
        unknown = len(other) + causes["unexplained"] + causes["not recorded"]
        return Churn(what, len(both), sum(was[each] != now[each] for each in both), unknown, causes)


def _other_rules(file: Path) -> None:
    """The second rule between crm and loyalty is off, and names are to be equal where shop is asked."""
    document = YAML(typ="safe").load(file.read_text())
    for rule in document["customers"]["match"]:
        if rule["name"] == "name and birth date of crm and loyalty":
            rule["active"] = False
        if rule["name"].endswith("and shop") and rule["name"].startswith("name"):
            rule["all"][0].pop("precision")
    with file.open("w") as out:
        YAML(typ="safe").dump(document, out)


def rows(project: Project, table: str, columns: str, condition: str = "true") -> list[dict[str, Any]]:
    """Columns of a table's newest version."""
    source = Place(project.store).newest(table_of(project, table))
    with duckdb.connect() as connection:
        found: pa.Table = connection.sql(f"select {columns} from ({source.sql}) where {condition}").to_arrow_table()
    return found.to_pylist()


def groups(clusters: list[dict[str, Any]]) -> dict[str, list[str]]:
    """Smallest record -> records."""
    found: dict[str, list[str]] = {}
    for row in clusters:
        found.setdefault(row["smallest_record"], []).append(f"{row['source']}|{row['record_key']}")
    return found


def registry_of(ids: list[dict[str, Any]]) -> Registry:
    """The table of ids as the definition has it."""
    found: Registry = {}
    for row in ids:
        identity = Id(row["base_record"], row["generation"], row["birth"])
        found[f"{row['source']}|{row['record_key']}", identity] = Holding(row["since"], row["held"], row["until"])
    return found


def held(ids: Registry) -> dict[str, Id]:
    """Record -> the id that it holds."""
    return {record: identity for (record, identity), row in ids.items() if row.held}
