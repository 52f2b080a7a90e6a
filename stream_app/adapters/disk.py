"""Files that may be deleted at any time."""

import shutil
from pathlib import Path


def wipe(path: Path) -> None:
    """Delete a file or a folder with all that is in it; nothing there is fine."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
