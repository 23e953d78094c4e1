"""Scale classes of a best-worst fit."""

from typing import Any

import numpy as np
import pandas as pd

from segmodels.models.needs.ranking_tables import estimates


def scale_table(fit: Any, level: float) -> pd.DataFrame:
    """Tabulate ``scale_class, class, scale, standard_error, low, high, share``."""
    layout = fit.problem.layout
    found = estimates(fit, lambda theta: np.exp(layout.log_scales(theta)), level, (0.0, np.inf))
    shares = np.exp(layout.log_scale_shares(fit.theta))
    table = found.rename(columns={"value": "scale"}).loc[
        np.tile(layout.scale_of[: layout.n_scales], fit.n_classes)
    ]
    return pd.DataFrame(
        {
            "scale_class": layout.scale_of + 1,
            "class": np.repeat(np.array(fit.names, dtype=object), layout.n_scales),
            **{name: table[name].to_numpy() for name in ("scale", "standard_error", "low", "high")},
            "share": shares.ravel(),
        }
    )
