"""The part `dedupe` of customers, accounts and contacts: how records of one source that are the same become one."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, StrictBool, Tag, model_validator

from cdp_assets.config.base import RefusedError, Section, Text
from cdp_assets.config.rule_condition import Condition, Conditions, Precision


class RuleException(Condition):
    """A condition that keeps apart what the rule found. Where one of the two has no value it never holds."""

    differs: StrictBool = False
    """true: it holds when both have a value and these are not alike; else when they are alike."""


class DedupeRule(Section):
    """Two records of one source are the same person when all conditions hold."""

    name: Text
    """How the rule is called in the results."""
    all: Conditions
    """The conditions, all of which must hold."""
    exceptions: tuple[RuleException, ...] = ()
    """What the rule found is not taken when any of these holds."""
    review: Precision | None = None
    """A precision below every other one of the rule: a pair of which some value is less alike than its condition asks for, and no less
    than this, is kept for people to look at and joins nobody. Conditions with precision exact must hold all the same."""
    active: StrictBool = True
    """false: as if the rule were not there; `cdp review customers --rule NAME` (or accounts) tries what it would find."""


class Recency(Section):
    """The newest or the oldest record, by a date, timestamp or number of the source: one of the two keys."""

    most_recent: str | None = None
    """The field whose greatest value is the newest."""
    least_recent: str | None = None
    """The field whose smallest value is the oldest."""

    @model_validator(mode="after")
    def _one(self) -> "Recency":
        if (self.most_recent is None) == (self.least_recent is None):
            raise RefusedError("must have most_recent or least_recent, and not both", allowed=["{most_recent: a field}"])
        return self

    @property
    def field(self) -> str:
        """The field by which records are older or newer."""
        return self.most_recent or self.least_recent or ""


def _form(written: Any) -> str:
    return "mapping" if isinstance(written, dict | Recency) else "word"


def _word(written: Any) -> Any:
    if written != "most_filled":
        raise RefusedError("unknown value", allowed=["most_filled", "{most_recent: a field}", "{least_recent: a field}"])
    return written


Keep = Annotated[
    Annotated[Literal["most_filled"], BeforeValidator(_word), Tag("word")] | Annotated[Recency, Tag("mapping")],
    Discriminator(_form),
]
"""Which of several records is taken."""


class Dedupe(Section):
    """How records of one source that are the same person become one."""

    rules: tuple[DedupeRule, ...] | None = None
    """Any of them joins two records. Without the key the match rules of the source hold inside it too; []: only the same primary key."""
    keep: Keep = "most_filled"
    """The record that goes on: most_filled, {most_recent: field} or {least_recent: field}; at a tie the one with the greatest key."""
    fields: dict[str, Keep] = {}
    """Fields of which another record's value is shown: of the records that have one, the record that this says. Records are
    compared, and their identifiers counted, by what they have themselves."""
