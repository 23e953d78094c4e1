"""A saved fit of the wallet comes back bit for bit, with its own customers, or not at all."""

from functools import cache

import numpy as np
import pandas as pd
import polars as pl
import pytest
import xarray as xr

import segmodels as sg
from segmodels.errors import InputError
from segmodels.models.wallet.categories import WalletCategories, WalletCategoriesFit
from segmodels.models.wallet.counts import WalletCounts, WalletCountsFit
from segmodels.models.wallet.frontier import WalletFrontier, WalletFrontierFit
from segmodels.models.wallet.frontier_anchor import MeanShare
from segmodels.models.wallet.share import WalletShare
from segmodels.segments.wallet.totals import wallet_totals
from segmodels.tables.wallets import Wallets

FITS = {
    "counts": WalletCountsFit,
    "counts by town": WalletCountsFit,
    "frontier": WalletFrontierFit,
    "frontier by town": WalletFrontierFit,
    "frontier without answers": WalletFrontierFit,
    "categories": WalletCategoriesFit,
    "categories by town": WalletCategoriesFit,
}
SPECS = {
    "counts": WalletCounts(use_unanswered=True),
    "counts by town": WalletCounts(by="town", covariates=("age", "size"), share_covariates=("size", "age")),
    "frontier": WalletFrontier(MeanShare(0.4, source="made up"), covariates=("age", "size")),
    "frontier by town": WalletFrontier(
        MeanShare({"a": 0.4, "b": 0.3, "c": 0.5}, 0.1), ceiling=None, by="town", level=sg.Normal(0.1, 2.0)
    ),
    "frontier without answers": WalletFrontier(MeanShare({"a": 0.4, "b": 0.3, "c": 0.5}), by="town"),
    "categories": WalletCategories(WalletShare(scale=0.0), others=False),
    "categories by town": WalletCategories(
        WalletShare(scale=0.1, by="town", covariates=("age", "size"), spread=0.7)
    ),
}
LEVELS = np.array([0.05, 0.31, 0.5, 0.95])
FIRST_ID = 7_000_000


def customers(n, seed, ids="number"):
    """Draw customers who buy in two categories here and elsewhere; two in five are asked."""
    rng = np.random.default_rng(seed)
    about = pd.DataFrame(
        {
            "id": rng.permutation(n) + FIRST_ID,
            "town": rng.choice(["a", "b", "c"], n),
            "age": rng.normal(40, 12, n),
            "size": rng.integers(1, 6, n),
        }
    )
    if ids == "text":
        about["id"] = "customer-" + about["id"].astype(str)
    asked, parts = rng.random(n) < 0.4, []
    for name in ("coffee", "tea"):
        N = 1 + rng.poisson(rng.gamma(1.5, 4.0, n))
        k = rng.binomial(N, rng.beta(1.2, 1.8, n))
        price = np.exp(2 + 0.3 * rng.normal(size=n))
        own, elsewhere = k * price, (N - k) * price * np.exp(0.3 * rng.normal(size=n))
        answers = {
            "k": k,
            "total": np.where(asked, N, np.nan),
            "elsewhere": np.where(asked, elsewhere, np.nan),
        }
        parts.append(about.assign(category=name, own=own, **answers))
    return pd.concat(parts, ignore_index=True)


def table(name, n=240, seed=1, ids="number"):
    frame = customers(n, seed, ids)
    if name.startswith("categories"):
        return frame.drop(columns=["k", "total"])
    return frame.query("category == 'tea'").drop(columns="category").reset_index(drop=True)


def read(name, frame, columns=("town", "age", "size")):
    more = {"columns": columns} | ({} if name == "frontier without answers" else {"elsewhere": "elsewhere"})
    if name.startswith("categories"):
        more["category"] = "category"
    else:
        more |= {"purchases": "k", "total_purchases": "total"} if name.startswith("counts") else {}
    return Wallets.read(frame, customer="id", own="own", **more)


@cache
def fitted(name, ids="number"):
    return SPECS[name].fit(read(name, table(name, ids=ids)), sg.Laplace(draws=150), seed=2**40 + 3)


@pytest.fixture(params=list(FITS))
def name(request):
    return request.param


@pytest.fixture
def saved(name, tmp_path):
    return fitted(name).save(tmp_path / "wallet.nc")


@cache
def wallets(name):
    return read(name, table(name))


def load(name, path, frame=None):
    return FITS[name].load(path, wallets(name) if frame is None else read(name, frame))


def figures(fit):
    """Everything that a block can be asked, block for block and for the survey."""
    blocks = [*fit.blocks(130)] + ([fit.survey()] if fit.wallets.n_answered else [])
    for block in blocks:
        each = block.elsewhere
        yield block.customer_id, block.own, block.status, block.answered, each.none(), each.mean()
        yield each.quantiles(LEVELS), each.draws(np.arange(5, 120)), each.above(np.array([0.0, 3.0, 40.0]))


@cache
def figures_of_fitted(name):
    return tuple(figures(fitted(name)))


def same_bits(one, other):
    for left, right in zip(one, other, strict=True):
        for a, b in zip(left, right, strict=True):
            np.testing.assert_array_equal(a, b, strict=True)


