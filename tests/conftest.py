import os
from pathlib import Path

import pytest
from hypothesis import settings

# The networks of the tests are tiny: more threads only wait for each other, for minutes where a core has other work.
# Set before torch is first imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")
settings.register_profile("exonym", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("exonym")


@pytest.fixture(scope="session")
def data():
    """The folder of real data for development; tests that need it are skipped where it is absent."""
    folder = Path(os.environ.get("EXONYM_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}: set EXONYM_DATA")
    return folder
