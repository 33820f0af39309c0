"""The weights of words that the pipeline learns from all records of a step: learnt here from the same records, by its stages."""

from collections.abc import Mapping

import duckdb
import pyarrow as pa

from cdp_assets.config import ProjectConfig
from cdp_assets.identity.forms import forms_stages
from cdp_assets.identity.rules import Rule, dedupe_rules, forms_of, match_rules, record_sources
from cdp_assets.identity.words import weights_name
from cdp_assets.lake import Stage
from cdp_assets.lake.session import provide
from cdp_assets.lake.source import name

Weights = Mapping[str, str]
"""Kind of form -> the relation with word and weight."""


class Learner:
    """Learns the weights of a step the first time that a rule of it needs them; the rules between sources are one step."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, config: ProjectConfig, records: Mapping[str, str]) -> None:
        self._connection, self._config, self._records = connection, config, records
        self._learnt: dict[str, Weights] = {}

    def of(self, rule: Rule) -> Weights:
        """The weights that the step of this rule has; none where the rule weighs no words."""
        weighed = any(c.weighed for c in (*rule.comparisons, *(each.comparison for each in rule.exceptions)))
        scope = rule.left_source if rule.within else ""
        if weighed and scope not in self._learnt:
            self._learnt[scope] = self._learn(scope)
        return self._learnt[scope] if weighed else {}

    def _learn(self, scope: str) -> Weights:
        rules = dedupe_rules(self._config, scope) if scope else match_rules(self._config)
        sources = [s for s in record_sources(self._config) if any(s in (r.left_source, r.right_source) for r in rules)]
        stages = {stage.name: stage for stage in forms_stages({self._records[s]: forms_of(rules, s) for s in sources})}
        kinds = {kind: weights_name(kind) for kind in ("address", "organization") if weights_name(kind) in stages}
        found: dict[str, str] = {}
        made: list[str] = []
        for kind, stage in kinds.items():
            self._connection.execute(f"drop view if exists {name(stage)}")  # by which an earlier question saw those of another step
            self._make(stages, stage, made)
            found[kind] = f"learnt {scope} {kind}"
            self._connection.execute(f"create or replace temp table {name(found[kind])} as select * from {name(stage)}")
        for stage in made:
            self._connection.execute(f"drop table {name(stage)}")
        return found

    def _make(self, stages: Mapping[str, Stage], wanted: str, made: list[str]) -> None:
        """Make a stage after those that it reads."""
        if wanted not in stages or wanted in made:
            return
        for each in stages[wanted].reads:
            self._make(stages, each, made)
        provide(self._connection, stages[wanted].functions)
        make(self._connection, stages[wanted])
        made.append(wanted)


def make(connection: duckdb.DuckDBPyConnection, stage: Stage) -> None:
    """The rows of a stage as a temporary table of its name."""
    sql = stage.sql()
    if sql is None:
        assert callable(stage.body)
        tables: dict[str, pa.Table] = {each: connection.table(name(each)).to_arrow_table() for each in stage.reads}
        connection.register("made by a function", stage.body(tables, stage.params))
        sql = 'select * from "made by a function"'
    used = {key: value for key, value in stage.params.items() if f"${key}" in sql}
    connection.execute(f"create or replace temp table {name(stage.name)} as {sql}", used)
