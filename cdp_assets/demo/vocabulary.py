"""Words the demo world is composed of: names, streets, towns, mail domains, written or composed here; nobody's data.

Lists and how they grow with the number of people; which person gets which word belongs to `people`. Mail domains are
those reserved for examples (RFC 2606 and 6761), so that no message can ever leave the demo.
"""

from __future__ import annotations

from dataclasses import dataclass


def _listed(words: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words.split()))


# In the order of frequency: the front of a list is common, its end is rare.
WOMEN = _listed(
    """
    Mary Jennifer Linda Susan Jessica Sarah Karen Anna Emily Laura Michelle Maria Julia Sophie Olivia Emma Ava
    Isabella Mia Charlotte Amelia Harper Evelyn Abigail Ella Scarlett Grace Chloe Victoria Riley Aria Lily Nora Zoë
    Hannah Lillian Addison Aubrey Ellie Stella Natalie Leah Hazel Violet Aurora Lucy Bella Claire Sofía Elena Ruby Eva
    Alice Sadie Hailey Autumn Quinn Nevaeh Piper Lydia Clara Vivian Delilah Brielle Rose Adeline Iris Margaret Ruth
    Helen Dorothy Barbara Patricia Nancy Betty Sandra Ashley Kimberly Donna Carol Amanda Melissa Deborah Stephanie
    Rebecca Sharon Cynthia Kathleen Amy Angela Shirley Brenda Pamela Nicole Samantha Katherine Christine Rachel
    Carolyn Janet Heather Diane Joyce Renée Chloé Aurélie Hélène Camille Inès Françoise Małgorzata Agnieszka Katarzyna
    Zofia Jadwiga Øydis Åsa Solveig Ingrid Astrid Birgit Käthe Bärbel Frauke Svenja Leyla Aylin Elif Zeynep Fatima
    Aisha Noor Yasmin Priya Ananya Divya Lakshmi Mei Xiu Yuki Sakura Haruka Minji Soo-jin Thuy Linh Ngọc Chiara Giulia
    Francesca Beatriz Inês Conceição Lucía Ximena Guadalupe Noémie Ana-María Marie-Claire Siobhán Niamh Aoife Gráinne
    Eilidh Morag Saoirse Zuzana Tereza Eliška Ljubica Šárka Ioana Ștefania Oksana Svitlana Darya Ekaterina
    """
)
MEN = _listed(
    """
    James Robert John Michael David William Richard Thomas Daniel Matthew Anthony Mark Paul Steven Andrew Joshua Kevin
    Brian Liam Noah Oliver Elijah Lucas Mason Logan Ethan Jacob Jackson Levi Sebastian Mateo Jack Owen Theodore Aiden
    Samuel Joseph Wyatt Carter Julian Luke Grayson Isaac Jayden Gabriel Lincoln Jaxon Nathan Caleb Ryan Adrian Miles
    Eli Nolan Christian Aaron Cameron Ezekiel Colton Luca Landon Hunter Jonathan Santiago Axel Easton Cooper Jeremiah
    Angel Roman Connor Jameson Charles Christopher Donald George Kenneth Edward Ronald Timothy Jason Jeffrey Gary
    Nicholas Eric Stephen Larry Justin Scott Brandon Benjamin Frank Gregory Raymond Alexander Patrick Dennis Jerry
    Tyler José Andrés Jesús Raúl Iván Jürgen Björn Günther Jörg Sören Łukasz Paweł Michał Wojciech Zbigniew Øystein
    Håkon Åke Lars Anders Nils François Étienne Jérôme Rémi Loïc Benoît João Tiago Gonçalo Seán Ciarán Pádraig Eoghan
    Hamish Mehmet Emre Çağlar Yusuf Omar Khalid Ibrahim Arjun Rohan Vikram Sanjay Wei Jun Hiroshi Kenji Takumi Min-jun
    Duc Quang Giuseppe Niccolò Matteo Ondřej Jiří Tomáš Ștefan Dragoș Luka Đorđe Mykola Taras Dmitri Jean-Luc
    Hans-Peter Ari D'Andre
    """
)
_FAMILIES = _listed(
    """
    Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Martinez Hernandez Lopez Gonzalez Wilson Anderson
    Thomas Taylor Moore Jackson Martin Lee Perez Thompson White Harris Sanchez Clark Ramirez Lewis Robinson Walker
    Young Allen King Wright Scott Torres Nguyen Hill Flores Green Adams Nelson Baker Hall Rivera Campbell Mitchell
    Carter Roberts Gomez Phillips Evans Turner Diaz Parker Cruz Edwards Collins Reyes Stewart Morris Morales Murphy
    Cook Rogers Gutierrez Ortiz Morgan Cooper Peterson Bailey Reed Kelly Howard Ramos Kim Cox Ward Richardson Watson
    Brooks Chavez Wood James Bennett Gray Mendoza Ruiz Hughes Price Alvarez Castillo Sanders Patel Myers Long Ross
    Foster Jimenez Powell Jenkins Perry Russell Sullivan Bell Coleman Butler Henderson Barnes Fisher Vasquez Simmons
    Romero Jordan Patterson Alexander Hamilton Graham Reynolds Griffin Wallace Moreno West Cole Hayes Bryant Herrera
    Gibson Ellis Tran Medina Aguilar Stevens Murray Ford Castro Marshall Owens Harrison Fernandez McDonald Woods
    Washington Kennedy Wells Vargas Henry Chen Freeman Webb Tucker Guzman Burns Crawford Olson Simpson Porter Hunter
    Gordon Mendez Silva Shaw Snyder Mason Dixon Muñoz Hunt Hicks Holmes Palmer Wagner Black Robertson Boyd Rose Stone
    Salazar Fox Warren Mills Meyer Rice Schmidt Garza Daniels Ferguson Nichols Stephens Soto Weaver Ryan Gardner Payne
    Grant Dunn Kelley Spencer Hawkins Arnold Pierce Hansen Peters Santos Hart Bradley Knight Elliott Cunningham Duncan
    Armstrong Hudson Carroll Lane Riley Andrews Alvarado Ray Delgado Berry Perkins Hoffman Johnston Matthews Peña
    Richards Contreras Willis Carpenter Lawrence Sandoval O'Brien O'Connor O'Neill McCarthy MacLeod D'Angelo Müller
    Schröder Jäger Weiß Böhm Köhler Kowalski Wiśniewski Wójcik Łukaszewski Zieliński Nowak Dvořák Novotný Černý
    Horváth Nagy Szabó Ødegård Sørensen Åkesson Bjørnstad Lindqvist Lefèvre Gagné Côté Bélanger Beauséjour Araújo
    Gonçalves Conceição Ibáñez Núñez Çelik Şahin Öztürk Ștefănescu Popović Đurić Kovačević Nakamura Takahashi
    Yamamoto Park Choi Phạm Hoàng Singh Sharma Iyer Haddad El-Sayed Abdullah Okafor Adeyemi Mbeki Van-Dyke St-Pierre
    Smith-Jones Garcia-Lopez Ferrari Esposito De-Luca
    """
)
_FAMILY_STARTS = _listed(
    """
    Al Ban Bar Bel Ber Bran Cal Car Cor Dal Dar Del Dor Dun El Fal Fen Gar Gil Gor Hal Han Har Hol Jan Kal Kel Ken Kor
    Lam Lan Lar Len Lin Lor Mal Mar Mel Mor Nor Os Pal Per Pol Ral Ren Ros Sal Sel Sor Stan Tal Tam Ter Tor Val Var
    Ver Wal Wil Win Yar Zal Zim
    """
)
_FAMILY_MIDDLES = _listed(
    """
    a al an ar be da de di do e el en er ga go i in ka ko la le li lo ma mi na ne ni no o ra re ri ro sa ta ti to u vi
    """
)
_FAMILY_ENDS = _listed(
    """
    bach berg by cott dale den don ell er ett field ford gan ham hart i ing kin land ley lin lo man mann more nen ner
    ni nik off ov quist ris ro sen shaw ski son stein stone ston ter ton va vic well wick win worth zer
    """
)
_STREET_NAMES = _listed(
    """
    Main Oak Maple Cedar Park Elm Washington Lake Hill Walnut Spring North Ridge Church Willow Mill Sunset Railroad
    Jackson Cherry Highland Johnson Dogwood Chestnut Spruce Meadow River Forest Prospect Franklin Jefferson Madison
    Birch Hickory Laurel Magnolia Poplar Sycamore Valley Vine Orchard Garden Union Market Harbor Canyon Mission
    """
)
STREETS = tuple(f"{name} {kind}" for kind in ("St", "Ave", "Rd", "Ln", "Blvd") for name in _STREET_NAMES)
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
_TOWN_STARTS = _listed(
    """
    Ash Bay Brook Clear Cedar East Elk Fair Glen Green High Lake Long Maple North Oak Pine Red River Rock Stone West
    Wood
    """
)
_TOWN_ENDS = _listed(
    """
    burg bury dale field ford haven hurst land mont point port ridge side ton vale view ville
    """
)
_FIRST_COMPOSED_PREFIX, _LAST_COMPOSED_PREFIX = 10, 999
_STRIDE = 7919


