"""The default priors of the value models: flat over everything plausible, with soft walls."""

from segmodels.inference.priors import Normal, SoftBox

SHAPE = SoftBox(-6.0, 6.0)
RATE = SoftBox(-9.0, 9.0)
DROPOUT = SoftBox(-9.0, 6.0)
CERTAINTY = SoftBox(-4.0, 8.0)
COEFFICIENT = Normal(0.0, 1.0)
SPREAD = 1.0
