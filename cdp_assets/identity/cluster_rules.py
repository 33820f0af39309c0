"""The rules of households and other clusters: those of dedupe, over the profiles as if these were one more source."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

from cdp_assets.config import Dedupe, Field, ProjectConfig, RecordsSource
from cdp_assets.config.clusters import PROFILES, cluster_rules
from cdp_assets.config.unified import unified_fields
from cdp_assets.identity.forms import Forms
from cdp_assets.identity.normalise import Form
from cdp_assets.identity.rules import Rule, dedupe_rules, forms_of, list_sources


@dataclass(frozen=True)
class ClusterRule(Rule):
    """A rule over profiles; `cluster` is what it makes."""

    cluster: str = ""

    @property
    def where(self) -> str:
        """The rule's place in the configuration, for messages."""
        place = "households" if self.cluster == "household" else f"clusters.{self.cluster}"
        return f'customers.{place}, rule "{self.name}"'


def rules_of_clusters(config: ProjectConfig) -> dict[str, list[ClusterRule]]:
    """The active rules of each cluster."""
    stated = cluster_rules(config)
    of = [cluster for cluster, rules in stated.items() for rule in rules if rule.active]
    found: dict[str, list[ClusterRule]] = {cluster: [] for cluster in stated}
    for cluster, rule in zip(of, dedupe_rules(with_profiles(config), PROFILES), strict=True):
        found[cluster].append(ClusterRule(**{each.name: getattr(rule, each.name) for each in fields(rule)}, cluster=cluster))
    return found


def with_profiles(config: ProjectConfig) -> ProjectConfig:
    """The configuration with the profiles as a source and the clusters' active rules as its dedupe rules; nothing is learnt of it."""
    fields_ = {field.name: Field(type=field.type) for field in unified_fields(config)}
    source = RecordsSource.model_construct(kind="records", primary_key="", fields=fields_)
    every = tuple(rule for rules in cluster_rules(config).values() for rule in rules if rule.active)
    guards = config.customers.guards.model_copy(update={"shared_by": None})
    customers = config.customers.model_copy(update={"dedupe": {PROFILES: Dedupe(rules=every)}, "guards": guards})
    return config.model_copy(update={"sources": {**config.sources, PROFILES: source}, "customers": customers})


def cluster_lists(config: ProjectConfig) -> list[str]:
    """The sources in which the lists stand that rules of clusters name."""
    return list_sources(rule for rules in rules_of_clusters(config).values() for rule in rules)


def forms_of_profiles(config: ProjectConfig) -> Forms:
    """The comparable forms of profiles that the rules of all clusters need."""
    return forms_of([rule for rules in rules_of_clusters(config).values() for rule in rules], PROFILES)


def weighed_in(config: ProjectConfig, source: str) -> Sequence[Form]:
    """The forms of a source's own fields from which the weights of words are learnt that rules of clusters compare by."""
    members = {field.name: [m.field for m in field.members if m.source == source] for field in unified_fields(config)}
    weighed = [form for form in forms_of_profiles(config).forms if form.view == "weights"]
    return [replace(form, field=field) for form in weighed for field in members[form.field]]
