"""WalletCounts on a real panel: canned tuna, with one brand as the firm and a fifth of the households asked."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from segmodels.inference.settings import Laplace
from segmodels.models.wallet.counts import WalletCounts
from segmodels.tables.wallets import Wallets

OURS = ("skw", "sko")


@pytest.fixture(scope="module")
def households(shared_data):
    bought = pd.read_parquet(shared_data / "brand_panels2" / "tuna_purchases.parquet")
    bought.columns = [name.removeprefix("Tuna.") for name in bought.columns]
    prices = bought.filter(like="price.").rename(columns=lambda name: name.removeprefix("price."))
    place = prices.columns.get_indexer(bought["choice"])
    bought["paid"] = prices.to_numpy()[np.arange(len(bought)), place]
    bought["here"] = bought["choice"].isin(OURS)
    ours = bought["paid"].where(bought["here"], 0.0)
    table = (
        bought.assign(ours=ours, rest=bought["paid"] - ours)
        .groupby("hid")
        .agg(own=("ours", "sum"), C=("rest", "sum"), k=("here", "sum"), N=("here", "size"))
    )
    table = table.reset_index()
    asked = np.random.default_rng(101).random(len(table)) < 0.2
    return table.assign(answer=table["C"].where(asked), total=table["N"].where(asked), asked=asked)


def test_starkist_among_tuna(households):
    wallets = Wallets.read(
        households[["hid", "own", "k", "answer", "total"]],
        customer="hid",
        own="own",
        elsewhere="answer",
        purchases="k",
        total_purchases="total",
    )
    fit = WalletCounts(frame="category buyers").fit(wallets, Laplace(draws=1000), seed=1)
    # Heavy buyers buy more of everything. The ranks of spend do not show it: a panel lacks those who buy neither, and
    # over all households they go one way, from three purchases on the other.
    assert fit.params["phi"] == pytest.approx(3.9, abs=0.8)
    assert fit.params["phi"] > 3 * fit.params["r"]
    often = households[households["N"] >= 3]
    assert spearmanr(households["own"], households["C"]).statistic == pytest.approx(0.09, abs=0.01)
    assert spearmanr(often["own"], often["C"]).statistic == pytest.approx(-0.14, abs=0.01)
    assert all(item.passed is not False for item in fit.evidence)
    silent, block = ~households["asked"].to_numpy(), next(iter(fit.blocks()))
    C = households["C"].to_numpy()
    assert block.elsewhere.mean()[silent].sum() == pytest.approx(C[silent].sum(), rel=0.08)
    cover = (block.elsewhere.quantiles(np.array([0.9]))[:, 0] >= C)[silent].mean()
    assert cover == pytest.approx(0.9, abs=0.03)