def test_a_loaded_fit_scores_bit_for_bit_as_before(name, saved):
    fit, again = fitted(name), load(name, saved)
    assert type(again) is type(fit)
    assert again.seed == fit.seed
    same_bits(figures(again), figures_of_fitted(name))
    pd.testing.assert_frame_equal(again.predict(), fit.predict(), check_exact=True)


def test_and_new_customers(name, saved):
    others = read(name, table(name, n=80, seed=5))
    fit, again = fitted(name).on(others), load(name, saved).on(others)
    same_bits(figures(again), figures(fit))
    pd.testing.assert_frame_equal(again.predict(), fit.predict(), check_exact=True)


def test_totals_are_the_same(name, saved):
    by = "town" if "town" in name else None
    fit, again = (wallet_totals(each, by=by, draws=40) for each in (fitted(name), load(name, saved)))
    for one, other in zip(vars(again.sums).items(), vars(fit.sums).items(), strict=True):
        np.testing.assert_array_equal(one[1], other[1], err_msg=one[0], strict=True)


def test_parameters_and_evidence_are_the_same(name, saved):
    fit, again = fitted(name), load(name, saved)
    equal = pd.testing.assert_frame_equal if name.startswith("categories") else pd.testing.assert_series_equal
    equal(again.params, fit.params, check_exact=True)
    assert again.spec == fit.spec
    assert repr(again) == repr(fit)
    assert again.evidence == fit.evidence
    for one, other in zip(again.evidence, fit.evidence, strict=True):
        pd.testing.assert_frame_equal(one.table, other.table, check_exact=True)


def test_posterior_and_density_are_the_same(name, saved):
    fit, again = fitted(name), load(name, saved)
    pairs = [(again, fit)]
    if name.startswith("categories"):
        np.testing.assert_array_equal(again.correlation, fit.correlation)
        pairs = [(again[part], fit[part]) for part in fit.fits]
    for one, other in pairs:
        assert one.log_likelihood == other.log_likelihood
        assert one.density.priors == other.density.priors
        assert one.density.names == other.density.names
        for a, b in zip(one.density.cells, other.density.cells, strict=True):
            np.testing.assert_array_equal(a, b, strict=True)
        assert xr.DataTree.identical(one.posterior, other.posterior)


@pytest.mark.slow
@pytest.mark.parametrize("setting", [sg.MAP(), sg.NUTS(draws=300, tune=500, chains=2)], ids=repr)
@pytest.mark.parametrize("name", ["counts", "frontier by town", "categories"])
def test_whatever_it_was_fitted_by(name, setting, tmp_path):
    fit = SPECS[name].fit(read(name, table(name)), setting, seed=1)
    again = load(name, fit.save(tmp_path / "wallet.nc"))
    same_bits(figures(again), figures(fit))
    assert again.params.equals(fit.params)


@pytest.mark.parametrize("name", ["counts", "frontier by town", "categories"])
def test_the_engine_and_the_order_of_the_customers_do_not_matter(name, tmp_path):
    path = fitted(name, "text").save(tmp_path / "wallet.nc")
    frame = table(name, ids="text").sample(frac=1.0, random_state=1)
    again = load(name, path, pl.from_pandas(frame.assign(size=frame["size"].astype("float32"))))
    same_bits(figures(again), figures(fitted(name, "text")))


@pytest.mark.parametrize("name", ["counts", "frontier by town", "categories"])
def test_no_customer_is_in_the_file(name, tmp_path):
    """As text an id would be found in the bytes, as a number in an array; the seal holds after all."""
    path = fitted(name, "text").save(tmp_path / "text.nc")
    assert b"customer-7" not in path.read_bytes()
    path = fitted(name).save(tmp_path / "number.nc")
    assert f"{FIRST_ID + 1}"[:-1].encode() not in path.read_bytes()
    with xr.open_datatree(path, engine="h5netcdf") as tree:
        for node in tree.subtree:
            for values in node.variables.values():
                numbers = values.to_numpy()
                if numbers.dtype.kind in "iuf":
                    assert not ((numbers >= FIRST_ID) & (numbers < FIRST_ID + 1000)).any()


def test_evidence_names_no_customer():
    frame = table("counts", ids="text")
    told = frame.index[(frame["total"] > frame["k"]).to_numpy()][:30]
    frame.loc[told, "elsewhere"] = 0.0
    fit = WalletCounts().fit(read("counts", frame), sg.MAP(), seed=1)
    evidence = next(item for item in fit.evidence if item.name == "Purchases and spend agree")
    assert len(evidence.table) == 3
    assert (
        not evidence.table.astype(str).apply(lambda column: column.str.contains("customer-")).any(axis=None)
    )


