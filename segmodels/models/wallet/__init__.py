"""Models of the wallet: what each customer spends in the category, and with whom."""
