"""Names of the demo's people and of their streets: which ones a world of some size has, and how frequent each is.

Faker's lists with a long tail: the names that are counted in the United States, then those of other languages, then
composed ones. Among more people there are more names, and a vocabulary that stood still would make namesakes of all.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from cdp_assets.demo.draws import Floats
from cdp_assets.demo.faker_lists import lists
from cdp_assets.demo.vocabulary import composed, listed

# Of all people: who has one of the counted names. The others' are rarer, and there are many more of them.
COUNTED_GIVEN, COUNTED_FAMILY = 0.85, 0.50
_WRITTEN_STREET = 0.70

# Names that a naive comparison breaks, so that every world has some: they stand in front of the uncounted ones.
_WOMEN = listed(
    """
    Zoë Renée Chloé Aurélie Hélène Inès Françoise Małgorzata Agnieszka Øydis Åsa Solveig Käthe Bärbel Şebnem Soo-jin
    Ngọc Chiara Conceição Lucía Ximena Noémie Ana-María Marie-Claire Siobhán Gráinne Saoirse Eliška Šárka Ștefania Mei
    Xiu Ananya Fatima
    """
)
_MEN = listed(
    """
    José Jürgen Björn Günther Jörg Sören Łukasz Paweł Zbigniew Øystein Håkon Åke François Étienne Jérôme João Gonçalo
    Seán Pádraig Çağlar Min-jun Niccolò Ondřej Jiří Tomáš Dragoș Đorđe Jean-Luc Hans-Peter D'Andre Wei Jun Arjun Yusuf
    Omar
    """
)
_FAMILIES = listed(
    """
    O'Brien Müller Muñoz Peña O'Connor MacLeod D'Angelo Schröder Jäger Weiß Köhler Wiśniewski Wójcik Łukaszewski Dvořák
    Černý Horváth Ødegård Sørensen Åkesson Bjørnstad Lefèvre Gagné Bélanger Araújo Núñez Çelik Şahin Öztürk Ștefănescu
    Đurić Kovačević Phạm El-Sayed Van-Dyke St-Pierre Smith-Jones Garcia-Lopez De-Luca McDonald Singh Nakamura Okafor
    """
)
# What people are called, in crm or elsewhere; some names have two such forms.
_NICKNAMES = """
    Abigail:Abby Albert:Al Alexander:Alex,Xander Alexandra:Alex,Sandra Alexis:Lexi Alfred:Fred Allison:Ali Amanda:Mandy
    Andrea:Andie Andrew:Andy,Drew Angela:Angie Anthony:Tony Barbara:Barb Benjamin:Ben Beverly:Bev Bradley:Brad
    Calvin:Cal Cameron:Cam Carolyn:Carrie Cassandra:Cassie Catherine:Cathy,Kate Charles:Charlie,Chuck Christina:Tina
    Christine:Chris Christopher:Chris Cynthia:Cindy Daniel:Dan,Danny Danielle:Dani David:Dave Deborah:Debbie,Deb
    Dennis:Denny Donald:Don Dorothy:Dot Douglas:Doug Edward:Ed,Eddie Elizabeth:Liz,Beth Frances:Fran
    Francis:Frank Gabriel:Gabe Gabrielle:Gabby Gerald:Jerry Gregory:Greg Gwendolyn:Gwen Harold:Hal
    Isabella:Bella Jacob:Jake Jacqueline:Jackie James:Jim,Jimmy Janet:Jan Jeffrey:Jeff Jennifer:Jen,Jenny Jessica:Jess
    John:Jack,Johnny Jonathan:Jon Joseph:Joe,Joey Joshua:Josh Judith:Judy Katherine:Kate,Kathy Kathleen:Kathy
    Kathryn:Kate Kenneth:Ken Kimberly:Kim Kristen:Kris Lawrence:Larry Leonard:Lenny
    Madison:Maddie Margaret:Maggie,Peggy Martin:Marty Matthew:Matt Megan:Meg Melissa:Missy Michael:Mike,Mickey
    Michelle:Shelly Mitchell:Mitch Nancy:Nan Natalie:Nat Nathan:Nate Nathaniel:Nate Nicholas:Nick Nicole:Nicky
    Pamela:Pam Patricia:Pat,Trish Patrick:Pat Peter:Pete Philip:Phil Phillip:Phil Rachel:Rae Randall:Randy Raymond:Ray
    Rebecca:Becky Richard:Rick,Dick Robert:Bob,Rob Ronald:Ron Russell:Russ Samantha:Sam Samuel:Sam Sandra:Sandy
    Stephanie:Steph Stephen:Steve Steven:Steve Susan:Sue Suzanne:Sue Theodore:Ted Theresa:Terri Thomas:Tom,Tommy
    Timothy:Tim Vanessa:Nessa Victoria:Vicky Vincent:Vince Virginia:Ginny Walter:Walt Wesley:Wes William:Bill,Will
    Zachary:Zach
