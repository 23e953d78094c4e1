"""Data sets of the experiments; the files themselves stay outside the repository."""
