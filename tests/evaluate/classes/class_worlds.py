"""What the tests of the number of classes are made from."""

import numpy as np
import pandas as pd

from segmodels.inference.starts import Starts
from segmodels.models.needs.constants import BayesConstants
from segmodels.models.needs.latent_class import LatentClass
from segmodels.tables.responses import Responses

FEW = Starts(random=10, kept=5)


def nominal(frame, **roles):
    """Read every column as a nominal item, but those with a role."""
    items = {name: "nominal" for name in frame.columns if name not in roles.values()}
    return Responses.read(frame, customer=None, items=items, **roles)


def maximum_likelihood(n_classes, **options):
    return LatentClass(n_classes, constants=BayesConstants.none(), **options)


def binary_frame(n, share, yes, seed, missing=0.0):
    """Draw answers 0 and 1 of classes with shares (K,) and probabilities of 1 (K, J)."""
    rng = np.random.default_rng(seed)
    yes = np.asarray(yes)
    classes = rng.choice(len(share), n, p=share)
    answers = (rng.random((n, yes.shape[1])) < yes[classes]).astype(float)
    answers[rng.random(answers.shape) < missing] = np.nan
    return pd.DataFrame(answers, columns=[f"q{j + 1}" for j in range(yes.shape[1])]).astype("Int64")


def binary_survey(n, share, yes, seed, missing=0.0):
    frame = binary_frame(n, share, yes, seed, missing)
    return Responses.read(frame, customer=None, items=dict.fromkeys(frame, "binary"))
