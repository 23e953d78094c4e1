"""What each model says, and what it does not say, for people who have to decide with it."""

ALWAYS: tuple[str, ...] = (
    "The forecast is for the customers in the data. Customers who come later are not in it.",
    (
        "The model assumes that customers go on as they did: a change of prices, range or advertising is "
        "not in it."
    ),
    (
        "An interval shows how far chance and the fit can move the result if the model is right; a backtest "
        "shows how right it was before."
    ),
    "Nobody is known to have left: the data show silence, and the model weighs how long silence has to be.",
)

# Model, as the page names it → what is peculiar to it.
OF_MODEL: dict[str, tuple[str, ...]] = {
    "BG/NBD": (
        (
            "BG/NBD lets customers leave only right after a repeat purchase, so everyone who bought once "
            "counts as alive for certain (P(alive) = 1), however long the silence. Do not choose whom to win "
            "back by this probability; MBG/NBD and Pareto/NBD do not have this trait."
        ),
    ),
    "MBG/NBD": ("MBG/NBD lets customers leave after any purchase, the first one included.",),
    "Pareto/NBD": ("Pareto/NBD lets customers leave at any time, whether they have just bought or not.",),
    "Gamma–Gamma": (
        (
            "Spend per purchase is taken to have nothing to do with how often a customer buys. Where "
            "frequent buyers spend more, the best customers are valued too low; the checks say "
            "whether it is so here."
        ),
        (
            "A customer with few purchases is valued close to the average of all; the more purchases, the "
            "more the customer's own average counts."
        ),
    ),
}


def notes(*models: str) -> tuple[str, ...]:
    """Collect the notes for the models of a page, their own first.

    >>> len(notes("BG/NBD")) - len(notes())
    1
    """
    return (*(note for model in models for note in OF_MODEL.get(model, ())), *ALWAYS)
