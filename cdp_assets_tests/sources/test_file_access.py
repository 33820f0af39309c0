"""Files that may not be read or written, links that lead elsewhere, files that change while they are read."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from cdp_assets.errors import UserError
from cdp_assets.sources import SourceError, csv_file, staging
from cdp_assets_tests.sources.projects import CRM, HEADER, names_of, problem_of, read, write

NOBODY = 65534


@pytest.fixture
def as_nobody(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The rights of a plain user, for root may read and write everything."""
    if os.geteuid() != 0:
        yield
        return
    before = tmp_path_factory.mktemp("before")  # what a reading imports may lie where nobody may read
    write(before, cdp_yaml=CRM, crm_csv=HEADER + "C1,Ann,,\n")
    read(before)
    for path in (tmp_path, *tmp_path.rglob("*")):
        os.chown(path, NOBODY, NOBODY)
    for path in tmp_path.parents:
        if path.stat().st_mode & 0o700 == 0o700 and not path.stat().st_mode & 0o001:  # pytest's own, one more where it has workers
            path.chmod(0o711)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def test_no_permission_to_read_is_said_with_the_file(crm, request):
    write(crm, crm_csv=HEADER)
    (crm / "crm.csv").chmod(0)
    request.getfixturevalue("as_nobody")
    assert problem_of(crm) == "Source crm: crm.csv may not be read. Give your user the right to read it."


def test_no_permission_to_write_is_said(crm, request):
    write(crm, crm_csv=HEADER + "C1,Ann,,\n")
    read(crm)
    write(crm, crm_csv=HEADER + "C1,Ann,,\nC2,Bob,,\n")
    request.getfixturevalue("as_nobody")
    lake = crm / ".cdp" / "lake"
    folders = [lake, *(path for path in lake.rglob("*") if path.is_dir())]
    for folder in folders:
        folder.chmod(0o500)
    try:
        with pytest.raises(UserError, match="no permission to read or write below the project's folder"):
            read(crm)
    finally:
        for folder in folders:
            folder.chmod(0o700)
    assert names_of(crm) == ["Ann"]


def _outside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "secret.csv").write_text(HEADER + "C9,Eve,,\n")
    return outside


@pytest.mark.parametrize("files", ["data", "data/*.csv", "data/**/*.csv"])
def test_a_link_in_a_folder_that_leads_out_of_the_project_is_refused_by_name(crm, tmp_path_factory, files):
    write(crm, cdp_yaml=CRM.replace("crm.csv", files), data__a_csv=HEADER)
    (crm / "data" / "b.csv").symlink_to(_outside(tmp_path_factory) / "secret.csv")
    assert problem_of(crm) == (
        "Source crm: data/b.csv is reached by a link that leads out of the project folder, so it is not read. "
        "Copy the file here, or name the place where it lies under `files` in cdp.yaml."
    )


def test_a_link_to_a_folder_inside_a_folder_is_not_followed(crm, tmp_path_factory):
    write(crm, cdp_yaml=CRM.replace("crm.csv", "data"), data__a_csv=HEADER)
    (crm / "data" / "more").symlink_to(_outside(tmp_path_factory))
    assert "data/more is a link to a folder, and these are not followed." in problem_of(crm)


def test_a_link_that_leads_nowhere_is_named(crm):
    write(crm, cdp_yaml=CRM.replace("crm.csv", "data"), data__a_csv=HEADER)
    (crm / "data" / "b.csv").symlink_to("gone.csv")
    assert problem_of(crm) == "Source crm: data/b.csv is a link that leads nowhere. Mend it, or remove it."


@pytest.mark.parametrize("files", ["named.csv", "named", "named/*.csv"])
def test_what_cdp_yaml_names_may_be_a_link_out_of_the_project(crm, tmp_path_factory, files):
    outside = _outside(tmp_path_factory)
    write(crm, cdp_yaml=CRM.replace("crm.csv", files))
    target = outside / "secret.csv" if files.endswith("named.csv") else outside
    (crm / files.split("/")[0]).symlink_to(target)
    read(crm)
    assert names_of(crm) == ["Eve"]


def test_a_link_inside_the_project_is_followed(crm):
    write(crm, cdp_yaml=CRM.replace("crm.csv", "data/*.csv"), inbox__a_csv=HEADER + "C1,Ann,,\n")
    (crm / "data").mkdir()
    (crm / "data" / "a.csv").symlink_to("../inbox/a.csv")
    read(crm)
    assert names_of(crm) == ["Ann"]


@pytest.mark.parametrize("moment", ["before the layout", "before the rows"])
def test_a_file_that_vanishes_while_it_is_read_is_named(crm, monkeypatch, moment):
    write(crm, crm_csv=HEADER + "C1,Ann,,\n")
    from cdp_assets.sources import raw

    of_layouts, of_rows = raw.layouts, staging.READERS["csv"]

    def layouts(*given):
        if moment == "before the layout":
            (crm / "crm.csv").unlink()
        return of_layouts(*given)

    def rows(*given):
        (crm / "crm.csv").unlink(missing_ok=True)
        return of_rows(*given)

    monkeypatch.setattr(raw, "layouts", layouts)
    monkeypatch.setattr(staging, "READERS", {"csv": rows})
    with pytest.raises(SourceError) as error:
        read(crm)
    assert error.value.message == "Source crm: crm.csv vanished while it was read. Refresh again when the files are complete."


def test_a_file_that_is_cut_off_while_it_is_read_is_not_read_in_part(crm, monkeypatch):
    write(crm, crm_csv=HEADER + "C1,Ann,,\n" * 1000)
    of_rows = staging.READERS["csv"]

    def rows(*given):
        for portion in of_rows(*given):
            yield portion
            os.truncate(crm / "crm.csv", len(HEADER))

    monkeypatch.setattr(csv_file, "BYTES_AT_ONCE", 100)
    monkeypatch.setattr(staging, "READERS", {"csv": rows})
    assert "crm.csv changed while it was read. Refresh again when it is complete." in _problem_of_source(crm)


def _problem_of_source(folder: Path) -> str:
    with pytest.raises(SourceError) as error:
        read(folder)
    return error.value.message