@dataclass(frozen=True)
class Town:
    """A town: its name, its country (ISO 3166 code) and the first three characters of its postal codes."""

    name: str
    country: str
    prefix: str


def families(people: int) -> tuple[str, ...]:
    """Family names for a world of `people`, common ones first.

    The written ones, and a composed one for every 20 people: among more people there are more names, and a vocabulary
    that stood still would make namesakes of everybody.
    """
    starts, middles, ends = len(_FAMILY_STARTS), len(_FAMILY_MIDDLES), len(_FAMILY_ENDS)
    possible = starts * middles * ends
    composed = []
    for nth in range(min(people // 20, possible)):
        # The stride shares no factor with the number of combinations: each comes once, and neighbours differ.
        n = nth * _STRIDE % possible
        composed.append(_FAMILY_STARTS[n % starts] + _FAMILY_MIDDLES[n // starts % middles] + _FAMILY_ENDS[n // starts // middles])
    return tuple(dict.fromkeys((*_FAMILIES, *composed)))


def towns(people: int) -> tuple[Town, ...]:
    """Towns for a world of `people`, large ones first; at most some 1,000, each with a postal prefix of its own.

    The written ones, and a composed one for every 1,000 people. Of those some share a name, as towns do.
    """
    written = [_town(entry) for entry in " ".join(_TOWNS.split()).split(", ")]
    taken = {town.prefix for town in written}
    free = [f"{n:03}" for n in range(_FIRST_COMPOSED_PREFIX, _LAST_COMPOSED_PREFIX + 1) if f"{n:03}" not in taken]
    # Starts and ends are stepped through together, so that neighbours in the list do not share their beginning.
    names = (
        _TOWN_STARTS[n % len(_TOWN_STARTS)] + _TOWN_ENDS[(n + n // len(_TOWN_STARTS)) % len(_TOWN_ENDS)] for n in range(people // 1000)
    )
    return (*written, *(Town(name, "US", prefix) for name, prefix in zip(names, free, strict=False)))


def _town(entry: str) -> Town:
    name, prefix = entry.rsplit(" ", 1)
    return Town(name, "US" if prefix.isdigit() else "CA", prefix)


# The demo company's own people, whose mailboxes the engagement is read from.
OWN_ADDRESSES = tuple(
    f"{name}@northwind.example" for name in ("anna.berg", "ben.castro", "chloe.dunn", "david.ek", "elif.ford", "frank.gray")
)
TRADES = _listed(
    """
    Logistics Foods Software Textiles Robotics Paper Printing Tools Glass Optics Energy Plastics Furniture Packaging
    Ceramics Instruments Shipping Farming Brewing Metals Chemicals Timber Electronics Design
    """
)
# Each way a company's legal form is written: in crm, and elsewhere.
LEGAL_FORMS = (("Inc", "Incorporated"), ("LLC", "L.L.C."), ("Ltd", "Limited"), ("Corp", "Corporation"), ("Co", "Company"))
JOB_TITLES = (
    "Buyer", "Head of Purchasing", "Managing Director", "Sales Manager", "Accountant", "Head of Operations", "Engineer",
    "Office Manager", "Project Lead", "Head of IT", "Marketing Manager", "Warehouse Manager",
)  # fmt: skip
STORES = ("Main Street", "Harbor Mall", "Station", "Airport", "Old Town", "Riverside")
_LOOKS = _listed(
    """
    Blue Red Green White Black Oak Steel Glass Copper Wool Linen Paper Stone Small Large Folding Striped Plain Round
    Bright
    """
)
_THINGS = _listed(
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
    starts, middles, ends = len(_FAMILY_STARTS), len(_FAMILY_MIDDLES), len(_FAMILY_ENDS)
    possible = starts * middles * ends
    found: dict[CompanyName, None] = {}
    nth = 0
    while len(found) < count:
        n = (nth + 1) * _STRIDE % possible
        word = _FAMILY_STARTS[n % starts] + _FAMILY_MIDDLES[n // starts % middles] + _FAMILY_ENDS[n // starts // middles]
        found[CompanyName(word, TRADES[(n + nth // possible) % len(TRADES)])] = None
        nth += 1
    return tuple(found)
