"""What a benchmark ran on, for its JSON."""

import os
import platform
from importlib.metadata import version


def machine(*packages):
    """Processor, system, load and versions, of exonym and of the packages named."""
    return {
        "machine": platform.machine(),
        "system": platform.system(),
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "python": platform.python_version(),
        **{package: version(package) for package in ("exonym", *packages)},
    }
