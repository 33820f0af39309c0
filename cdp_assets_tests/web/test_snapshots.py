"""Readers of publications: when they look, and when the old one is closed."""

import duckdb
import pytest

from cdp_assets.publish import LAYOUT
from cdp_assets.web.snapshot import NoSnapshotError, Snapshots
from cdp_assets_tests.publish.small_world import published, world


def customers(snapshot):
    return snapshot.connection.execute("select customers from facts").fetchall()[0][0]


def fewer(folder):
    tables = world()
    return published(folder, {**tables, "unified_profiles": tables["unified_profiles"].slice(0, 1)}, run="run-2", version=1)


def test_current_is_looked_at_every_two_seconds(tmp_path):
    now = [0.0]
    published(tmp_path)
    snapshots = Snapshots(tmp_path / "published", clock=lambda: now[0])
    seen = []
    for moment in (0.0, 1.9, 2.0):
        now[0] = moment
        with snapshots.reading() as snapshot:
            seen.append(customers(snapshot))
        if moment == 0.0:
            fewer(tmp_path)
    assert seen == [4, 4, 1]


def test_old_publication_is_read_to_the_end_and_then_closed(tmp_path):
    published(tmp_path)
    snapshots = Snapshots(tmp_path / "published", check_seconds=0)
    with snapshots.reading() as old:
        before = snapshots._current
        fewer(tmp_path)
        with snapshots.reading() as new:
            assert (customers(old), customers(new)) == (4, 1)
        assert not before.closed
    assert before.closed
    with pytest.raises(duckdb.ConnectionException):
        before.connection.execute("select 1")


@pytest.mark.parametrize(
    "statement",
    [
        "set memory_limit = '8GB'",
        "copy (select 1) to 'x.csv'",
        "select * from read_csv('/etc/passwd')",
        "attach 'x' as y",
        "create table x (a int)",
    ],
)
def test_a_reader_can_only_read(tmp_path, statement):
    published(tmp_path)
    with Snapshots(tmp_path / "published").reading() as snapshot, pytest.raises(duckdb.Error):
        snapshot.connection.execute(statement)


def test_nothing_published(tmp_path):
    with pytest.raises(NoSnapshotError), Snapshots(tmp_path).reading():
        pass


def test_lost_pointer_keeps_the_last_good_one(tmp_path):
    published(tmp_path)
    snapshots = Snapshots(tmp_path / "published", check_seconds=0)
    with snapshots.reading():
        pass
    (tmp_path / "published" / "CURRENT").unlink()
    with snapshots.reading() as snapshot:
        assert (customers(snapshot), snapshot.outdated) == (4, True)


def test_publication_of_another_layout_is_not_opened(tmp_path):
    published(tmp_path)
    file = tmp_path / "published" / "CURRENT"
    file.write_text(file.read_text().replace(LAYOUT, "other"))
    with pytest.raises(NoSnapshotError, match="after an update of the program"), Snapshots(tmp_path / "published").reading():
        pass
