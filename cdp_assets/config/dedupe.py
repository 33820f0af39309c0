"""The part `dedupe` of customers, accounts and contacts: how records of one source that are the same become one."""

from typing import Literal

from cdp_assets.config.base import Section, Text
from cdp_assets.config.rule_condition import Conditions


class DedupeRule(Section):
    """Two records of one source are the same person when all conditions hold."""

    name: Text
    """How the rule is called in the results."""
    all: Conditions
    """The conditions, all of which must hold."""


class Dedupe(Section):
    """How records of one source that are the same person become one."""

    rules: tuple[DedupeRule, ...] = ()
    """Any of them joins two records; records with the same primary key are always joined."""
    keep: Literal["most_filled"] = "most_filled"
    """Which record goes on: the one with the most filled fields, at a tie the one with the greatest key."""
