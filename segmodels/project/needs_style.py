"""Why the classes are fitted with a response style, or without one."""

import pandas as pd

from segmodels.evaluate.classes.criteria import information_criteria
from segmodels.evidence import Evidence
from segmodels.models.needs.latent_class import LatentClassFit

#: What the diagnostics of a style are called in the evidence of a fit.
_DIAGNOSTICS = ("Response style", "Mirror segments")


def style_evidence(fit: LatentClassFit, plain: LatentClassFit | None) -> tuple[Evidence, ...]:
    """Lay the fits with and without a response style side by side.

    Parameters
    ----------
    fit
        The fit taken.
    plain
        As many classes without a response style; None where the fit taken has none.

    Returns
    -------
    tuple
        The comparison and the diagnostics of the fit without, which show what the style is for; empty where
        there is nothing to compare.
    """
    if plain is None:
        return ()
    both = {"none": plain, " and ".join(fit.spec.style): fit}
    table = pd.DataFrame([{"style": name, **_figures(each)} for name, each in both.items()])
    without, with_it = (float(value) for value in table["BIC"])
    gain, classes = without - with_it, f"{fit.n_classes} classes"
    if gain > 0:
        text = (
            f"With {classes} a response style ({table['style'].iloc[1]}) lowers BIC by {gain:,.1f}: respondents use "
            "the scales in different ways, which are no differences of needs."
        )
    else:
        text = (
            f"With {classes} BIC is {-gain:,.1f} lower without a response style: these answers do not need one. "
            "Compare with style='none'."
        )
    told = [
        Evidence(f"Without a style: {each.name.lower()}", None, each.text, each.table)
        for each in plain.evidence
        if each.name in _DIAGNOSTICS
    ]
    return (Evidence("Why a response style", gain > 0, text, table), *told)


def _figures(fit: LatentClassFit) -> dict[str, float]:
    criteria = information_criteria(fit).to_dict()
    return {
        "log_likelihood": fit.log_likelihood,
        "parameters": fit.n_parameters,
        "BIC": float(criteria["BIC"]),
        "AIC3": float(criteria["AIC3"]),
        "smallest_share": float(fit.class_shares.min()),
    }