def test_another_model_is_refused(tmp_path):
    path = fitted("counts").save(tmp_path / "wallet.nc")
    with pytest.raises(InputError, match=r"a WalletCounts; expected a WalletFrontier.*WalletCountsFit\.load"):
        load("frontier", path)
    with pytest.raises(InputError, match="a WalletCounts; expected a WalletCategories"):
        load("categories", path)
    customers = sg.Customers.read(
        pd.DataFrame(
            {"customer_id": [1, 2, 3], "frequency": [0, 1, 2], "recency": [0.0, 2.0, 5.0], "T": 9.0}
        ),
        unit="week",
    )
    other = sg.BGNBD().fit(customers, sg.MAP(), seed=1).save(tmp_path / "purchases.nc")
    with pytest.raises(InputError, match="a BGNBD; expected a WalletCounts"):
        load("counts", other)


def test_a_damaged_file_is_refused(name, saved):
    """Wherever a bit is turned, bytes are lost or the end is missing; and at once, without HDF5."""
    content, rng = saved.read_bytes(), np.random.default_rng(1)
    for at in [*rng.integers(0, len(content) - 90, 12), 0, len(content) - 1]:
        turned, lost = bytearray(content), bytearray(content)
        turned[at] ^= 1 << rng.integers(8)
        lost[at : at + 30] = bytes(30)
        for wrong in (turned, lost[: len(content)], content[:at]):
            if wrong == content:
                continue
            saved.write_bytes(wrong)
            with pytest.raises(InputError, match=r"damaged|can not be read|no seal"):
                load(name, saved)


def test_a_file_without_its_seal_or_no_file_is_refused(tmp_path):
    path = fitted("counts").save(tmp_path / "wallet.nc")
    path.write_bytes(path.read_bytes()[:-81])
    with pytest.raises(InputError, match="has no seal"):
        load("counts", path)
    with pytest.raises(InputError, match="no file"):
        load("counts", tmp_path / "nothing.nc")
    with pytest.raises(InputError, match="a file in a folder that exists"):
        fitted("counts").save(tmp_path / "nowhere" / "wallet.nc")


CHANGES = {
    "own": lambda frame: frame.assign(own=frame["own"] * np.where(frame.index == 3, 1 + 1e-12, 1.0)),
    "low, high": lambda frame: frame.assign(elsewhere=frame["elsewhere"].fillna(5.0)),
    "customer_id": lambda frame: frame.assign(id=frame["id"] + 1),
    "town": lambda frame: frame.assign(town=frame["town"].replace({"a": "b", "b": "a"})),
    "size": lambda frame: frame.assign(size=frame["size"] + 1),
    "239": lambda frame: frame[frame["id"] != FIRST_ID + 7],
}


@pytest.mark.parametrize("name", ["counts by town", "categories by town"])
@pytest.mark.parametrize("differs", CHANGES)
def test_other_wallets_are_refused(name, differs, tmp_path):
    path = fitted(name).save(tmp_path / "wallet.nc")
    frame = CHANGES[differs](table(name))
    if differs == "low, high" and name.startswith("counts"):
        frame["total"] = frame["total"].fillna(frame["k"] + 1)
    expected = "239|478" if differs == "239" else f"differ in.*{differs}"
    with pytest.raises(InputError, match=expected) as error:
        load(name, path, frame)
    assert len(error.value.faults) == 1
    assert "fit.on(wallets)" in str(error.value)


def test_columns_that_the_model_does_not_use_are_free(tmp_path):
    frame = table("counts")
    path = fitted("counts").save(tmp_path / "wallet.nc")
    assert (
        "colour"
        in next(
            WalletCountsFit.load(path, read("counts", frame.assign(colour="red"), ["colour"])).blocks()
        ).columns
    )
    path = fitted("counts by town").save(tmp_path / "wallet.nc")
    with pytest.raises(InputError, match="no column town"):
        WalletCountsFit.load(path, read("counts", frame, ["age", "size"]))
    for wrong in (None, frame):
        with pytest.raises(InputError, match=f"wallets: got {type(wrong).__name__}"):
            WalletCountsFit.load(path, wrong)


def test_a_fit_is_written_at_once_or_not_at_all(tmp_path, monkeypatch):
    path = fitted("counts").save(tmp_path / "wallet.nc")
    before = path.read_bytes()

    def fail(*_):
        raise OSError("no space left")

    monkeypatch.setattr("segmodels.models.wallet.sealed_file.os.replace", fail)
    with pytest.raises(OSError, match="no space"):
        fitted("counts by town").save(path)
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["wallet.nc"]


def test_arviz_reads_the_posterior(tmp_path):
    path = fitted("counts").save(tmp_path / "wallet.nc")
    with xr.open_datatree(path, engine="h5netcdf") as tree:
        assert set(tree["posterior"].data_vars) == {"r", "alpha", "phi", "mu"}
        assert tree["posterior"].sizes == {"chain": 1, "draw": 150}


def test_who_else_is_scored_does_not_matter_to_a_customer():
    """Logarithms of own spend in other categories count in the money of the fit, not of the table at hand."""
    frame = table("categories by town")
    fit = fitted("categories by town")
    some = frame[frame["id"] < FIRST_ID + 60]
    part, whole = next(fit.on(read("categories", some)).blocks()), next(fit.blocks())
    whole = whole.take(pd.Index(whole.customer_id).get_indexer(part.customer_id))
    np.testing.assert_allclose(part.elsewhere.quantiles(LEVELS), whole.elsewhere.quantiles(LEVELS), rtol=1e-9)
