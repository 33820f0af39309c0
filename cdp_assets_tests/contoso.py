"""Microsoft's public sample of contacts and loyalty customers, changed and unchanged, and how well a project unifies it.

The sample (CC-BY-4.0) is not part of this project. CDP_CONTOSO names the folder with its CSV files; without it the folder
shared/data/contoso beside the checkout is looked for. The loyalty file holds the true contact; it is left out of every copy
and looked at only when the errors are counted: nothing is learnt from it.
"""

import csv
import os
import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from cdp_assets.config import Project, load_project
from cdp_assets.start import config_text, suggest
from cdp_assets_tests.identity.reference import distance, name_distance
from cdp_assets_tests.projects import query, run_up_to

SAMPLE = Path(os.environ.get("CDP_CONTOSO", Path(__file__).parents[2] / "shared" / "data" / "contoso"))
CONTACT, LOYALTY = "Contact.csv", "Customer-Loyalty.csv"
FILES = (CONTACT, LOYALTY, "OnlinePurchases.csv", "POSPurchases.csv", "WebsiteReviews_LinkedToEcommerceContacts.csv")
THERE = all((SAMPLE / file).is_file() for file in FILES)
MISSING = "missing data: CDP_CONTOSO does not name the folder of the sample"
LEFT = ("FullName", "Telephone", "DateOfBirth")
"""What is left of both files where the e-mail is taken away."""
SEED, TYPO, DROPPED = 6, 0.1, 0.3
OFTEN = 3  # so many of the commonest forms of an error are told
TYPOS_MAY = 2  # edits by which a value counts as the same with a typo

Row = dict[str, str]


def rows_of(file: Path) -> list[Row]:
    """The rows of a CSV file."""
    with file.open(encoding="utf-8-sig", newline="") as opened:
        return list(csv.DictReader(opened))


def write(file: Path, rows: Iterable[Row]) -> None:
    """These rows as a CSV file."""
    listed = list(rows)
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.DictWriter(opened, list(listed[0]))
        writer.writeheader()
        writer.writerows(listed)


