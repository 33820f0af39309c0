"""The project of most tests of sources."""

from pathlib import Path

import pytest

from cdp_assets_tests.sources.projects import CRM, write


@pytest.fixture
def crm(tmp_path: Path) -> Path:
    write(tmp_path, cdp_yaml=CRM)
    return tmp_path
