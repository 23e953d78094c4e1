"""Files that are written whole or not at all."""

import os
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole(path: str | os.PathLike[str]) -> Generator[Path]:
    """Give a path to write to; what is there afterwards takes the place of `path`, unless writing failed.

    Parameters
    ----------
    path
        Of the file; an older one is replaced.

    Yields
    ------
    pathlib.Path
        A temporary file in the same folder, of the same ending.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     target = Path(folder) / "page.html"
    ...     with whole(target) as part:
    ...         _ = part.write_text("<p>")
    ...     target.read_text(), len(list(target.parent.iterdir()))
    ('<p>', 1)
    """
    target = Path(path)
    descriptor, name = tempfile.mkstemp(
        dir=target.parent, prefix=f".{target.stem}.", suffix=f".part{target.suffix}"
    )
    os.close(descriptor)
    part = Path(name)
    try:
        yield part
        # mkstemp keeps the file to its owner; results are for others, too.
        part.chmod(0o644)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
