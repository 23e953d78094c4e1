"""Which solution is better? Data sets, studies of them, and what came out."""
