"""Words the demo world is composed of: towns, mail domains, companies, products, junk; people's names are in `names`.

Lists and how they grow with the number of people; who gets which word belongs to the other modules. Mail domains are
those reserved for examples (RFC 2606 and 6761), so that no message can ever leave the demo.
"""

from __future__ import annotations

from dataclasses import dataclass

from cdp_assets.demo.faker_lists import lists


def listed(words: str) -> tuple[str, ...]:
    """Take the words of a text, each once."""
    return tuple(dict.fromkeys(words.split()))


_STARTS = listed(
    """
    Al Ban Bar Bel Ber Bran Cal Car Cor Dal Dar Del Dor Dun El Fal Fen Gar Gil Gor Hal Han Har Hol Jan Kal Kel Ken Kor
    Lam Lan Lar Len Lin Lor Mal Mar Mel Mor Nor Os Pal Per Pol Ral Ren Ros Sal Sel Sor Stan Tal Tam Ter Tor Val Var
    Ver Wal Wil Win Yar Zal Zim
    """
)
_MIDDLES = listed(
    """
    a al an ar be da de di do e el en er ga go i in ka ko la le li lo ma mi na ne ni no o ra re ri ro sa ta ti to u vi
    """
)
_ENDS = listed(
    """
    bach berg by cott dale den don ell er ett field ford gan ham hart i ing kin land ley lin lo man mann more nen ner
    ni nik off ov quist ris ro sen shaw ski son stein stone ston ter ton va vic well wick win worth zer
    """
)
MAIL_DOMAINS = (
    "mail.example", "post.example", "example.com", "inbox.example", "example.net", "letters.example", "example.org",
    "webmail.example", "work.example", "campus.example", "club.example", "office.example",
)  # fmt: skip
_TOWNS = """
    New York 100, Los Angeles 900, Chicago 606, Houston 770, Phoenix 850, Philadelphia 191, San Antonio 782,
    San Diego 921, Toronto M5V, Dallas 752, Austin 787, Montréal H2X, Jacksonville 322, Columbus 432, Charlotte 282,
    Indianapolis 462, Vancouver V6B, Seattle 981, Denver 802, Boston 021, Calgary T2P, Nashville 372, Portland 972,
    Las Vegas 891, Ottawa K1P, Detroit 482, Memphis 381, Louisville 402, Québec G1R, Baltimore 212, Milwaukee 532,
    Albuquerque 871, Winnipeg R3C, Tucson 857, Fresno 937, Sacramento 958, Halifax B3J, Atlanta 303, Omaha 681,
    Miami 331
"""
_FIRST_COMPOSED_PREFIX, _LAST_COMPOSED_PREFIX = 10, 999
_STRIDE = 7919


@dataclass(frozen=True)
class Town:
    """A town: its name, its country (ISO 3166 code) and the first three characters of its postal codes."""

    name: str
    country: str
    prefix: str


def composed(count: int) -> tuple[str, ...]:
    """Compose `count` words that could be names, or as many as there are; the first ones are always the same."""
    possible = len(_STARTS) * len(_MIDDLES) * len(_ENDS)
    # The stride shares no factor with the number of combinations: each comes once, and neighbours differ.
    return tuple(dict.fromkeys(_composed(nth * _STRIDE % possible) for nth in range(min(count, possible))))


