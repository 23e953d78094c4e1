"""The command line."""

from segmodels.cli import needs, wallet
from segmodels.cli.commands import app

#: The modules whose commands the application has, beside those of value.
COMMANDS = (needs, wallet)

__all__ = ["COMMANDS", "app"]
