"""Functions of arrays: log-densities with gradients, expectations, simulation."""
