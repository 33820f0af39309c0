"""From a folder to a project: find cdp.yaml, read it, and say all that is wrong with it at once."""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cdp_assets.config import (
    accounts,
    activities,
    cluster_checks,
    clv,
    connections,
    contacts,
    contradictions,
    csv_form,
    customer_id,
    engagement,
    exports,
    guards,
    measures,
    merge_checks,
    row_filter,
    segments,
    sources,
    value_lists,
)
from cdp_assets.config.checks import check
from cdp_assets.config.document import Document, read_document
from cdp_assets.config.draft import read_draft
from cdp_assets.config.later import refusals
from cdp_assets.config.mend import Mended, mended
from cdp_assets.config.problems import ConfigError, Finding, Location, Problem, dotted, listed, nearest, shown
from cdp_assets.config.project import VERSION, ProjectConfig, another_version
from cdp_assets.config.sources import kinds_that_are_left_out
from cdp_assets.config.translate import mistakes
from cdp_assets.config.uses import users_of

LINKS: tuple[Callable[[ProjectConfig], Iterator[Finding]], ...] = (
    sources.check,
    csv_form.check,
    row_filter.check,
    merge_checks.check_combine,
    merge_checks.check,
    customer_id.check,
    cluster_checks.check,
    value_lists.check,
    accounts.check,
    contacts.check,
    guards.check,
    activities.check,
    measures.check,
    clv.check,
    engagement.check,
    segments.check,
    connections.check,
    exports.check,
)
"""What the later sections say about the earlier ones that they name, in the order of the lineage."""
FILE = "cdp.yaml"
VARIABLE = "CDP_PROJECT"
_ROUNDS = 20
"""How often a document is mended: each time can show what a mistake has hidden."""


@dataclass(frozen=True)
class Project:
    """A project's folder and its configuration, as they were when it was loaded."""

    folder: Path
    file: Path
    config: ProjectConfig
    digest: str
    """sha256 of the bytes of the file, so that a run can tell whether the file has changed since."""
    text: str = field(default="", repr=False)
    """The content of the file; empty where the project was not read from one."""

    @property
    def store(self) -> Path:
        """The folder of everything that is stored."""
        return self.folder / ".cdp"


def project_folder(folder: Path | None = None) -> Path:
    """The folder given, else the one in CDP_PROJECT, else the present one if it holds a cdp.yaml, else data/demo beside the package."""
    here = Path.cwd() if (Path.cwd() / FILE).is_file() else Path(__file__).parents[2] / "data" / "demo"
    chosen = folder or Path(os.environ.get(VARIABLE) or here)
    return chosen.expanduser().resolve()


def load_project(folder: Path | None = None) -> Project:
    """The project in the folder (see ``project_folder``); ConfigError with all that is wrong."""
    found = project_folder(folder)
    file = found / FILE
    content = _read(found, file, "" if folder else f"; {VARIABLE} says which folder is the project")
    return project_of(found, content)


def project_of(folder: Path, content: bytes) -> Project:
    """The project in a folder, with the content of its cdp.yaml; ConfigError with all that is wrong."""
    file = folder / FILE
    config = parse_config(content, file)
    return Project(folder, file, config, hashlib.sha256(content).hexdigest(), content.decode("utf-8-sig"))


def parse_config(content: str | bytes, file: Path = Path(FILE)) -> ProjectConfig:
    """The configuration in the content of a file, which is named in messages only; ConfigError with all problems."""
    document, found = read_document(content.encode(errors="replace") if isinstance(content, str) else content)
    return configuration(document, found, file)


def configuration(document: Document, found: list[Finding], file: Path = Path(FILE)) -> ProjectConfig:
    """The configuration in a document, of whose form `found` is known to be wrong; ConfigError with all problems."""
    config = None
    if document.data is not None or not found:
        config, more = _validate(document.data)
        found = [*found, *_removed_sources(more, document)]
    if config is None or found:
        raise ConfigError(file, sorted({_placed(finding, document, file) for finding in found}, key=_by_line))
    return config


def _read(folder: Path, file: Path, hint: str) -> bytes:
    def refused(message: str) -> ConfigError:
        return ConfigError(file, [Problem(FILE, 0, "", message)])

    if not folder.is_dir():
        raise refused(f"there is no folder {folder}{hint}")
    try:
        return file.read_bytes()
    except FileNotFoundError:
        raise refused(f"the folder {folder} holds no {FILE}{hint}; `cdp init` suggests one from the files that are there") from None
    except OSError as error:
        raise refused(f"cannot be read: {(error.strerror or type(error).__name__).lower()}") from None