def started(folder: Path, *, with_truth: bool = False) -> Project:
    """A folder with all files of the sample and what `cdp init` suggests for them."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in FILES:
        shutil.copyfile(SAMPLE / file, folder / file)
    if not with_truth:
        write(folder / LOYALTY, without(rows_of(SAMPLE / LOYALTY), "ContactId"))
    return suggested(folder)


def changed(folder: Path, contact: Callable[[list[Row]], Iterable[Row]], loyalty: Callable[[list[Row]], Iterable[Row]]) -> Project:
    """A folder with a changed copy of the two files of people, without the truth, and what `cdp init` suggests for them."""
    folder.mkdir(parents=True, exist_ok=True)
    write(folder / CONTACT, contact(rows_of(SAMPLE / CONTACT)))
    write(folder / LOYALTY, loyalty(without(rows_of(SAMPLE / LOYALTY), "ContactId")))
    return suggested(folder)


def suggested(folder: Path) -> Project:
    """The project that `cdp init` makes of the files of a folder."""
    (folder / "cdp.yaml").write_text(config_text(suggest(folder)))
    return load_project(folder)


def without(rows: Iterable[Row], *columns: str) -> list[Row]:
    """The rows without these columns."""
    return [{name: value for name, value in row.items() if name not in columns} for row in rows]


def without_mail(folder: Path) -> Project:
    """Keys, name, telephone and birth date: nothing else is there."""

    def left(key: str) -> Callable[[list[Row]], list[Row]]:
        return lambda rows: [{name: row[name] for name in (key, *LEFT)} for row in rows]

    return changed(folder, left("ContactId"), left("LoyaltyId"))


def with_typos(folder: Path) -> Project:
    """Loyalty customers with a typo in a tenth of their names, e-mails, telephones and birth dates, 30 % of the e-mails dropped."""
    draw = random.Random(SEED)

    def worse(row: Row) -> Row:
        row = dict(row)
        for part in ("FirstName", "LastName"):
            if draw.random() < TYPO / 2:
                wrong = typo(draw, row[part])
                row["FullName"] = " ".join(wrong if word == row[part] else word for word in row["FullName"].split(" "))
                row[part] = wrong
        for field in ("EMail", "Telephone"):
            if row[field] and draw.random() < TYPO:
                row[field] = typo(draw, row[field])
        if row["DateOfBirth"] and draw.random() < TYPO:
            row["DateOfBirth"] = f"{row['DateOfBirth'][:8]}{draw.randint(1, 28):02}"
        if draw.random() < DROPPED:
            row["EMail"] = ""
        return row

    return changed(folder, lambda rows: rows, lambda rows: map(worse, rows))


def typo(draw: random.Random, value: str) -> str:
    """One letter or digit of the value is another, is missing, stands twice, or has changed places with the next."""
    places = [at for at, sign in enumerate(value) if sign.isalnum()]
    if len(places) < 2:
        return value
    at = draw.choice(places[:-1])
    sign = value[at]
    other = draw.choice("0123456789" if sign.isdigit() else "abcdefghijklmnopqrstuvwxyz")
    wrong = draw.choice([other + value[at + 1], value[at + 1], sign + sign + value[at + 1], value[at + 1] + sign])
    return value[:at] + wrong + value[at + 2 :]


class Score(NamedTuple):
    """How good: pairs of a contact and a loyalty customer in one profile, the true ones of them, loyalty customers in them, the errors."""

    pairs: int
    right: int
    matched: int
    customers: int
    true: int
    missed: Counter[str]
    wrong: Counter[str]

    @property
    def share(self) -> float:
        return self.matched / self.customers

    @property
    def precision(self) -> float:
        return self.right / self.pairs if self.pairs else 1.0

    @property
    def recall(self) -> float:
        return self.right / self.true

    @property
    def f1(self) -> float:
        return 2 * self.precision * self.recall / (self.precision + self.recall) if self.right else 0.0

    def told(self) -> str:
        """The figures in words, with what the errors are."""
        figures = (
            f"matched {self.matched:,} of {self.customers:,} ({self.share:.2%}), "
            f"precision {self.precision:.5f}, recall {self.recall:.5f}, F1 {self.f1:.5f}"
        )
        lines = [figures]
        for what, errors in (("missed pairs", self.missed), ("wrong pairs", self.wrong)):
            lines.append(f"  {what}: {errors.total():,}")
            kinds = Counter[str]()
            for reason, count in errors.items():
                kinds[reason.partition(": ")[0]] += count
            for kind, count in kinds.most_common():
                lines.append(f"    {count:>6,}  {kind}; most often:")
                often = [(many, reason) for reason, many in errors.most_common() if reason.startswith(f"{kind}: ")]
                lines += [f"    {many:>12,}  {reason.partition(': ')[2]}" for many, reason in often[:OFTEN]]
        return "\n".join(lines)


def unified(project: Project) -> Score:
    """Unify the project, then, and only then, look at the truth."""
    for _ in run_up_to(project, "alternate_keys"):
        pass
    return score(project)


def score(project: Project) -> Score:
    """How good the profiles of a project that was refreshed are."""
    found = query(
        project,
        "select l.record_key, c.record_key from alternate_keys as l join alternate_keys as c using (customer_id) "
        "where l.source = 'customer_loyalty' and c.source = 'contact'",
    )
    truth = {row["LoyaltyId"]: row["ContactId"] for row in rows_of(SAMPLE / LOYALTY)}
    contacts = {row["ContactId"]: row for row in rows_of(project.folder / CONTACT)}
    loyal = {row["LoyaltyId"]: row for row in rows_of(project.folder / LOYALTY)}
    joined: dict[str, list[str]] = {}
    for key, contact in found:
        joined.setdefault(str(key), []).append(str(contact))
    missed, wrong = Counter[str](), Counter[str]()
    for key, row in loyal.items():
        its = joined.get(key, [])
        true = truth[key]
        if true in contacts and true not in its:
            missed[_missed(row, contacts[true], bool(its))] += 1
        for contact in its:
            if contact != true:
                wrong[_wrong(row, contacts[contact], true_too=true in its)] += 1
    right = sum(truth[key] in its for key, its in joined.items())
    return Score(len(found), right, len(joined), len(loyal), sum(each in contacts for each in truth.values()), missed, wrong)


def _states(one: Row, other: Row) -> dict[str, str]:
    """Each field of two people: same, with a typo, different, missing on a side."""
    states = {"name": _alike(" ".join(_words(one)), " ".join(_words(other)), name_distance)}
    if states["name"] == "different" and set(_words(one)) & set(_words(other)):
        states["name"] = "different in a word"
    if "EMail" in one:
        states["e-mail"] = _alike(one["EMail"].lower(), other["EMail"].lower())
    states["telephone"] = _alike(_digits(one["Telephone"]), _digits(other["Telephone"]))
    states["birth date"] = _alike(_day(one["DateOfBirth"]), _day(other["DateOfBirth"]))
    return states


def _missed(row: Row, true: Row, elsewhere: bool) -> str:
    """Why the true pair is none: what about it is not the same."""
    states = _states(row, true)
    if elsewhere:
        kind = "joined with another contact instead"
    elif states["name"] == "different in a word":
        kind = "one word of the name is another"
    elif states["name"] == "different":
        kind = f"the whole name is more than {TYPOS_MAY} edits apart"
    elif "missing" in states.values():
        kind = "a field is missing"
    elif "different" in states.values():
        kind = "a value that is another one"
    else:
        kind = "typos alone"
    parts = [f"{field} {state}" for field, state in states.items() if state != "same"]
    return f"{kind}: {', '.join(parts) or 'all the same'}"


def _wrong(row: Row, taken: Row, *, true_too: bool) -> str:
    """What the two that are not one person have in common."""
    states = _states(row, taken)
    if true_too:
        kind = "two contacts taken for one"
    elif states["name"] == "same":
        kind = "two persons of one name"
    elif states["name"] == "with a typo":
        kind = "two persons of nearly one name"
    else:
        kind = "two persons of different names"
    return f"{kind}: {', '.join(f'{field} {state}' for field, state in states.items())}"


def _words(row: Row) -> list[str]:
    return sorted(row["FullName"].lower().split())


def _digits(telephone: str) -> str:
    return "".join(filter(str.isdigit, telephone))


def _alike(one: str, other: str, apart: Callable[[str, str], int] = distance) -> str:
    if not one or not other:
        return "missing"
    if one == other:
        return "same"
    return "with a typo" if apart(one, other) <= TYPOS_MAY else "different"


def _day(value: str) -> str:
    """A birth date of either file as ISO 8601; what is none stays."""
    month, _, rest = value.partition("/")
    day, _, year = rest.partition("/")
    return f"{year}-{month:>02}-{day:>02}" if year else value
