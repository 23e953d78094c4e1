"""Default priors of WalletCounts: flat over everything plausible, with soft walls."""

from segmodels.inference.priors import Normal, SoftBox

SHAPE = SoftBox(-6.0, 6.0)
RATE = SoftBox(-9.0, 9.0)
CONCENTRATION = SoftBox(-6.0, 8.0)
SHARE = SoftBox(-9.0, 9.0)
COEFFICIENT = Normal(0.0, 1.0)
SPREAD = 1.0
