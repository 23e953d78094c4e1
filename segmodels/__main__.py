"""``python -m segmodels``."""

from segmodels.cli import app

if __name__ == "__main__":
    app(prog_name="segmodels")
