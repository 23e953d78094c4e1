"""From a fitted wallet to totals, the value grid and the next survey."""
