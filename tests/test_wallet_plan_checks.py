"""Plans of wallets: what makes no sense is refused, and columns that can not serve are named."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from segmodels.errors import InputError
from segmodels.inference.settings import MAP
from segmodels.project.wallet_plan import simulated_wallet_plan
from segmodels.project.wallet_read import read_wallets
from segmodels.project.wallet_way import run_wallet
from segmodels.tables.simulate_wallets import simulate_wallets

TRUTH = simulate_wallets(500, np.random.default_rng(4), segments=(0.0, 0.6), covariates=(0.4,))
PLAN = simulated_wallet_plan(TRUTH, 1)


BROKEN = {
    "model": ({"model": "best"}, "model"),
    "answers": ({"total": None}, "total"),
    "counts": ({"model": "counts"}, "purchases"),
    "frontier": ({"model": "frontier"}, "mean_share"),
    "anchor": ({"mean_share": 0.4}, "mean_share"),
    "twice": ({"covariates": ("segment",)}, "by"),
    "range": ({"model": "frontier", "mean_share": 40.0}, "mean_share"),
    "segments": ({"model": "frontier", "by": None, "mean_share": {"s1": 0.4}}, "by"),
    "errors": ({"errors": "t", "model": "frontier", "mean_share": 0.4}, "errors"),
    "frame": ({"frame": "all customers"}, "frame"),
    "folds": ({"folds": 1}, "folds"),
    "draws": ({"draws": 1}, "draws"),
    "levels": ({"levels": (0.9, 0.1)}, "levels"),
    "tau": ({"tau": 1.0}, "tau"),
    "sure": ({"sure": 0.5}, "sure"),
    "seed": ({"seed": -1}, "seed"),
    "potential": ({"potential": "all"}, "potential"),
    "budget": ({"budget": 0}, "budget"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_settings_that_make_no_sense_are_refused(case):
    news, where = BROKEN[case]
    with pytest.raises(InputError) as caught:
        replace(PLAN, **news)
    assert where in {fault.where for fault in caught.value.faults}


def test_faults_of_settings_are_reported_together():
    with pytest.raises(InputError) as caught:
        replace(PLAN, folds=1, draws=0, model="frontier")
    assert {fault.where for fault in caught.value.faults} == {"folds", "draws", "mean_share"}


UNREADABLE = {
    "by": ({"by": "nowhere"}, "by", "no column 'nowhere'"),
    "covariates": ({"covariates": ("segment",), "by": None}, "covariates", "text in 'segment' in 500 rows"),
    "value": ({"value": "segment", "by": None}, "value", "numbers"),
    "both": ({"covariates": ("x1", "segment"), "by": None}, "covariates", "for example s1, s2"),
    "response": ({"response": ("nowhere",)}, "response", "no column 'nowhere'"),
    "only": ({"only": "tea"}, "only", "category="),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_columns_that_can_not_serve_are_called_by_the_setting_that_named_them(case):
    news, where, said = UNREADABLE[case]
    with pytest.raises(InputError, match=said) as caught:
        read_wallets(replace(PLAN, **news))
    assert where in {fault.where for fault in caught.value.faults}


def test_several_categories_are_one_at_a_time(tmp_path):
    both = pd.concat([TRUTH.assign(what="tea"), TRUTH.assign(what="wine", total=TRUTH["total"] + 1)])
    plan = replace(PLAN, source=both, category="what", by=None, folds=0, setting=MAP())
    with pytest.raises(InputError, match="WalletCategories"):
        run_wallet(plan, tmp_path)
    results, _ = run_wallet(replace(plan, only="wine"), tmp_path)
    assert results.wallets.category == "wine"
    assert len(results.customers) == 500
    with pytest.raises(InputError, match="'tea', 'wine'"):
        read_wallets(replace(plan, only="coffee"))