def _validate(data: Any) -> tuple[ProjectConfig | None, list[Finding]]:
    """The configuration, or what can be used of it, and all that is wrong: first with each section, then between them."""
    if not isinstance(data, dict):
        return None, [Finding((), "must be a mapping that begins with version: 1", shown(data))]
    if type(version := data.get("version")) is int and version != VERSION:
        return None, [Finding(("version",), another_version(version), shown(version), [str(VERSION)])]
    document = mended(data)
    found: list[Finding] = []
    for place, finding in refusals(data):
        document.take_out(place)
        found.append(finding)
    for name, kind in kinds_that_are_left_out(data.get("sources")):
        at: Location = ("sources", name)
        found.append(Finding(at, f"has the keys of {kind} and does not say so; add kind: {kind}", allowed=[f"kind: {kind}"]))
        document.suppose((*at, "kind"), kind)
    config = _usable(document, found)
    found += _new(check(read_draft(document.data(lenient=True))), document, lenient=True)
    while config is not None and document.settle_orders():
        config = _usable(document, found)
    if config is not None:
        for each in LINKS:
            document.sections.update(finding.at[:1] for finding in found)
            found += _new(each(config), document)
            # whoever lacks a field because of what is wrong there is not reported, too
            document.holes.update(finding.at for finding in found if finding.at[1:2] == ("combine",))
            document.holes.update(user for finding in found if finding.at[1:2] == ("exclude",) for user in finding.users)
        # nothing is said of how a condition goes with others while it is wrong by itself
        wrong = {finding.at for finding in found}
        found += _new((finding for finding in contradictions.check(config) if document.written(finding.at) not in wrong), document)
    return config, found


def _usable(document: Mended, found: list[Finding]) -> ProjectConfig | None:
    """What can be used of the document as a configuration, once all that is wrong inside its sections is reported and mended."""
    for _ in range(_ROUNDS):
        data = document.data()
        try:
            config = ProjectConfig.model_validate(data)
        except ValidationError as error:
            wrong = mistakes(error, data)
            found += _new((mistake.finding for mistake in wrong), document)
            if not document.mend(wrong):
                return None
        else:
            return config
    return None


def _new(found: Iterable[Finding], document: Mended, *, lenient: bool = False) -> Iterator[Finding]:
    """The findings at the places where they are written, without those that follow from one that is reported already."""

    def written(at: Location) -> Location:
        return document.written(at, lenient=lenient)

    for finding in found:
        lacks = finding.lacks if finding.lacks is None else [written(at) for at in finding.lacks]
        placed = replace(finding, at=written(finding.at), lacks=lacks, users=[written(at) for at in finding.users])
        if not document.follows(placed):
            yield placed


def _removed_sources(found: list[Finding], document: Document) -> list[Finding]:
    """The findings, with one instead of many for a source that is no more while several places use it: it names them all."""
    users: dict[str, list[Finding]] = {}
    for finding in found:
        place = finding.lacks[0] if finding.lacks else ()
        if len(place) == 2 and place[0] == "sources" and place not in document.lines:
            users.setdefault(str(place[1]), []).append(finding)
    places = {name: {*(each.at for each in its), *users_of(document.data, name)} for name, its in users.items()}
    several = {name: sorted(its, key=lambda at: (document.line(at), dotted(at))) for name, its in places.items() if len(its) > 1}
    gone = {id(finding) for name in several for finding in users[name]}
    return [*(finding for finding in found if id(finding) not in gone), *(_removed(name, its, document) for name, its in several.items())]


def _removed(name: str, users: Sequence[Location], document: Document) -> Finding:
    places = ", ".join(f"{dotted(at)} (line {document.line(at)})" for at in users)
    message = f"unknown source, which is used in {len(users)} places: {places}. Add it under sources, or remove it from all of them"
    known = [str(at[1]) for at in document.lines if len(at) == 2 and at[0] == "sources"]
    return Finding(users[0], message, shown(name), known, nearest(name, known))


def _placed(finding: Finding, document: Document, file: Path) -> Problem:
    line = document.line(finding.at) if finding.line is None else finding.line
    allowed = listed(finding.allowed)
    users = ", ".join(f"{dotted(at)} (line {document.line(at)})" for at in finding.users)
    message = f"{finding.message}: {users}" if users else finding.message
    return Problem(file.name, line, dotted(finding.at), message, finding.found, allowed, finding.nearest)


def _by_line(problem: Problem) -> tuple[int, str, str]:
    return problem.line, problem.field, problem.message
