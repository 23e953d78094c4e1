"""Does it hold? Backtests and model choice."""
