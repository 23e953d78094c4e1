"""Food in the budgets of 23,911 Spanish households: own = food, wallet = all spend. The mean share is 0.379."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

import segmodels as sg
from segmodels.models.wallet.frontier import WalletFrontier
from segmodels.models.wallet.frontier_anchor import MeanShare
from segmodels.tables.wallets import Wallets

COVARIATES = ("age", "size", "town")


@pytest.fixture(scope="module")
def food(shared_data):
    frame = pd.read_parquet(shared_data / "budget_shares" / "budget_food_spain_1980.parquet")
    frame = frame[(frame["wfood"] > 0) & (frame["totexp"] > 0)].dropna().reset_index(drop=True)
    frame["customer_id"], frame["own"] = np.arange(len(frame)), frame["wfood"] * frame["totexp"]
    own = frame[["customer_id", "own", *COVARIATES]]
    return frame, Wallets.read(own, customer="customer_id", own="own")


def judged(fit, frame):
    block = next(fit.blocks())
    mean = block.elsewhere.mean()
    total = (block.own + mean).sum() / frame["totexp"].sum()
    level = next(item for item in fit.evidence if item.name == "Level of the wallet")
    return total, float(spearmanr(mean, frame["totexp"] - frame["own"]).statistic), level


def test_the_households_are_those_of_the_notes(food):
    frame, wallets = food
    assert len(wallets) == 23_911
    assert frame["wfood"].mean() == pytest.approx(0.379, abs=5e-4)


@pytest.mark.parametrize("sd_log", [0.25, 3.0])
def test_skewness_alone_takes_the_share_for_two_thirds_and_is_not_passed(food, sd_log):
    frame, wallets = food
    spec = WalletFrontier(MeanShare(0.38, sd_log), ceiling=None)
    fit = spec.fit(wallets, sg.Laplace(200), seed=1)
    total, rank, level = judged(fit, frame)
    assert fit.params["mean_share"] == pytest.approx(0.668, abs=0.005)
    assert total == pytest.approx(0.474, abs=0.005)
    assert rank < -0.4
    assert level.passed is False


def test_the_stated_share_repairs_the_level(food):
    frame, wallets = food
    spec = WalletFrontier(MeanShare(0.38, source="the file itself"), covariates=COVARIATES)
    fit = spec.fit(wallets, sg.Laplace(400), seed=1)
    total, rank, level = judged(fit, frame)
    assert fit.params["mean_share"] == pytest.approx(0.379, abs=0.03)
    assert total == pytest.approx(0.83, abs=0.04)
    assert rank == pytest.approx(0.51, abs=0.03)
    assert level.passed
