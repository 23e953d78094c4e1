"""Settings, priors, and the way from a model and its cells to a posterior."""
