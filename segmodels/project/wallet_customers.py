"""Customer by customer what a fit says of wallets, as one frame; and what the answers alone would say."""

import numpy as np
import pandas as pd

from segmodels.models.wallet.block import NOT_IDENTIFIED, WalletBlock, WalletFit
from segmodels.models.wallet.group_columns import Groups, groups_of
from segmodels.models.wallet.look_alikes import TargetShares
from segmodels.models.wallet.predict import score
from segmodels.project.wallet_names import P_CELLS
from segmodels.project.wallet_plan import WalletPlan
from segmodels.segments.wallet.cell_names import CELLS, UNKNOWN
from segmodels.segments.wallet.totals import TOTAL
from segmodels.segments.wallet.value_grid import ValueGrid


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
    frame["cell"] = np.array((*CELLS, UNKNOWN), dtype=object)[grid.placed]
    frame["undecided"] = grid.undecided
    return frame


def raw_segments(plan: WalletPlan, level: WalletFit) -> pd.DataFrame:
    """Say what the answers alone would: mean headroom of the answered times all identified customers, and their share.

    Headroom is of the identified customers alone, as in the totals, so that both can be compared. Of an answer that
    is an interval, what is expected within it is taken.

    Returns
    -------
    pandas.DataFrame
        ``segment, raw_headroom, raw_share``; the last row is of all. Empty where nobody answered.
    """
    wallets = level.wallets
    if wallets.n_answered == 0:
        return pd.DataFrame()
    groups = groups_of(level, plan.by)
    found = sum((_block_sums(groups, block) for block in level.blocks()), np.zeros((4, len(groups) + 1)))
    # Customers without a segment have no row; they are in that of all.
    people, n, spent, rest = np.column_stack([found[:, :-1], found.sum(axis=1)])
    return pd.DataFrame(
        {
            "segment": [*groups.names, TOTAL],
            "raw_headroom": people * _over(rest, n),
            "raw_share": _over(spent, spent + rest),
        }
    )


def _block_sums(groups: Groups, block: WalletBlock) -> np.ndarray:
    """Count identified and answered customers, and sum what the answered spend here and elsewhere, shape (4, G + 1)."""
    code = groups.codes(block.columns, len(block))
    asked = block.answered
    identified = asked | (block.status != NOT_IDENTIFIED)
    elsewhere = np.where(asked, block.elsewhere.mean(), 0.0)
    weights = (identified, asked, np.where(asked, block.own, 0.0), elsewhere)
    return np.stack([np.bincount(code, each.astype(np.float64), len(groups) + 1) for each in weights])


def _over(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    return np.divide(above, below, out=np.full(len(above), np.nan), where=below > 0)
