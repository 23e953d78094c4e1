"""Moved to ``segmodels.tables.segmentation``; this page goes when the parts in the making have followed."""

from segmodels.tables.segmentation import Segmentation as Segmentation
