"""What the sections share: the strict base model, names that may stand in SQL, how a validator refuses a value."""

import re
from collections.abc import Iterable
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
NAME_RULE = "a lower-case letter, then lower-case letters, digits and _ (63 characters at most)"

TABLES = frozenset(
    "decisions audit_log quarantine source_files source_columns column_profiles files_read keys_removed rows_rejected"
    " events visitor_links visitor_identities match_overrides match_edges clusters customer_ids"
    " term_frequencies account_term_frequencies contact_term_frequencies"
    " customer_id_changes account_id_changes contact_id_changes"
    " configured_ids account_configured_ids contact_configured_ids"
    " customer_id_redirects unified_profiles profile_lineage alternate_keys account_match_edges account_clusters"
    " account_ids account_id_redirects account_profiles account_lineage account_keys"
    " contact_match_edges contact_clusters"
    " contact_ids contact_id_redirects contacts contact_lineage contact_keys"
    " contact_account_links contact_profiles contact_quarantine unified_activities customer_measures clv_usability"
    " activity_quarantine activity_totals clv_features clv_model clv_scores clv_results clv_percentiles clv_factors"
    " interactions account_engagement consents consent_statements segments"
    " segment_membership export_runs export_ledger unification_quality"
    " unification_statistics review_queue published_snapshot lake_upkeep".split()
)
"""Names of the program's own tables, those of later versions too: a source that took one could not stay."""

TABLE_PREFIXES = ("deduplicated_", "duplicate_pairs_", "measure_", "export_")

COLUMNS = frozenset(
    "source source_file source_line record_key winner_key is_winner rule score duplicate_rows alternates"
    " taken_fields taken_keys taken_files taken_lines own_values"
    " customer_id known records visitors first_seen last_seen previous_customer_ids".split()
)
"""Columns that the program adds to records and profiles, so that no field may have their names."""

EVENT_COLUMNS = frozenset("event_id visitor_id time day event".split())
"""Columns that the program adds to events, besides ``COLUMNS``."""


class RefusedError(ValueError):
    """What a validator raises: the message, and what would be allowed instead.

    ``certain``: it is so whatever else of the mapping is wrong, such as a name that stands twice; without it nothing is
    said while a part of the mapping could not be read, because what is wrong may follow from that.
    """

    def __init__(self, message: str, *, allowed: Iterable[str] = (), nearest: str | None = None, certain: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.allowed = tuple(allowed)
        self.nearest = nearest
        self.certain = certain


class Section(BaseModel):
    """A mapping of the configuration: frozen, and every key of it is known."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, use_attribute_docstrings=True, validate_default=False)


def _source_name(name: str) -> str:
    if not NAME.fullmatch(name):
        raise RefusedError("is not a name for a source", allowed=[NAME_RULE])
    if name in TABLES or name.startswith(TABLE_PREFIXES):
        raise RefusedError("is the name of one of the program's own tables; choose another", nearest=f"{name}_source")
    return name


def _field_name(name: str) -> str:
    if not NAME.fullmatch(name):
        raise RefusedError("is not a name for a field", allowed=[NAME_RULE], nearest=snake_case(name))
    if name in COLUMNS:
        raise RefusedError("is a column that the program adds itself; choose another name and state the column")
    return name


def snake_case(name: str) -> str | None:
    """The name in the form of ours that comes nearest (``ContactId`` is ``contact_id``), or None."""
    words = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name)
    found = re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_")
    return found if NAME.fullmatch(found) else None


def _text(value: str) -> str:
    if not value.strip():
        raise RefusedError("is empty text")
    if "\0" in value:
        raise RefusedError("holds a character that no name may hold")
    return value


Text = Annotated[str, AfterValidator(_text)]
SourceName = Annotated[str, AfterValidator(_source_name)]
FieldName = Annotated[str, AfterValidator(_field_name)]
