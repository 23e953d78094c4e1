"""Default priors of WalletShare, on the Box-Cox scale with elsewhere spend in units of its geometric mean.

The slope in log own spend has a prior around zero: in real panels it takes either sign.
"""

from segmodels.inference.priors import Normal

LEVEL = Normal(0.0, 1.5)
SLOPE = Normal(0.0, 0.75)
LOG_SIGMA = Normal(0.0, 1.0)
HURDLE = Normal(0.0, 1.5)
BEND = Normal(0.0, 0.5)
HURDLE_BEND = Normal(0.0, 1.0)
SPREAD_SLOPE = Normal(0.0, 0.25)
LOG_NU = Normal(2.0, 1.0)
COEFFICIENT = Normal(0.0, 0.5)
SPREAD = 0.5
