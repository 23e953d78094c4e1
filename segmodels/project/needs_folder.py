"""Folders that one command writes to, and no other."""

import os
from collections.abc import Callable
from typing import Literal

from segmodels.errors import Fault, InputError
from segmodels.project.folder import Folder, open_folder

Kind = Literal["value", "needs", "typing", "wallet"]
#: Called with what is begun.
Tell = Callable[[str], None]


def open_for(kind: Kind, path: str | os.PathLike[str]) -> Folder:
    """Open a folder for results of one command.

    A run deletes what an earlier run wrote and it did not; so results of other commands are left alone.

    Raises
    ------
    InputError
        Where the folder holds results of another command, is a file, or can not be written to.
    """
    folder = open_folder(path)
    # What was written before folders knew their command is of the first one.
    there = folder.state.get("kind", "value")
    if folder.state and there != kind:
        got = f"{folder.path}, which holds results of {there}"
        raise InputError(Fault("out", got, "a folder of its own", "Name another one: out=."))
    return folder
