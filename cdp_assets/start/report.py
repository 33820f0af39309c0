"""The first report on the quality of the data: per source and column what is missing, how much differs, and how it is written."""

from collections.abc import Iterator

from cdp_assets.start.kinds import Part
from cdp_assets.start.look import Seen
from cdp_assets.start.suggestion import Suggestion

COLUMNS = ("column", "read as", "empty", "missing", "differ", "repeated", "forms")
NUMBERS = ("empty", "missing", "differ", "repeated")
FORMS = 3


def report_lines(suggestion: Suggestion) -> Iterator[str]:
    """The report as Markdown. It holds counts and the forms of values, and no values."""
    yield "# Quality of the data"
    yield ""
    yield "Written by `cdp init`, once; later figures are in the table `column_profiles` (`cdp review sources`). Forms are those of the"
    yield "values: a for letters, 9 for each digit. *Empty* has no value; *missing* counts texts such as n/a or unknown besides; *differ*"
    yield "is how many different values there are, and *repeated* how many rows have a value that a row before them has."
    for part in suggestion.parts:
        yield ""
        yield f"## {part.name}"
        yield ""
        yield f"{part.look.group.files}: {part.look.rows:,} rows that can be read, {part.look.unreadable:,} that cannot. {remark(part)}"
        yield ""
        yield f"| {' | '.join(COLUMNS)} |"
        yield f"|{'---|' * len(COLUMNS)}"
        for row in rows(part):
            yield f"| {' | '.join(_cell(value) for value in row)} |"
        for column, reason in part.look.left.items():
            yield f"\nThe column {_cell(column) or '(without a name)'} is left alone: it {reason}."
    if suggestion.left:
        yield ""
        yield "## Left alone"
        yield ""
        yield from (f"- {_cell(message)}" for message in suggestion.left)


def rows(part: Part) -> Iterator[tuple[str, ...]]:
    """One row a column: the cells of COLUMNS."""
    for meaning in part.meanings:
        seen = meaning.seen
        counts = (f"{count:,}" for count in (seen.missing, seen.uniques, seen.repeated))
        yield (seen.column, meaning.type, _share(seen.nulls, seen.rows), *counts, _forms(seen))


def remark(part: Part) -> str:
    """What stands out in a source, in a sentence."""
    if part.wanting:
        return f"Not used yet: {part.wanting}."
    if part.key is None:
        return ""
    return f"Primary key {part.key.meaning.seen.column}: {part.key.why}."


def _share(count: int, rows_: int) -> str:
    if not count or not rows_:
        return "0"
    return f"{count:,} ({count / rows_:.0%})" if count / rows_ >= 0.005 else f"{count:,}"


def _forms(seen: Seen) -> str:
    shown = [f"{form} {count:,}" for form, count in seen.forms[:FORMS]]
    return ", ".join(shown) + (" ..." if len(seen.forms) > FORMS else "")


def _cell(text: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in text).replace("|", "\\|").replace("`", "'")
