"""The option `address`: common parts of an address become their usual short form: street is st, northwest is nw."""

import functools
from collections.abc import Mapping

_ENGLISH = """
alley aly, allee aly, annex anx, arcade arc, avenue ave, av ave, aven ave, avenu ave, bayou byu, beach bch, bend bnd, bluff blf,
boulevard blvd, boul blvd, boulv blvd, branch br, bridge brg, brook brk, building bldg, bypass byp, camp cp, canyon cyn, cape cpe,
causeway cswy, center ctr, centre ctr, circle cir, circ cir, cliff clf, close cl, club clb, common cmn, corner cor, course crse,
court ct, courts cts, cove cv, creek crk, crescent cres, cresent cres, crest crst, crossing xing, crossroad xrd, curve curv,
department dept, drive dr, driv dr, drv dr, estate est, estates ests, expressway expy, extension ext, falls fls, ferry fry,
field fld, fields flds, flat apt, floor fl, flr fl, ford frd, forest frst, fork frk, fort ft, freeway fwy, garden gdn, gardens gdns,
gateway gtwy, glen gln, green grn, grove grv, harbor hbr, harbour hbr, haven hvn, heights hts, highway hwy, hiway hwy, hill hl,
hills hls, hollow holw, house hse, inlet inlt, island is, junction jct, key ky, knoll knl, lake lk, lakes lks, landing lndg, lane ln,
lodge ldg, lower lwr, manor mnr, meadow mdw, meadows mdws, mill ml, mills mls, mission msn, motorway mtwy, mount mt, mountain mtn,
office ofc, orchard orch, overpass opas, park pk, parkway pkwy, parkwy pkwy, penthouse ph, place pl, plain pln, plains plns,
plaza plz, point pt, port prt, post pst, prairie pr, quay qy, ranch rnch, rapids rpds, ridge rdg, river riv, road rd, room rm,
route rte, saint st, sainte ste, shore shr, shores shrs, spring spg, springs spgs, square sq, sqre sq, station sta, strand strnd,
stream strm, street st, str st, strt st, suite ste, summit smt, terrace ter, terr ter, throughway trwy, trace trce, track trak,
trail trl, tunnel tunl, turnpike tpke, underpass upas, union un, unit apt, upper upr, valley vly, viaduct via, view vw, village vlg,
ville vl, vista vis, walk wlk, way wy, apartment apt, appartment apt, north n, south s, east e, west w, northeast ne, northwest nw,
southeast se, southwest sw, first 1st, second 2nd, third 3rd, fourth 4th, fifth 5th, sixth 6th, seventh 7th, eighth 8th, ninth 9th,
tenth 10th, number no, nr no, num no, postbox pob, pobox pob
"""
_OTHERS = """
strasse st, gasse g, platz pl, weg wy, allee aly, hausnummer no, calle c, avenida ave, avda ave, carretera ctra, plaza plz, rue r,
chemin ch, impasse imp, place pl, viale vle, piazza pza, corso cso, rua r, travessa tv, straat st, laan ln, plein pl
"""
_TOGETHER = {
    ("north", "east"): "ne", ("north", "west"): "nw", ("south", "east"): "se", ("south", "west"): "sw", ("n", "e"): "ne",
    ("n", "w"): "nw", ("s", "e"): "se", ("s", "w"): "sw", ("po", "box"): "pob", ("post", "box"): "pob", ("p", "box"): "pob",
    ("post", "office", "box"): "pob",
}  # fmt: skip
_STREET_ENDINGS = (("strasse", "st"), ("str", "st"), ("straat", "st"), ("platz", "pl"))
"""How names of streets that are one word end, as in Hauptstrasse and Hauptstr."""


@functools.cache
def table() -> Mapping[str, str]:
    """From a part of an address to its short form."""
    return dict(pair.split() for pair in f"{_OTHERS},{_ENGLISH}".replace("\n", " ").split(","))


def fold(words: str) -> str:
    """The words of an address (lower case, one space between them) with each common part in its short form."""
    parts = table()
    found: list[str] = []
    listed = words.split(" ")
    at = 0
    while at < len(listed):
        word = listed[at]
        several = _together(listed, at) if word in _FIRST else 0
        if several:
            found.append(_TOGETHER[tuple(listed[at : at + several])])
        else:
            found.append(parts.get(word) or _one_word(word))
        at += several or 1
    return " ".join(found)


_FIRST = frozenset(words[0] for words in _TOGETHER)


def _together(words: list[str], at: int) -> int:
    return next((size for size in (3, 2) if tuple(words[at : at + size]) in _TOGETHER), 0)


def _one_word(word: str) -> str:
    if len(word) > 6:
        for ending, short in _STREET_ENDINGS:
            if word.endswith(ending):
                return word.removesuffix(ending) + short
    return word
