"""The section `sources` of the suggestion, as lines of cdp.yaml."""

from collections.abc import Iterator, Mapping

from cdp_assets.start.kinds import Part
from cdp_assets.start.meanings import MOSTLY, Meaning
from cdp_assets.start.suggestion import Suggestion
from cdp_assets.start.yaml_text import comment, commented, flow, line, mapping, scalar

MOST_FIELDS = 60
"""Of a source with more columns only those that mean something are listed; the others are named in a comment."""
_LONGEST_LIST = 1500
_SUFFIXES = {"csv": (".csv", ".tsv", ".txt"), "parquet": (".parquet", ".pq"), "json_lines": (".jsonl", ".ndjson")}


def sources_lines(suggestion: Suggestion) -> Iterator[str]:
    """The section, source by source; what cannot be used is a comment with the reason."""
    if not any(part.wanting is None for part in suggestion.parts):
        yield from comment("There is nothing to read yet. Every source needs a column that identifies its rows. It would look like this:")
        yield "# sources:"
        yield "#   crm: {files: crm.csv, primary_key: contact_id, fields: {email: identity.email, full_name: person.full_name}}"
    else:
        yield "sources:"
    for part in suggestion.parts:
        lines = list(_source(suggestion, part))
        yield ""
        if part.wanting is None:
            yield from lines
        else:
            yield from comment(f"{part.look.group.files} is not used yet: {part.wanting}. Once it is mended:", 2)
            yield from commented(lines, 2)
    if suggestion.left:
        yield ""
        yield from comment("Left alone:", 2)
        for message in suggestion.left:
            yield from comment(f"- {message}", 2)


def _source(suggestion: Suggestion, part: Part) -> Iterator[str]:
    look = part.look
    yield from comment(_head(suggestion, part), 2)
    yield f"  {part.name}:"
    if part.use in ("events", "consents"):
        yield f"    kind: {part.use}"
    yield line(f"    files: {scalar(look.group.files)}", _howwritten(part))
    yield from _format(part)
    if part.use == "events" or (part.use == "none" and part.roles):
        yield from _events(suggestion, part)
    elif part.use == "consents":
        yield from _consents(part)
    else:
        if part.key is None:
            yield line("    primary_key: ?", "the column that identifies a row")
        else:
            yield line(f"    primary_key: {part.key.meaning.field}", part.key.why)
        yield from _fields(part, _needed(suggestion, part))


def _head(suggestion: Suggestion, part: Part) -> str:
    """What the source is, in a sentence above it."""
    unread = f", and {part.look.unreadable:,} that cannot be read and will be in quarantine" if part.look.unreadable else ""
    rows = f"{part.look.rows:,} row{'' if part.look.rows == 1 else 's'}{unread}"
    match part.use:
        case "people" if part in suggestion.contacts.order:
            return f"{rows}. {part.why.capitalize()}; they work for companies of another file, so they are contacts."
        case "people" if part in suggestion.customers.alone or part in suggestion.contacts.alone:
            return f"{rows}. {part.why.capitalize()}; nothing that another file has too can be compared, so they are not unified yet."
        case "people" | "companies" | "consents":
            return f"{rows}. {part.why[0].upper()}{part.why[1:]}."
        case "events":
            return f"{rows}. Web events: {part.why}."
    used = next((activity for activity in suggestion.activities if activity.source == part.name), None)
    return f"{rows}. {'See activities, below.' if used else 'Nothing below uses it yet.'}"


def _howwritten(part: Part) -> str:
    found = part.look.group.layouts[0]
    kind = {"csv": "CSV", "parquet": "Parquet", "json_lines": "JSON lines", "delta": "Delta table"}.get(
        found.file.format, found.file.format
    )
    count = len(part.look.group.layouts)
    files = f"{count:,} files of the same columns, " if count > 1 else ""
    if found.file.format != "csv":
        return f"{files}{kind}"
    doubt = "not UTF-8: look whether letters such as ä and é are right; " if part.look.group.encoding else ""
    sign = {",": "comma", ";": "semicolon", "\t": "tab", "|": "|"}.get(found.delimiter, found.delimiter)
    return f"{files}{kind}, {sign} between values, {_encoding(part).upper()}; {doubt}found from the {'files' if count > 1 else 'file'}"


def _encoding(part: Part) -> str:
    return part.look.group.encoding or part.look.group.layouts[0].encoding or "utf-8"


def _format(part: Part) -> Iterator[str]:
    """The format where the names of the files do not tell it, and how a CSV file is written where it is not the usual way."""
    layouts = part.look.group.layouts
    format_ = layouts[0].file.format
    if format_ != "delta" and any(not layout.file.name.lower().endswith(_SUFFIXES.get(format_, ())) for layout in layouts):
        yield f"    format: {format_}"
    stated: dict[str, object] = {}
    if format_ == "csv" and len(layouts) == 1 and layouts[0].delimiter != ",":
        stated["delimiter"] = "tab" if layouts[0].delimiter == "\t" else layouts[0].delimiter
    if format_ == "csv" and _encoding(part).lower().replace("_", "-") not in ("utf-8", "utf-8-sig", "utf8", "ascii"):
        stated["encoding"] = _encoding(part)
    if stated:
        yield f"    csv: {mapping(stated)}"


