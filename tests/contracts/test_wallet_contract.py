"""The contract that every model of the wallet keeps. It finds the models by itself: a new one needs no line here."""

from dataclasses import FrozenInstanceError, is_dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

import numpy as np
import pandas as pd
import pytest

import segmodels as sg
import segmodels.models.wallet as room
from segmodels.evidence import Evidence
from segmodels.models.wallet.block import IDENTIFIED, NOT_IDENTIFIED, STATUS
from segmodels.models.wallet.frontier_anchor import MeanShare
from segmodels.tables.wallets import Wallets

LAPLACE = sg.Laplace(draws=500)
LEVELS = np.array([0.05, 0.3, 0.5, 0.8, 0.95])
THRESHOLDS = np.array([0.0, 1.0, 30.0, 300.0])
# All parameters come again after so many draws, and what is left to chance does not.
PERIOD = 1000
N = 260


def _models():
    """Every frozen specification with a ``fit`` in ``segmodels.models.wallet``."""
    found = {}
    for module in iter_modules(room.__path__, f"{room.__name__}."):
        for thing in vars(import_module(module.name)).values():
            if isinstance(thing, type) and is_dataclass(thing) and callable(getattr(thing, "fit", None)):
                found[thing.__name__] = thing
    return found


MODELS = _models()


def _spec(name):
    """The model with a covariate and segments, where only who buys here was asked."""
    if name == "WalletCounts":
        return sg.WalletCounts(covariates=("age",), by="town", frame="own buyers")
    if name == "WalletFrontier":
        return sg.WalletFrontier(MeanShare({"a": 0.4, "b": 0.5}), covariates=("age",), by="town")
    if name == "WalletCategories":
        return sg.WalletCategories(sg.WalletShare(covariates=("age",), by="town", scale=0.2))
    return MODELS[name](covariates=("age",), by="town")


@cache
def _frame(name):
    """Customers who buy here and elsewhere; of the buyers half are asked, and of these a third round."""
    rng = np.random.default_rng(3)
    about = pd.DataFrame(
        {
            "id": rng.permutation(N) + 1000,
            "town": rng.choice(["a", "b"], N),
            "age": rng.normal(40, 12, N).round(),
        }
    )
    buys, asked = rng.random(N) < 0.85, rng.random(N) < 0.5
    width = np.where(rng.random(N) < 1 / 3, 20.0, 0.0)
    common, parts = rng.normal(size=N), []
    for category in ("coffee", "tea"):
        total = 1 + rng.poisson(rng.gamma(1.5, 4.0, N))
        k = np.where(buys, np.maximum(rng.binomial(total, rng.beta(1.2, 1.8, N)), 1), 0)
        price = np.exp(2 + 0.3 * common + 0.2 * rng.normal(size=N))
        own, elsewhere = k * price, (total - k) * price * np.exp(0.3 * rng.normal(size=N))
        heaped = np.where(width > 0, width * np.round(elsewhere / 20), elsewhere)
        told = asked & buys
        answers = {"elsewhere": np.where(told, heaped, np.nan), "total": np.where(told, total, np.nan)}
        parts.append(about.assign(category=category, own=own, k=k, width=width, **answers))
    frame = pd.concat(parts, ignore_index=True)
    if name == "WalletCategories":
        return frame
    return frame[frame["category"] == "tea"].drop(columns="category").reset_index(drop=True)


def _read(name, frame):
    more = {"category": "category"} if name == "WalletCategories" else {}
    if name == "WalletCounts":
        more = {"purchases": "k", "total_purchases": "total"}
    columns = ("town", "age")
    return Wallets.read(
        frame, customer="id", own="own", elsewhere="elsewhere", rounding="width", columns=columns, **more
    )


@cache
def _fitted(name):
    return _spec(name).fit(_read(name, _frame(name)), LAPLACE, seed=7)


@cache
def _whole(name):
    (block,) = _fitted(name).blocks()
    return block


@cache
def _silent(name):
    """Customers who did not answer and of whom the model says something."""
    block = _whole(name)
    rows = np.flatnonzero(~block.answered & (block.status != NOT_IDENTIFIED))
    assert len(rows) > 50
    return block.take(rows)


def _figures(block):
    """All that a block can be asked, by customer."""
    each, numbers = block.elsewhere, np.array([3, 0, 512, 1700])
    return {
        "customer_id": block.customer_id,
        "own": block.own,
        "answered": block.answered,
        "status": block.status,
        "none": each.none(),
        "mean": each.mean(),
        "means": each.means(numbers),
        "above": each.above(THRESHOLDS),
        "quantiles": each.quantiles(LEVELS),
        "draws": each.draws(numbers),
    }