"""
_STREET_NAMES = listed(
    """
    Main Oak Maple Cedar Park Elm Washington Lake Hill Walnut Spring North Ridge Church Willow Mill Sunset Railroad
    Jackson Cherry Highland Johnson Dogwood Chestnut Spruce Meadow River Forest Prospect Franklin Jefferson Madison
    Birch Hickory Laurel Magnolia Poplar Sycamore Valley Vine Orchard Garden Union Market Harbor Canyon Mission
    """
)
_STREETS = tuple(f"{name} {kind}" for kind in ("St", "Ave", "Rd", "Ln", "Blvd") for name in _STREET_NAMES)


@dataclass(frozen=True)
class Words:
    """Words and how frequent each is: the weights add up to one. A larger world's begin with a smaller one's words."""

    words: tuple[str, ...]
    weights: Floats


def women(people: int) -> Words:
    """Given names of women: another uncounted one for every 50 people, as far as the lists go."""
    return _with_tail(lists().counted_women, (*_WOMEN, *lists().other_women), 150 + people // 50, COUNTED_GIVEN)


def men(people: int) -> Words:
    """Given names of men: another uncounted one for every 50 people, as far as the lists go."""
    return _with_tail(lists().counted_men, (*_MEN, *lists().other_men), 150 + people // 50, COUNTED_GIVEN)


def families(people: int) -> Words:
    """Family names: another uncounted one for every 15 people, composed ones where the lists end."""
    size = 300 + people // 15
    written = (*_FAMILIES, *lists().other_families)
    return _with_tail(lists().counted_families, (*written, *composed(max(0, size - len(written)))), size, COUNTED_FAMILY)


def streets(people: int) -> Words:
    """Streets: the written ones, and for every 20 people one that is called after a family."""
    named, kinds = [word for word, _ in lists().counted_families], lists().street_kinds
    count = min(200 + people // 20, len(named) * len(kinds))
    called = (f"{named[n % len(named)]} {kinds[(n + n // len(named)) % len(kinds)]}" for n in range(count))
    head = [(word, 1 / (place + 20)) for place, word in enumerate(_STREETS)]
    return _with_tail(head, called, count, _WRITTEN_STREET)


def nicknames() -> dict[str, tuple[str, ...]]:
    """What people of a given name are called, the usual form first."""
    entries = (entry.partition(":") for entry in _NICKNAMES.split())
    return {name: tuple(forms.split(",")) for name, _, forms in entries}


def _with_tail(head: Iterable[tuple[str, float]], tail: Iterable[str], size: int, share: float) -> Words:
    """Give the head `share` of all weight, and the first `size` of the tail the rest, the nearer the front the more."""
    weights = dict(head)
    counted = len(weights)
    rest = [word for word in dict.fromkeys(tail) if word not in weights][:size]
    of_head = np.fromiter(weights.values(), np.float64, counted)
    of_rest = (np.arange(len(rest), dtype=np.float64) + 40) ** -0.7
    both = np.concatenate([of_head / of_head.sum() * share, of_rest / of_rest.sum() * (1 - share)])
    return Words((*weights, *rest), both / both.sum())
