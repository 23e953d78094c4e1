"""Segmentation: which customer belongs to which segment, and how surely."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from segmodels.errors import Fault, InputError

ROW_SUM_TOLERANCE = 1e-8


@dataclass(frozen=True, eq=False, repr=False)
class Segmentation:
    """Memberships of customers in segments.

    Parameters
    ----------
    customer_id
        One unique id per customer, shape (N,).
    names
        Unique segment names in the order of the report, shape (S,).
    memberships
        Probabilities of shape (N, S) whose rows sum to 1, or, where membership is certain,
        the integer codes 0 .. S-1 of shape (N,), which are stored in the smallest integer type.
    parent
        Name of the parent segment of each segment, shape (S,); ``None`` where there is no level above.
    assigned
        Code of the segment that each customer is placed in, shape (N,). Where it is not given, the most
        probable segment, and of equally probable ones the first. Tiers give it, because their sizes are
        promised while the most probable tiers of uncertain customers crowd into the middle.
    basis
        What the segments were made from, for headings.

    Raises
    ------
    InputError
        Where the sizes disagree, ids or names repeat or are missing, or rows do not sum to 1. All faults at
        once.

    Examples
    --------
    >>> tiers = Segmentation(["a", "b", "c"], ("high", "low"), [[0.9, 0.1], [0.4, 0.6], [0.0, 1.0]])
    >>> tiers.labels.tolist()
    ['high', 'low', 'low']
    >>> tiers.summary([10.0, 4.0, 0.0])[["segment", "customers", "revenue", "expected_revenue"]]
      segment  customers  revenue  expected_revenue
    0    high          1     10.0              10.6
    1     low          2      4.0               3.4
    """

    customer_id: pd.Index
    names: tuple[str, ...]
    memberships: np.ndarray
    parent: tuple[str, ...] | None = None
    assigned: np.ndarray | None = None
    basis: str = ""

    def __post_init__(self) -> None:
        ids = pd.Index(self.customer_id, name="customer_id")
        names = tuple(self.names)
        parent = None if self.parent is None else tuple(self.parent)
        raw = np.asarray(self.memberships)
        faults = _id_faults(ids) + _name_faults(names, parent) + _membership_faults(raw, len(ids), len(names))
        if self.assigned is not None:
            faults += _code_faults("assigned", np.asarray(self.assigned), len(ids), len(names))
        if faults:
            raise InputError(faults)
        stored = _compact(raw, len(names)) if raw.ndim == 1 else np.array(raw, dtype=np.float64)
        stored.flags.writeable = False
        object.__setattr__(self, "customer_id", ids)
        object.__setattr__(self, "names", names)
        object.__setattr__(self, "parent", parent)
        object.__setattr__(self, "memberships", stored)
        if self.assigned is not None:
            object.__setattr__(self, "assigned", _compact(np.asarray(self.assigned), len(names)))

    def __len__(self) -> int:
        """Give the number of customers."""
        return len(self.customer_id)

    def __repr__(self) -> str:
        """Name the basis, the segments and their sizes."""
        sizes = ", ".join(f"{name} {size:,}" for name, size in self.sizes.items())
        basis = f" by {self.basis}" if self.basis else ""
        return f"Segmentation of {len(self):,} customers{basis}: {sizes}"

    def __eq__(self, other: object) -> bool:
        """Compare customers, names, parents, memberships and placement; not the wording of the basis."""
        if not isinstance(other, Segmentation):
            return NotImplemented
        return (
            self.names == other.names
            and self.parent == other.parent
            and self.customer_id.equals(other.customer_id)
            and self.memberships.shape == other.memberships.shape
            and bool(np.array_equal(self.memberships, other.memberships))
            and bool(np.array_equal(self.codes, other.codes))
        )

    def __hash__(self) -> int:
        """Hash what is cheap: names, parents and the number of customers."""
        return hash((self.names, self.parent, len(self)))

    @property
    def hard(self) -> bool:
        """Whether every membership is certain and stored as a code."""
        return self.memberships.ndim == 1

    @property
    def codes(self) -> npt.NDArray[np.signedinteger]:
        """Position in `names` of the segment each customer is placed in, shape (N,)."""
        if self.assigned is not None:
            return self.assigned
        return self.memberships if self.hard else _compact(self.memberships.argmax(axis=1), len(self.names))

    @property
    def labels(self) -> pd.Series:
        """Segment name of each customer: an ordered categorical, indexed by customer_id."""
        values = pd.Categorical.from_codes(self.codes, categories=list(self.names), ordered=True)
        return pd.Series(values, index=self.customer_id, name="segment")

    @property
    def probabilities(self) -> pd.DataFrame:
        """Probability of each segment: customers in rows, segments in columns, rows sum to 1."""
        dense = np.eye(len(self.names))[self.memberships] if self.hard else self.memberships
        return pd.DataFrame(dense, index=self.customer_id, columns=pd.Index(self.names, name="segment"))

    @property
    def certainty(self) -> pd.Series:
        """Probability that a customer belongs to the segment it is placed in, indexed by customer_id."""
        if self.hard:
            own = (self.memberships == self.codes).astype(np.float64)
        else:
            own = np.take_along_axis(self.memberships, self.codes[:, None].astype(np.intp), axis=1)[:, 0]
        return pd.Series(own, index=self.customer_id, name="certainty")

    @property
    def sizes(self) -> pd.Series:
        """Number of customers placed in each segment; sums to the number of customers."""
        counts = np.bincount(self.codes, minlength=len(self.names))
        return pd.Series(counts, index=pd.Index(self.names, name="segment"), name="customers")

    @property
    def expected_sizes(self) -> pd.Series:
        """Sum of the membership probabilities of each segment."""
        weights = (
            np.bincount(self.memberships, minlength=len(self.names)) if self.hard else self.memberships.sum(0)
        )
        index = pd.Index(self.names, name="segment")
        return pd.Series(weights.astype(np.float64), index=index, name="expected_customers")

    def parents(self) -> "Segmentation":
        """Give the level above: each parent's membership is the sum of its children's.

        Raises
        ------
        InputError
            Where the segmentation has no parents.

        Examples
        --------
        >>> leaves = Segmentation(
        ...     [1, 2], ("a1", "a2", "b"), [[0.2, 0.5, 0.3], [0.1, 0.1, 0.8]], parent=("a", "a", "b")
        ... )
        >>> leaves.parents().expected_sizes.round(6).to_dict()
        {'a': 0.9, 'b': 1.1}
        """
        if self.parent is None:
            raise InputError(
                Fault("parent", "none", "a parent per segment", "Give `parent` when building it.")
            )
        names = tuple(dict.fromkeys(self.parent))
        up = np.array([names.index(name) for name in self.parent])
        above = up[self.memberships] if self.hard else self.memberships @ np.eye(len(names))[up]
        # Children may split a parent's probability: the parent is chosen anew unless a placement was given.
        placed = None if self.assigned is None else up[self.assigned]
        return Segmentation(self.customer_id, names, above, assigned=placed, basis=self.basis)

    def summary(self, values: "pd.Series | npt.ArrayLike | None" = None) -> pd.DataFrame:
        """Tabulate the segments: sizes and, where values are given, revenue.

        Parameters
        ----------
        values
            Revenue, or another quantity that adds up, per customer: a Series indexed by customer_id in any
            order, or an array of shape (N,) in the order of `customer_id`.

        Returns
        -------
        pandas.DataFrame
            One row per segment: ``segment, customers, share_of_customers, expected_customers`` and, with
            values, ``revenue, share_of_revenue, mean_revenue, expected_revenue``. The first counts each
            customer where it is placed, the expected ones by its probabilities; both add up to the totals of
            the customers. Shares of a total of zero and means of empty segments are NaN.

        Raises
        ------
        InputError
            Where a customer has no value or a value is not finite.
        """
        counts = self.sizes.to_numpy()
        table = pd.DataFrame(
            {
                "segment": list(self.names),
                "customers": counts,
                "share_of_customers": counts / len(self),
                "expected_customers": self.expected_sizes.to_numpy(),
            }
        )
        if values is None:
            return table
        amounts = self._aligned(values)
        revenue = np.bincount(self.codes, weights=amounts, minlength=len(self.names))
        expected = (
            np.bincount(self.memberships, weights=amounts, minlength=len(self.names))
            if self.hard
            else amounts @ self.memberships
        )
        return table.assign(
            revenue=revenue,
            share_of_revenue=_ratio(revenue, np.full(len(self.names), revenue.sum())),
            mean_revenue=_ratio(revenue, counts),
            expected_revenue=expected,
        )

    def _aligned(self, values: "pd.Series | npt.ArrayLike") -> npt.NDArray[np.float64]:
        """Bring values into the order of customer_id, shape (N,)."""
        if isinstance(values, pd.Series):
            values = values.reindex(self.customer_id)
        amounts = np.asarray(values, dtype=np.float64)
        if amounts.shape != (len(self),):
            fault = Fault(
                "values", f"shape {amounts.shape}", f"shape ({len(self)},)", "Give one per customer."
            )
            raise InputError(fault)
        bad = ~np.isfinite(amounts)
        if bad.any():
            examples = tuple(f"customer {name}" for name in self.customer_id[bad][:3])
            raise InputError(
                Fault(
                    "values",
                    "missing or not finite",
                    "a number",
                    "Fill or repair them.",
                    int(bad.sum()),
                    examples,
                )
            )
        return amounts


def _compact(codes: np.ndarray, segments: int) -> npt.NDArray[np.signedinteger]:
    """Store codes read-only in the smallest signed integer type that holds them."""
    stored = np.array(codes, dtype=np.min_scalar_type(-max(segments, 1)))
    stored.flags.writeable = False
    return stored


def _ratio(part: np.ndarray, whole: np.ndarray) -> npt.NDArray[np.float64]:
    """Divide, with NaN for a denominator of zero."""
    return np.divide(part, whole, out=np.full(len(part), np.nan), where=whole != 0)


def _id_faults(ids: pd.Index) -> list[Fault]:
    if len(ids) == 0:
        return [Fault("customer_id", "no customers", "at least one", "Check the selection.")]
    faults: list[Fault] = []
    if ids.hasnans:
        faults.append(Fault("customer_id", "null", "an id", "Repair or drop them.", int(ids.isna().sum())))
    if not ids.is_unique:
        twice = ids[ids.duplicated()]
        examples = tuple(str(name) for name in twice[:3])
        faults.append(
            Fault("customer_id", "repeats", "unique ids", "One row per customer.", len(twice), examples)
        )
    return faults


def _name_faults(names: tuple[str, ...], parent: tuple[str, ...] | None) -> list[Fault]:
    faults: list[Fault] = []
    if not names or len(set(names)) < len(names):
        got = "a name twice" if names else "no names"
        faults.append(Fault("names", got, "unique names", "Give every segment its own name."))
    if parent is not None and len(parent) != len(names):
        got, expected = f"{len(parent)} parents", f"{len(names)}, one per segment"
        faults.append(Fault("parent", got, expected, "Name the parent of each segment."))
    return faults


def _code_faults(where: str, codes: np.ndarray, customers: int, segments: int) -> list[Fault]:
    if codes.shape != (customers,) or not np.issubdtype(codes.dtype, np.integer):
        got, expected = f"{codes.dtype} of shape {codes.shape}", f"integers of shape ({customers},)"
        return [Fault(where, got, expected, "Give one code per customer.")]
    bad = (codes < 0) | (codes >= segments)
    if not bad.any():
        return []
    examples = tuple(str(code) for code in codes[bad][:3])
    return [
        Fault(where, "unknown codes", f"0 to {segments - 1}", "Name all segments.", int(bad.sum()), examples)
    ]


def _membership_faults(values: np.ndarray, customers: int, segments: int) -> list[Fault]:
    if values.ndim == 1:
        return _code_faults("memberships", values, customers, segments)
    if values.shape != (customers, segments):
        got, expected = f"shape {values.shape}", f"shape ({customers}, {segments})"
        return [Fault("memberships", got, expected, "One row per customer, one column per segment.")]
    # Written so that NaN counts as bad, too.
    bad = ~((values >= 0).all(axis=1) & (np.abs(values.sum(axis=1) - 1) <= ROW_SUM_TOLERANCE))
    if not bad.any():
        return []
    examples = tuple(str(row.tolist()) for row in values[bad][:3])
    expected = "probabilities that sum to 1"
    return [Fault("memberships", "other rows", expected, "Normalise each row.", int(bad.sum()), examples)]
