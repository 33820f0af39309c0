"""The option `name`: variants of a given name become one name, and titles one spelling: debby is deborah, professor is prof.

The package `nicknames` says which names have which nicknames, many to many: bill is a nickname of william and, it says, of
robert. To be compared as equal every variant needs one name. If names that share a variant were the same, a thousand
of them would be: so a variant goes to the one that it has most in common with (other variants of both), the commoner the
better, and on to that one's own. The way always leads to a commoner name, so it ends; groups are of fourteen names at most.
"""

import functools
from collections import defaultdict
from collections.abc import Mapping

from cdp_assets.identity.normalise.given_names import FREQUENCY

_RARE = 3
"""The frequency of a name that is not in the list."""

_TITLES = """
professor prof, doctor dr, mister mr, missus mrs, mistress mrs, miss ms, reverend rev, captain capt, cpt capt, colonel col,
general gen, lieutenant lt, sergeant sgt, major maj, commander cmdr, president pres, governor gov, senator sen, father fr,
brother bro, honorable hon, honourable hon, esquire esq, junior jr, jnr jr, jun jr, senior sr, snr sr,
doktor dr, docteur dr, dottore dr, herrn herr, madame mme, mademoiselle mlle, monsieur m, senora sra, senorita srta
"""
TITLES = dict(pair.split() for pair in _TITLES.replace("\n", " ").split(","))
"""From a way to write a title or suffix to the short one."""


@functools.cache
def nicknames() -> Mapping[str, str]:
    """From a variant of a given name to the name that stands for all of its variants."""
    from importlib.resources import files

    longer: dict[str, set[str]] = defaultdict(set)
    near: dict[str, set[str]] = defaultdict(set)
    for line in files("nicknames").joinpath("names.csv").read_text("utf-8").splitlines()[1:]:
        name, _, variant = (cell.strip().lower() for cell in line.split(","))
        if name != variant:
            longer[variant].add(name)
            near[name].add(variant)
            near[variant].add(name)

    def place(name: str) -> tuple[int, int, str]:
        return -FREQUENCY.get(name, 0), -len(near[name] - longer[name]), name

    def common(one: str, other: str) -> float:
        mine, theirs = near[one] | {one}, near[other] | {other}
        return len(mine & theirs) / len(mine | theirs)

    def next_of(variant: str) -> str:
        names = [name for name in longer[variant] if place(name) < place(variant)]
        return min(names, key=lambda n: (-common(variant, n) * (FREQUENCY.get(n, 0) + _RARE), n), default=variant)

    steps = {name: next_of(name) for name in near}
    return {name: last for name in steps if (last := _last(name, steps)) != name}


def _last(name: str, steps: Mapping[str, str]) -> str:
    while steps[name] != name:
        name = steps[name]
    return name


@functools.cache
def table() -> Mapping[str, str]:
    """From a word of a name to the one that stands for it; a title is no nickname, and has none."""
    titles = {*TITLES, *TITLES.values()}
    return {**{variant: name for variant, name in nicknames().items() if not titles & {variant, name}}, **TITLES}


def fold(words: str) -> str:
    """The words of a name (lower case, one space between them) with each variant as the name that stands for it."""
    names = table()
    return " ".join([names.get(word, word) for word in words.split(" ")])