def _same(found, expected, rtol=0.0):
    for name, values in expected.items():
        if rtol and values.dtype.kind == "f":
            np.testing.assert_allclose(found[name], values, rtol=rtol, atol=1e-12, err_msg=name)
        else:
            np.testing.assert_array_equal(found[name], values, err_msg=name)


@pytest.fixture(params=list(MODELS))
def name(request):
    return request.param


def test_the_walk_finds_the_models():
    assert set(MODELS) >= {"WalletShare", "WalletCounts", "WalletFrontier", "WalletCategories"}


def test_spec_and_fit_are_frozen_and_specs_are_equal_by_value(name):
    spec, again = _spec(name), _spec(name)
    with pytest.raises(FrozenInstanceError):
        spec.by = "other"
    assert spec == again
    assert spec is not again
    assert spec.columns == ("age", "town")
    with pytest.raises(FrozenInstanceError):
        _fitted(name).seed = 2


def test_same_seed_same_draws_and_another_seed_others(name):
    wallets = _read(name, _frame(name))
    again, other = (_spec(name).fit(wallets, LAPLACE, seed=seed) for seed in (7, 8))
    figures = _figures(_whole(name))
    _same(_figures(next(again.blocks())), figures)
    silent = _silent(name)
    rows = pd.Index(_whole(name).customer_id).get_indexer(silent.customer_id)
    moved = next(other.blocks()).take(rows).elsewhere.draws(np.arange(5))
    assert (moved != silent.elsewhere.draws(np.arange(5))).mean() > 0.5


def test_order_of_customers_does_not_matter(name):
    shuffled = _frame(name).sample(frac=1.0, random_state=3)
    fit = _spec(name).fit(_read(name, shuffled), LAPLACE, seed=7)
    _same(_figures(next(fit.blocks())), _figures(_whole(name)))


