"""Customer by customer what a fit says of wallets, as one frame; and what the answers alone would say."""

import numpy as np
import pandas as pd

from segmodels.models.wallet.block import WalletBlock, WalletFit
from segmodels.models.wallet.group_columns import Groups, groups_of
from segmodels.models.wallet.look_alikes import TargetShares
from segmodels.models.wallet.predict import score
from segmodels.project.wallet_plan import WalletPlan
from segmodels.segments.wallet.totals import TOTAL
from segmodels.segments.wallet.value_grid import CELLS, UNKNOWN, ValueGrid

#: Cell of the grid → column of its probability.
P_CELLS = {cell: "p_" + cell.replace("'", "").replace(" ", "_") for cell in CELLS}


def customer_table(
    plan: WalletPlan, level: WalletFit, targets: TargetShares, grid: ValueGrid
) -> pd.DataFrame:
    """Give one row a customer, sorted by id.

    Returns
    -------
    pandas.DataFrame
        ``customer_id``, the segment under its name, ``own, value, answered, status, p_full_share``; ``wallet, share,
        headroom, attainable``, each with mean and quantiles; ``target_share``; ``p_invest, p_protect,
        p_competitors_customers, p_least_appealing, cell, undecided``.
    """
    levels = np.array(plan.levels)
    parts: list[pd.DataFrame] = []
    for block in level.blocks():
        part = score(block, targets, levels)
        part["status"] = part["status"].astype(str)
        if plan.by is not None:
            part.insert(1, plan.by, block.columns[plan.by])
        parts.append(part.assign(target_share=targets.of(block)))
    frame = pd.concat(parts, ignore_index=True)
    # The grid has walked the same blocks in the same order.
    frame.insert(list(frame.columns).index("own") + 1, "value", grid.scored.value)
    frame[list(P_CELLS.values())] = grid.probability
    known = grid.scored.known
    best = np.where(known[:, None], grid.probability, 0.0).argmax(axis=1)
    frame["cell"] = np.where(known, np.array(CELLS, dtype=object)[best], UNKNOWN)
    frame["undecided"] = grid.undecided
    return frame


def raw_segments(plan: WalletPlan, level: WalletFit) -> pd.DataFrame:
    """Say what the answers alone would: mean headroom of the answered times all customers, and their share.

    Returns
    -------
    pandas.DataFrame
        ``segment, raw_headroom, raw_share``; the last row is of all. Empty where nobody answered.
    """
    wallets = level.wallets
    if wallets.n_answered == 0:
        return pd.DataFrame()
    groups = groups_of(level, plan.by)
    asked = wallets.answered()
    columns = {str(name): asked[name].to_numpy() for name in asked.columns}
    size = len(groups) + 1
    own = asked["own"].to_numpy(np.float64)
    elsewhere = (asked["low"].to_numpy(np.float64) + asked["high"].to_numpy(np.float64)) / 2
    code = groups.codes(columns, len(asked))
    customers = sum((_sizes(groups, block) for block in level.blocks()), np.zeros(size))
    answered, ours, theirs = (np.bincount(code, each, size) for each in (np.ones(len(own)), own, elsewhere))
    sums = [np.append(each[:-1], each.sum()) for each in (customers, answered, ours, theirs)]
    people, n, spent, rest = sums
    return pd.DataFrame(
        {
            "segment": [*groups.names, TOTAL],
            "raw_headroom": people * _over(rest, n),
            "raw_share": _over(spent, spent + rest),
        }
    )


def _sizes(groups: Groups, block: WalletBlock) -> np.ndarray:
    return np.bincount(groups.codes(block.columns, len(block)), minlength=len(groups) + 1).astype(np.float64)


def _over(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    return np.divide(above, below, out=np.full(len(above), np.nan), where=below > 0)
