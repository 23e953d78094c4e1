"""Classes and the outside: covariates that explain them, outcomes that they explain."""

from segmodels.segments.relate.relate import relate
from segmodels.segments.relate.relation import Relation

__all__ = ["Relation", "relate"]
