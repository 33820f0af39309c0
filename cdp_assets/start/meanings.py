"""What the columns of a source mean and how they are read: from their names and from what their values look like, with the reason."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import duckdb

from cdp_assets.lake import no_values_in_errors
from cdp_assets.lake.source import name as quoted
from cdp_assets.sources.column_profile import Profiled, profile_sql
from cdp_assets.start.evidence import formats, readable
from cdp_assets.start.look import Look, Seen
from cdp_assets.start.names import words

ALL = 1.0
MOSTLY = 0.9
SOME = 0.5
CATEGORIES = 20
"""A title, a gender and the like have no more values than this."""


@dataclass(frozen=True)
class Meaning:
    """How a column is to be read. `used`: false where it is only named in a comment; `why`: the reason, in words and counts.

    `faults`: rows that cannot be read in this way, and would be in quarantine.
    """

    seen: Seen
    type: str
    why: str
    format: str | None = None
    used: bool = True
    faults: int = 0

    @property
    def field(self) -> str:
        """Our name of the column."""
        return self.seen.field

    @property
    def semantic(self) -> bool:
        """Whether the type says what the value is."""
        return "." in self.type


@dataclass(frozen=True)
class _Rule:
    """A meaning by the words of a name; the values must look like it in this share of the rows that have one."""

    type: str
    names: re.Pattern[str]
    like: str | None = None
    share: float = 0.0
    not_names: re.Pattern[str] = re.compile(r"$^")
    categories: bool = False


def _rule(type_: str, names: str, like: str | None = None, share: float = 0.0, *, unless: str = "$^", categories: bool = False) -> _Rule:
    return _Rule(type_, re.compile(rf"(^|_)({names})(_|$)"), like, share, re.compile(rf"(^|_)({unless})(_|$)"), categories)


_NUMBER_WORDS = "id|ids|no|key|count|number|code|type|status|date|on|at|size|verified|opt|sent|score|subscribed|subscriber|consent"
_RULES = (
    _rule("identity.email", "e_?mail|mail|e_?mail_?address|mail_address|emailadresse", "e-mail", SOME, unless="sent|opt|consent"),
    _rule("identity.phone", "phone|tele?phone|tel|mobile|cell|fon|telefon|telefonnummer|handy|msisdn", "phone", SOME),
    _rule("person.birth_date", "birth_?(date|day)|date_?of_?birth|dob|born|geburtsdatum|geb_?datum|geburtstag|birth", "any date", MOSTLY),
    _rule("person.first_name", "first_?name|given_?name|fore_?name|vorname|prenom", "letters", MOSTLY, unless=_NUMBER_WORDS),
    _rule("person.middle_name", "middle_?name|second_name", "letters", MOSTLY, unless=_NUMBER_WORDS),
    _rule("person.last_name", "last_?name|sur_?name|family_?name|nachname|familienname|maiden_name", "letters", MOSTLY,
          unless=_NUMBER_WORDS),
    _rule("person.full_name", "full_?name|display_?name|(customer|contact|person|member|client|guest)_?name|kundenname", "letters", MOSTLY,
          unless=_NUMBER_WORDS),
    _rule("person.title", "title|salutation|anrede|honorific|name_prefix", "letters", MOSTLY, unless="job|position|work|product|page",
          categories=True),
    _rule("person.gender", "gender|sex|geschlecht", "letters", MOSTLY, categories=True),
    _rule("person.profile_image", "image|photo|avatar|picture|profile_?(image|photo|picture)", "address", ALL),
    _rule("organization.logo_image", "logo|logo_?(image|url)", "address", ALL),
    _rule("organization.name",
          "company|organi[sz]ation|firm|firma|employer|business|unternehmen|(company|account|organi[sz]ation|business)_?name",
          "any letters", MOSTLY, unless=_NUMBER_WORDS),
    _rule("location.postcode", "post_?code|postal_?code|postal|zip|zip_?code|plz|postleitzahl", "identifier", SOME),
    _rule("location.street", "street|street_?address|street_?name|address_?(line_?)?1|strasse|road", "any letters", SOME),
    _rule("location.city", "city|town|ort|stadt|wohnort|municipality", "any letters", MOSTLY),
    _rule("location.state", "state|province|region|bundesland|county", "any letters", MOSTLY),
    _rule("location.country", "country|land|nation|country_?code", "any letters", MOSTLY),
    _rule("location.address", "address|adresse|anschrift|full_address|postal_address", "street", SOME),
)  # fmt: skip
_LIKE = {
    "e-mail": "look like e-mail addresses",
    "phone": "look like telephone numbers",
    "letters": "are letters",
    "any letters": "hold letters",
    "street": "hold a name and a number",
    "address": "are web addresses",
    "identifier": "have digits and no spaces",
    "any date": "look like dates",
}
MONEY = re.compile(r"(^|_)(amount|total|price|revenue|value|sum|net|gross|paid|turnover|sales|betrag|preis|umsatz|cost|spend)(_|$)")
"""Words in the names of columns with money."""
_PERSON = re.compile(r"^(person|identity)[.]")


def meanings(connection: duckdb.DuckDBPyConnection, look: Look) -> tuple[Meaning, ...]:
    """What each column of the source means. Reads dates in each way in which they may be written, and counts."""
    dated = _dates(connection, look)
    found = [_meaning(seen, dated) for seen in look.columns]
    found = _once(found)
    return tuple(_plain_name(look, found))


def _meaning(seen: Seen, dated: Mapping[str, Meaning]) -> Meaning:
    if not seen.rows:
        return Meaning(seen, "text", "the file has no rows yet: look at the type")
    if not seen.filled:
        return Meaning(seen, "text", "empty in all rows", used=False)
    for rule in _RULES:
        if rule.names.search(words(seen.column)) and not rule.not_names.search(words(seen.column)) and (why := _looks(seen, rule, dated)):
            if rule.type != "person.birth_date":
                return Meaning(seen, rule.type, f"by its name; {why}")
            date = dated.get(seen.field)
            return replace(date, type=rule.type, why=f"by its name; {date.why}") if date else Meaning(seen, rule.type, "by its name")
    if seen.share("e-mail") >= MOSTLY:
        return Meaning(seen, "identity.email", _count(seen, "e-mail", "look like e-mail addresses"))
    return dated.get(seen.field) or _plain(seen)


def _looks(seen: Seen, rule: _Rule, dated: Mapping[str, Meaning]) -> str | None:
    """Why the values fit the meaning; None when they do not."""
    if rule.categories and seen.uniques > CATEGORIES:
        return None
    if rule.like is None:
        return f"{seen.uniques:,} values"
    if rule.like == "any date":
        fits = seen.field in dated or seen.raw_type in ("date", "timestamp")
        return "dates" if fits else None
    if rule.like == "any letters":  # what is no number: Main Street 5, São Tomé, A/S
        count = seen.filled - max(seen.counts["number"], seen.counts["datelike"])
        shares = count / seen.filled
    elif rule.like == "identifier":
        shares = max(seen.share("identifier"), 1 - seen.share("letters"))
        count = max(seen.counts["identifier"], seen.filled - seen.counts["letters"])
    else:
        shares, count = seen.share(rule.like), seen.counts[rule.like]
    return f"{_of(count, seen.filled)} {_LIKE[rule.like]}" if shares >= rule.share else None


def _plain(seen: Seen) -> Meaning:
    """A plain type: one that all values can be read as, so that no row is lost for a column that nobody may need."""
    if seen.raw_type != "varchar":
        types = {"bigint": "integer", "double": "number", "decimal(18,2)": "decimal"}
        return Meaning(seen, types.get(seen.raw_type, seen.raw_type), "the type that the file gives it")
    if seen.share("boolean") == 1 and seen.uniques == 2:
        return Meaning(seen, "boolean", f"{_all(seen)} true or false, yes or no, 1 or 0")
    if seen.share("number") == 1:
        return _number(seen)
    if seen.share("number") >= MOSTLY and MONEY.search(words(seen.column)):
        faults = seen.filled - seen.counts["number"]
        return Meaning(seen, "decimal", f"by its name, money; {_of(seen.counts['number'], seen.filled)} are numbers", faults=faults)
    if seen.uniques == 1 and not seen.nulls and seen.rows > 1:
        return Meaning(seen, "text", "the same value in all rows", used=False)
    why = f"{seen.uniques:,} values" if seen.uniques <= CATEGORIES else ""
    found = (f"{_of(seen.counts[kind], seen.filled)} {says}" for kind, says in _NOT_READ_AS if seen.share(kind) >= MOSTLY)
    return Meaning(seen, "text", next(found, why))


_NOT_READ_AS = (
    ("comma", "are numbers with a decimal comma: write them with a point to count with them"),
    ("currency", "are amounts with a currency: take it off to count with them"),
    ("number", "look like numbers, the others do not: as text, no row is rejected"),
    ("datelike", "look like dates, but not all are written in one way: as text, no row is rejected"),
)


def _number(seen: Seen) -> Meaning:
    cents = seen.share("cents") == 1
    if cents and MONEY.search(words(seen.column)):
        return Meaning(seen, "decimal", f"by its name, money; {_all(seen)} numbers of at most two decimals")
    if seen.counts["leading zero"] and seen.share("integer") == 1:
        return Meaning(seen, "text", f"digits, but {_of(seen.counts['leading zero'], seen.filled)} begin with a zero")
    if seen.share("integer") == 1:
        return Meaning(seen, "integer", f"{_all(seen)} whole numbers")
    if cents:
        return Meaning(seen, "decimal", f"{_all(seen)} numbers of at most two decimals")
    return Meaning(seen, "number", f"{_all(seen)} numbers, some with more than two decimals")


def _dates(connection: duckdb.DuckDBPyConnection, look: Look) -> dict[str, Meaning]:
    """The columns that hold dates or times, by field, with the pattern in which most of them can be read."""
    found: dict[str, Meaning] = {}
    asked: dict[str, tuple[Seen, list[str]]] = {}
    for seen in look.columns:
        if seen.raw_type in ("date", "timestamp"):
            found[seen.field] = Meaning(seen, seen.raw_type, "the type that the file gives it")
        elif seen.filled and seen.raw_type == "varchar":
            native = "date" if seen.share("date") >= MOSTLY else "timestamp"
            if seen.share(native) >= MOSTLY:
                faults = seen.filled - seen.counts[native]
                found[seen.field] = Meaning(seen, native, f"{_count(seen, native, 'are written as ISO 8601 says')}", faults=faults)
            elif seen.share("datelike") >= MOSTLY or (seen.share("compact") == 1 and re.search(r"date|day|datum", words(seen.column))):
                asked[seen.field] = seen, formats(dict(seen.forms))
    counted = _read_as(connection, look, asked)
    sure = {m.format for m in counted.values() if m.format and "ambiguous" not in m.why}
    for name, meaning in counted.items():
        found[name] = _like_its_neighbours(meaning, sure, asked[name][1])
    return found


def _read_as(connection: duckdb.DuckDBPyConnection, look: Look, asked: Mapping[str, tuple[Seen, list[str]]]) -> dict[str, Meaning]:
    found: dict[str, Meaning] = {}
    for name, (seen, patterns) in asked.items():
        if not patterns:
            continue
        counts = {pattern: readable("timestamp", pattern) for pattern in dict.fromkeys(patterns)}
        query = profile_sql(look.name, [Profiled(name, quoted(seen.raw), True, counts)])
        with no_values_in_errors(f"source {look.name}"):
            row = connection.execute(query).fetchall()[0]
        read = dict(zip(counts, row[-len(counts) :], strict=True))
        best = max(read, key=lambda pattern: read[pattern])
        if read[best] / seen.filled < MOSTLY:
            continue
        type_ = "timestamp" if "%H" in best or "%I" in best else "date"
        rivals = [p for p, n in read.items() if p != best and n == read[best] and sorted(p) == sorted(best) and p.replace("b", "B") != best]
        found[name] = Meaning(seen, type_, _why(seen, best, read, rivals), best, faults=seen.filled - read[best])
    return found


def _why(seen: Seen, best: str, read: Mapping[str, int], rivals: list[str]) -> str:
    why = f"{_of(read[best], seen.filled)} can be read so"
    if rivals:
        return f"ambiguous: {why}, and as {rivals[0]} too, as no day is above 12. Look it up"
    other = _exchanged(best)
    if other in read:
        first = "month" if best.startswith("%m") else "day"
        days = read[best] - read[other]
        return f"{why}; the {first} stands first, as {days:,} have a day above 12"
    return why


def _exchanged(pattern: str) -> str:
    """The pattern with day and month exchanged."""
    return pattern.replace("%m", "\0").replace("%d", "%m").replace("\0", "%d")


def _like_its_neighbours(meaning: Meaning, sure: Iterable[str | None], patterns: list[str]) -> Meaning:
    """An ambiguous date is read as the other dates of its file are."""
    if not meaning.why.startswith("ambiguous"):
        return meaning
    for pattern in patterns:
        if pattern in sure and pattern in (meaning.format, _exchanged(meaning.format or "")):
            return replace(meaning, format=pattern, why=f"{meaning.why.split(',')[0]}, either way round; as the other dates of this file")
    return meaning


def _once(found: list[Meaning]) -> list[Meaning]:
    """What only means something beside other columns: a state, an address, a title."""
    types = {meaning.type for meaning in found}
    place = types & {"location.city", "location.postcode", "location.country"}
    person = any(_PERSON.match(meaning.type) and meaning.type != "person.title" for meaning in found)

    def settled(meaning: Meaning) -> Meaning:
        if meaning.type == "location.address" and place and "location.street" not in types:
            return replace(meaning, type="location.street")
        alone = (meaning.type == "location.state" and not place) or (meaning.type == "person.title" and not person)
        return _plain(meaning.seen) if alone else meaning

    return [settled(meaning) for meaning in found]


def _plain_name(look: Look, found: list[Meaning]) -> list[Meaning]:
    """A column called `name` is a person's or a company's by what stands beside it."""
    types = {meaning.type for meaning in found}
    person = any(_PERSON.match(type_) for type_ in types) and "person.full_name" not in types
    company = _COMPANIES.search(look.name) and "contact" not in look.name

    def settled(meaning: Meaning) -> Meaning:
        seen, name = meaning.seen, words(meaning.seen.column)
        if seen.share("organisation") >= SOME / 2 and meaning.type in ("text", "person.full_name") and "name" in name.split("_"):
            return Meaning(seen, "organization.name", f"by its name; {_count(seen, 'organisation', 'end like a company (Inc, Ltd, GmbH)')}")
        if name not in _WHO or meaning.type != "text" or seen.share("letters") < SOME:
            return meaning
        if company:
            return Meaning(seen, "organization.name", "by its name and the file's")
        return (
            Meaning(seen, "person.full_name", f"by its name; {_count(seen, 'several words', 'are several words')}") if person else meaning
        )

    return [settled(meaning) for meaning in found]


_WHO = ("name", "kunde", "customer", "client", "member")
_COMPANIES = re.compile(r"account|compan|organi[sz]ation|firm|supplier|vendor|business")


def _count(seen: Seen, what: str, says: str) -> str:
    return f"{_of(seen.counts[what], seen.filled)} {says}"


def _of(count: int, all_: int) -> str:
    return f"all {all_:,}" if count == all_ else f"{count:,} of {all_:,}"


def _all(seen: Seen) -> str:
    return f"all {seen.filled:,} are"
