"""The suggestion as the text of a cdp.yaml, which is checked before anybody sees it."""

from cdp_assets.config import ConfigError, parse_config
from cdp_assets.errors import UserError
from cdp_assets.start.files import REPORT
from cdp_assets.start.sections_text import sections_lines
from cdp_assets.start.sources_text import sources_lines
from cdp_assets.start.suggestion import Suggestion
from cdp_assets.start.yaml_text import aligned

__all__ = ["REPORT", "config_text"]

_HEAD = """\
# Suggested by `cdp init` from the files of this folder, and from nothing else: read it through before you trust it.
# Behind a # stands why, with counts. What is not certain is a comment: take the # away to use it.
# Next: `cdp validate` (is it right?), `cdp refresh` (read and unify everything), `cdp status`, `cdp web`.
"""


def config_text(suggestion: Suggestion, first_line: str = "") -> str:
    """The text of cdp.yaml, `first_line` on top. A text that is not valid is never given out: UserError, as that is a mistake of ours.

    Without any source that can be used it is a valid start of a file, all of it comments but the version.
    """
    lines = [*([first_line] if first_line else []), *_HEAD.splitlines(), "version: 1", "", *sources_lines(suggestion)]
    usable = any(part.wanting is None for part in suggestion.parts)
    if usable:
        lines += sections_lines(suggestion)
    text = "\n".join([*aligned(lines), ""])
    if usable:
        try:
            parse_config(text)
        except ConfigError as error:
            places = "; ".join(str(problem) for problem in error.problems)
            raise UserError(
                f"What was suggested is not valid, a mistake of `cdp init`; nothing was written. Please report it: {places}"
            ) from None
    return text
