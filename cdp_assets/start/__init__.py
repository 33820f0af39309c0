"""A first configuration from files: what a folder holds, what its columns mean, and the cdp.yaml and quality report that follow.

Reads with the code that a refresh reads with, counts, and never tells a value: only numbers and the forms of values.
"""

from cdp_assets.start.added import Added, add_columns
from cdp_assets.start.present import SourceFields, suggest_fields
from cdp_assets.start.report import report_lines
from cdp_assets.start.suggestion import Suggestion, suggest
from cdp_assets.start.write import REPORT, config_text

__all__ = ["REPORT", "Added", "SourceFields", "Suggestion", "add_columns", "config_text", "report_lines", "suggest", "suggest_fields"]
