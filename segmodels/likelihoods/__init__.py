"""Functions of arrays: log-densities with gradients, expectations, simulation."""

import os
from pathlib import Path


def _drop_stale_kernels(folder: Path) -> None:
    """Remove compiled kernels that are older than a source beside them.

    Numba compares a cached kernel with its own file only, not with those it calls; after an edit there it would
    go on running the old code.
    """
    cache = folder / "__pycache__"
    if not os.access(cache, os.W_OK):
        return
    newest = max(source.stat().st_mtime for source in folder.glob("*.py"))
    for index in cache.glob("*.nbi"):
        if index.stat().st_mtime < newest:
            index.unlink(missing_ok=True)


_drop_stale_kernels(Path(__file__).parent)