@pytest.mark.parametrize("size", [1, 7])
def test_size_of_blocks_does_not_matter(name, size):
    few = set(np.sort(_frame(name)["id"].unique())[:40])
    fit = _fitted(name).on(_read(name, _frame(name)[lambda frame: frame["id"].isin(few)]))
    (whole,) = fit.blocks()
    pieces = [_figures(block) for block in fit.blocks(size)]
    assert len(pieces) == -(-40 // size)
    joined = {key: np.concatenate([piece[key] for piece in pieces]) for key in pieces[0]}
    _same(joined, _figures(whole), rtol=1e-9)


def test_on_a_part_of_the_customers_gives_their_rows_of_the_whole(name):
    whole = _whole(name)
    frame = _frame(name)
    chosen = frame.groupby("id")["own"].sum().nlargest(60).index
    part = next(_fitted(name).on(_read(name, frame[frame["id"].isin(chosen)])).blocks())
    assert len(part) == 60
    rows = pd.Index(whole.customer_id).get_indexer(part.customer_id)
    _same(_figures(part), _figures(whole.take(rows)), rtol=1e-9)


def test_means_of_the_draws_average_to_the_mean(name):
    """Over all draws of the parameters; ``mean`` may stand for them by some: within the error of a hundred."""
    elsewhere = _silent(name).elsewhere
    means, mean = elsewhere.means(np.arange(PERIOD)), elsewhere.mean()
    error = np.maximum(means.std(axis=1) / np.sqrt(100), 1e-3 * mean)
    assert (np.abs(means.mean(axis=1) - mean) < 3 * error).all()
    assert means.mean() == pytest.approx(mean.mean(), rel=0.01)


def test_the_mean_of_a_draw_is_that_of_what_is_drawn_under_its_parameters(name):
    elsewhere = _silent(name).elsewhere
    picked = np.array([0, 77, 412, 999])
    means, times = elsewhere.means(picked), 1500
    np.testing.assert_array_equal(elsewhere.means(picked + 3 * PERIOD), means)
    for d, number in enumerate(picked):
        draws = elsewhere.draws(number + PERIOD * np.arange(times))
        z = (draws.mean(axis=1) - means[:, d]) / (draws.std(axis=1) / np.sqrt(times))
        # the largest of some hundred errors, each with a long tail
        assert np.abs(z).max() < 6
        assert np.abs(z.mean()) < 5 / np.sqrt(len(z))
        assert draws.mean() == pytest.approx(means[:, d].mean(), rel=0.04)


def test_quantiles_invert_the_tail(name):
    elsewhere = _silent(name).elsewhere
    quantiles = elsewhere.quantiles(LEVELS)
    assert (np.diff(quantiles, axis=1) >= 0).all()
    tail, none = elsewhere.above(quantiles), elsewhere.none()
    positive = quantiles > 0
    # a quantile by simulation lies between two draws
    slack = 4e-3
    np.testing.assert_allclose(tail[positive], np.broadcast_to(1 - LEVELS, tail.shape)[positive], atol=slack)
    assert ((none[:, None] >= LEVELS - slack) | positive).all()
    np.testing.assert_allclose(elsewhere.above(np.zeros(1))[:, 0], 1 - none, atol=1e-9)
    np.testing.assert_array_equal(
        elsewhere.above(np.tile(THRESHOLDS, (len(none), 1))), elsewhere.above(THRESHOLDS)
    )


def test_draws_have_the_quantiles(name):
    elsewhere = _silent(name).elsewhere
    numbers = np.arange(3 * PERIOD)
    draws, quantiles, none = elsewhere.draws(numbers), elsewhere.quantiles(LEVELS), elsewhere.none()
    reached = (draws[:, :, None] <= quantiles[:, None, :] * (1 + 1e-9)).mean(axis=1)
    gap = reached - np.maximum(LEVELS, none[:, None])
    # quantiles of a sum are those of 400 draws
    assert np.abs(gap).max() < 0.11
    assert np.abs(gap.mean(axis=0)).max() < 0.01
    assert np.abs((draws <= 0).mean(axis=1) - none).max() < 0.11
    np.testing.assert_array_equal(elsewhere.draws(numbers[:9][::-1]), draws[:, :9][:, ::-1])


def test_answers_are_kept(name):
    """An exact answer is certain; a rounded one stays within its interval."""
    block = _whole(name)
    told = _read(name, _frame(name)).answered().groupby("customer_id")[["low", "high"]]
    complete = told.sum()[told.size() == _frame(name).groupby("id").size().max()]
    kept = block.take(np.flatnonzero(block.answered))
    assert kept.customer_id.tolist() == complete.index.tolist()
    assert (kept.status == IDENTIFIED).all()
    low, high = complete["low"].to_numpy(), complete["high"].to_numpy()
    exact = low == high
    assert exact.sum() > 20
    assert (~exact).sum() > 20
    each = kept.elsewhere
    for values in (
        each.draws(np.arange(60)),
        each.quantiles(LEVELS),
        each.means(np.arange(3)),
        each.mean()[:, None],
    ):
        slack = 1e-9 * (1 + high[:, None])
        assert ((values >= low[:, None] - slack) & (values <= high[:, None] + slack)).all()
    np.testing.assert_array_equal(each.none()[exact], low[exact] <= 0)


def test_the_survey_is_judged_without_its_answers(name):
    survey, kept = _fitted(name).survey(), _whole(name)
    assert survey.answered.all()
    assert survey.customer_id.tolist() == kept.customer_id[kept.answered].tolist()
    assert (survey.elsewhere.draws(np.arange(5)).std(axis=1) > 0).mean() > 0.9


def test_nan_is_exactly_where_nothing_is_identified(name):
    block = _whole(name)
    assert set(np.unique(block.status)) <= set(range(len(STATUS)))
    lost = block.status == NOT_IDENTIFIED
    assert lost.sum() > 10
    assert (~lost).sum() > 10
    figures = _figures(block)
    for key in ("none", "mean", "means", "above", "quantiles", "draws"):
        values = figures[key].reshape(len(block), -1)
        np.testing.assert_array_equal(np.isnan(values), np.broadcast_to(lost[:, None], values.shape), key)


def test_save_and_load_bit_for_bit(name, tmp_path):
    fit = _fitted(name)
    path = fit.save(tmp_path / "wallet.nc")
    again = type(fit).load(path, _read(name, _frame(name)))
    assert again.spec == fit.spec
    assert again.evidence == fit.evidence
    assert repr(again) == repr(fit)
    _same(_figures(next(again.blocks())), _figures(_whole(name)))


def test_evidence_is_there_and_the_fit_prints(name):
    fit = _fitted(name)
    assert len(fit.evidence) > 2
    for item in fit.evidence:
        assert isinstance(item, Evidence)
        assert item.name
        assert item.text
    assert type(fit).__name__ in repr(fit)
    assert len(repr(fit)) < 1000
