"""Parts of a page that fetches nothing: its own programs and styles, and data that no browser runs."""

import json
from base64 import b64encode
from hashlib import sha256
from importlib.resources import files
from typing import Any

from markupsafe import Markup


def template_text(name: str) -> str:
    """Read a file of the folder of templates."""
    return (files("segmodels.report") / "templates" / name).read_text(encoding="utf-8")


def script(text: str) -> Markup:
    """Take a program of ours as it will stand in a page; never text that holds data."""
    # A browser reads CR LF as LF, and the hash below is of what it reads.
    return Markup(text.replace("\r\n", "\n").replace("\r", "\n"))  # noqa: S704 - no data in it


def script_hash(text: str) -> str:
    """Name a program to the browser, which then runs no other one on the page.

    >>> script_hash("")
    "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
    """
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def data(content: Any) -> Markup:
    r"""Write JSON that can stand inside a script element.

    >>> data({"a": "</script>"})
    Markup('{"a": "\\u003c/script\\u003e"}')
    """
    return inside_script(json.dumps(content, ensure_ascii=False, allow_nan=False))


def inside_script(text: str) -> Markup:
    r"""Write JSON so that it can not end the script element that it stands in.

    >>> inside_script('"<b>"')
    Markup('"\\u003cb\\u003e"')
    """
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704 - nothing left in it that HTML would read as markup