def towns(people: int) -> tuple[Town, ...]:
    """Towns for a world of `people`, large ones first; at most some 1,000, each with a postal prefix of its own.

    The written ones, and for every 1,000 people one that is called after a family. Of those some share a name, as towns do.
    """
    written = [_town(entry) for entry in " ".join(_TOWNS.split()).split(", ")]
    taken = {town.prefix for town in written}
    free = [f"{n:03}" for n in range(_FIRST_COMPOSED_PREFIX, _LAST_COMPOSED_PREFIX + 1) if f"{n:03}" not in taken]
    named, ends = [word for word, _ in lists().counted_families], lists().town_ends
    names = (named[n * _STRIDE % len(named)] + ends[n % len(ends)] for n in range(people // 1000))
    return (*written, *(Town(name, "US", prefix) for name, prefix in zip(names, free, strict=False)))


def _town(entry: str) -> Town:
    name, prefix = entry.rsplit(" ", 1)
    return Town(name, "US" if prefix.isdigit() else "CA", prefix)


# The demo company's own people, whose mailboxes the engagement is read from.
OWN_ADDRESSES = tuple(
    f"{name}@northwind.example" for name in ("anna.berg", "ben.castro", "chloe.dunn", "david.ek", "elif.ford", "frank.gray")
)
TRADES = listed(
    """
    Logistics Foods Software Textiles Robotics Paper Printing Tools Glass Optics Energy Plastics Furniture Packaging
    Ceramics Instruments Shipping Farming Brewing Metals Chemicals Timber Electronics Design
    """
)
# Each way a company's legal form is written: in crm, and elsewhere.
LEGAL_FORMS = (("Inc", "Incorporated"), ("LLC", "L.L.C."), ("Ltd", "Limited"), ("Corp", "Corporation"), ("Co", "Company"))
# Where a company of the same house sits or what it does there: another company, with the parent's name in front.
REGIONS = ("East", "West", "North", "South", "Central", "Pacific", "Atlantic", "Canada", "Europe", "Holding", "Services", "International")
# What is typed where a form wants an address and there is none, the most usual first; one is the demo company's own.
JUNK_EMAILS = (
    "noreply@example.com", "none@none", "test@test", "info@northwind.example", "no@mail.example", "na@na", "asdf@asdf",
    "unknown@example.org",
)  # fmt: skip
# The same for telephone numbers; the second is the demo company's own switchboard.
GENERIC_PHONES = ("000 000 0000", "+1 212 555 0100", "999 999 9999", "123 456 7890", "555 555 5555")
JOB_TITLES = (
    "Buyer", "Head of Purchasing", "Managing Director", "Sales Manager", "Accountant", "Head of Operations", "Engineer",
    "Office Manager", "Project Lead", "Head of IT", "Marketing Manager", "Warehouse Manager",
)  # fmt: skip
DEPARTMENTS = ("Purchasing", "Accounts", "Logistics", "Sales", "Production", "Management", "IT")
STORES = ("Main Street", "Harbor Mall", "Station", "Airport", "Old Town", "Riverside")
_LOOKS = listed(
    """
    Blue Red Green White Black Oak Steel Glass Copper Wool Linen Paper Stone Small Large Folding Striped Plain Round
    Bright
    """
)
_THINGS = listed(
    """
    Kettle Lamp Chair Table Mug Blanket Basket Clock Mirror Vase Shelf Towel Pillow Bowl Teapot Rug Candle Frame Stool
    Tray
    """
)
PRODUCTS = tuple(f"{look} {thing}" for thing in _THINGS for look in _LOOKS)


@dataclass(frozen=True)
class CompanyName:
    """A company's name in its parts; `word` and `trade` together belong to one company."""

    word: str
    trade: str


def company_names(count: int) -> tuple[CompanyName, ...]:
    """Name `count` companies, each otherwise; there are words for some millions."""
    possible = len(_STARTS) * len(_MIDDLES) * len(_ENDS)
    found: dict[CompanyName, None] = dict.fromkeys([CompanyName("Northern", "Tools")][:count])
    nth = 0
    while len(found) < count:
        n = (nth + 1) * _STRIDE % possible
        found[CompanyName(_composed(n), TRADES[(n + nth // possible) % len(TRADES)])] = None
        nth += 1
    return tuple(found)


def _composed(n: int) -> str:
    starts, middles = len(_STARTS), len(_MIDDLES)
    return _STARTS[n % starts] + _MIDDLES[n // starts % middles] + _ENDS[n // starts // middles]
