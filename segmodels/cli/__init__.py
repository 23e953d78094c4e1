"""The command line."""

from segmodels.cli.commands import app

__all__ = ["app"]
