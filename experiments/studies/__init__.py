"""Studies: questions put to data sets, with answers in ``experiments/results``."""