def _events(suggestion: Suggestion, part: Part) -> Iterator[str]:
    roles = part.roles
    for setting, why in (
        ("event_id", "identifies an event; of several rows with one id the first is kept"),
        ("visitor", "the visitor's id"),
        ("time", ""),
        ("event", "the name of the event"),
    ):
        if setting not in roles:
            continue
        seen = roles[setting].seen
        told = f"{why}: {seen.uniques:,} values" if why else roles[setting].why
        absent = f"; {_rows(seen.nulls, 'has', 'have')} none and will be in quarantine" if seen.nulls else ""
        yield line(f"    {setting}: {scalar(seen.column)}", f"{told}{absent}")
        if setting == "time" and roles["time"].format:
            yield f"    time_format: {scalar(roles['time'].format)}"
    known = suggestion.known_as(part.name)
    if known:
        yield "    known_as:"
        for way in {way.field: way for way in known}.values():
            yield line(f"      {scalar(part.of(way.field).seen.column)}: {way.target}.{way.target_field}", way.why)
    if day := suggestion.first_days.get(part.name):
        yield line(f"    first_day: {day}", "hardly an event is earlier; those that are will be in quarantine")
    alone = suggestion.customers.order[:1] == (part,)
    yield line(f"    include_all_records: {scalar(alone)}", "true: visitors who are not known become profiles too")
    mine = {meaning.field for meaning in roles.values()} | {way.field for way in known}
    yield from _fields(part, frozenset(), mine)


def _consents(part: Part) -> Iterator[str]:
    roles = part.roles
    yield line(f"    person: {mapping({roles['person'].seen.column: roles['person'].type})}", roles["person"].why)
    for setting in ("purpose", "given", "at"):
        seen = roles[setting].seen
        why = f"{seen.uniques:,} values" if setting == "purpose" else roles[setting].why
        if setting == "given" and seen.raw_type == "varchar":
            why = f"{seen.counts['boolean']:,} of {seen.filled:,} are yes or no"
        yield line(f"    {setting}: {scalar(roles[setting].seen.column)}", why)
    if roles["at"].format:
        yield f"    at_format: {scalar(roles['at'].format)}"


def _needed(suggestion: Suggestion, part: Part) -> frozenset[str]:
    """Fields that something else names, so that their type has to stay what it is."""
    named = {r.field for r in suggestion.relations if r.source == part.name}
    named |= {r.target_field for r in suggestion.relations if r.target == part.name}
    for activity in suggestion.activities:
        if activity.source == part.name:
            named |= set(activity.fields.values())
    if part.key is not None:
        named.add(part.key.meaning.field)
    return frozenset(named | {m.field for m in part.meanings if m.semantic})


def _fields(part: Part, needed: frozenset[str], leave: set[str] | frozenset[str] = frozenset()) -> Iterator[str]:
    mine = [safe(meaning, meaning.field in needed) for meaning in part.meanings if meaning.field not in leave]
    used = [m for m in mine if m.used]
    more: list[Meaning] = []
    if len(used) > MOST_FIELDS:
        first = [m for m in used if m.field in needed]
        kept = {m.field for m in first} | {m.field for m in [m for m in used if m not in first][: max(MOST_FIELDS - len(first), 0)]}
        more = [m for m in used if m.field not in kept]
        mine = [m for m in mine if m.field in kept]
    if any(m.used for m in mine) or part.use != "events":
        yield "    fields:" if any(m.used for m in mine) else "    fields: {}"
    for meaning in mine:
        text = line(f"      {scalar(meaning.field)}: {flow(written(meaning))}", meaning.why)
        yield from [text] if meaning.used else commented([text], 6)
    for column, reason in part.look.left.items():
        yield from comment(f"{scalar(column[:60])}: {reason}" if column.strip() else "A column without a name is left alone.", 6)
    if more:
        names = ", ".join(scalar(m.seen.column[:60]) for m in more)
        names = names if len(names) <= _LONGEST_LIST else f"{names[:_LONGEST_LIST]} ..."
        yield from comment(f"{len(more):,} more columns are left alone: {names}", 6)


def _rows(count: int, one: str, several: str) -> str:
    return f"1 row {one}" if count == 1 else f"{count:,} rows {several}"


def written(meaning: Meaning) -> Mapping[str, object] | str:
    """A field as cdp.yaml has it: its type, or a mapping where more has to be said."""
    pairs: dict[str, object] = {"type": meaning.type}
    if meaning.seen.column != meaning.field:
        pairs["column"] = meaning.seen.column
    if meaning.format:
        pairs["format"] = meaning.format
    return pairs if len(pairs) > 1 else meaning.type


def safe(meaning: Meaning, needed: bool) -> Meaning:
    """A column that nothing needs is read so that none of its rows is lost; of the others it is said how many are."""
    if not meaning.faults:
        return meaning
    if needed or meaning.faults > (1 - MOSTLY) * meaning.seen.filled:
        rows = _rows(meaning.faults, "is not", "are not")
        return Meaning(meaning.seen, meaning.type, f"{meaning.why}; {rows}, and will be in quarantine", meaning.format, meaning.used)
    written = f"{meaning.type}, {meaning.format}" if meaning.format else meaning.type
    return Meaning(meaning.seen, "text", f"{meaning.why} ({written}); as text, so that {_rows(meaning.faults, 'is', 'are')} not lost")
