"""The option `organization`: the name of an organisation without its legal form and other words that say nothing.

The legal forms are those of `cleanco`, and some that it misses. A form of three letters or more that can be nothing else is
dropped wherever it stands; one that could be a word (as, sa, co) at the end only, or at the beginning where it is usual
there (AB Volvo). Of a name that has only such words nothing is left, so it equals nothing.
"""

import functools
import re
from typing import NamedTuple

ASIAN = (
    r"株式会社|有限会社|合同会社|合資会社|合名会社|[(\x{FF08}](?:株|有|同|주|유)[)\x{FF09}]|㈱|㈲|㈜|股份有限公司|有限责任公司|有限責任公司|有限公司"
    "|주식회사|유한회사|유한책임회사"
)
"""Legal forms that stand right beside the name, without a space."""

_ANYWHERE = frozenset(
    "company corporation corp incorporated inc limited ltd llc llp lllp pllc plc gmbh gesellschaft aktiengesellschaft companies"
    " corporate enterprise enterprises holding holdings group pty pvt pte bhd sdn sarl sprl bvba ltda unlimited kgaa ohg"
    " kabushiki kaisha".split()
)
_AT_THE_START = frozenset("the ab pt ooo oao zao pao ao tov uab sia".split())
_MORE = ("private limited", "public limited company", "limited liability company", "and sons ltd", "co kg", "lc", "ug", "ev", "ek", "ao")
_NOT_FORMS = frozenset("uk at ok da private sem sep sp vat dat et ei ba bl bm ep ud".split())
"""Words of cleanco's list that are as often a part of the name: Contoso UK is not Contoso."""


class _Forms(NamedTuple):
    one: frozenset[str]
    several: frozenset[tuple[str, ...]]


@functools.cache
def forms() -> _Forms:
    """The legal forms that end a name: of one word, and of several."""
    from anyascii import anyascii
    from cleanco.termdata import terms_by_country, terms_by_type

    listed = [term for terms in (*terms_by_type.values(), *terms_by_country.values()) for term in terms]
    words = [tuple(_plain(anyascii(term.lower())).split()) for term in (*listed, *_MORE)]
    one = {term[0] for term in words if len(term) == 1 and term[0] not in _NOT_FORMS and len(term[0]) > 1}
    several = {term for term in words if len(term) > 1 and not any(len(word) == 1 for word in term[:1])}
    return _Forms(frozenset(one | _ANYWHERE), frozenset(several))


def _plain(term: str) -> str:
    """A term as a name's words are written: dots and strokes inside a form join its letters."""
    return re.sub(r"[^a-z0-9 ]+", " ", term.lower().replace("&", " and ").replace(".", "").replace("/", "").replace(":", ""))


def fold(words: str) -> str:
    """The words of a name (lower case, one space between them) that are left without such forms; perhaps none."""
    one, several = forms()
    listed = words.split(" ")
    while listed and (many := _ending(listed, one, several)):
        del listed[-many:]
    if len(listed) > 1 and listed[0] in _AT_THE_START:
        del listed[0]
    left = [word for word in listed if word not in _ANYWHERE]
    return "" if left == ["the"] else " ".join(left)


def _ending(words: list[str], one: frozenset[str], several: frozenset[tuple[str, ...]]) -> int:
    for size in (4, 3, 2):
        if len(words) > size and tuple(words[-size:]) in several:
            return size
    if words[-1] in one:
        return 1
    return 1 if len(words) > 1 and words[-1] == "and" else 0
