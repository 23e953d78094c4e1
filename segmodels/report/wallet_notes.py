"""What wallets are and are not, for people who have to decide with them; and the terms of the page."""

ALWAYS: tuple[str, ...] = (
    (
        "What customers spend elsewhere is not in our records. It is known of those who answered, and predicted for "
        "the others from what customers like them answered. Own spend alone does not tell it."
    ),
    (
        "A prediction for one customer is uncertain, and its interval is wide. Sums over segments and cells are far "
        "more certain: use them to divide a budget, and the probabilities of a customer to choose whom to address."
    ),
    (
        "Headroom is what is spent elsewhere, not what can be won. Attainable is a yardstick taken from look-alikes. "
        "What an offer would really win takes an experiment."
    ),
)
INTERVAL = "An interval shows how far chance and the fit can move a figure if the model is right."
ENDS = (
    "Ends of intervals do not add up over segments: not everything goes badly at once. The interval of a total is "
    "that of the sum."
)
FIXED = (
    "The parameters of the model are held fixed at their mode (setting MAP). Intervals show how customers scatter "
    "around the model, and leave out how far the parameters themselves can be off, and so are too narrow. The setting "
    "Laplace (or NUTS) has both in them."
)
FIXED_ANCHORED = (
    "The parameters of the model are held fixed at their mode (setting MAP), and the mean share from outside is one of "
    "them. How sure it is decides how sure the sums are, so no intervals of sums are shown. The setting Laplace (or "
    "NUTS) gives them."
)
SURVEY = (
    "Those who answered may differ from those who did not, beyond what the model knows of them. The section on tipping "
    "points says how large such a difference would have to be to change a decision."
)
NO_SURVEY = (
    "Nobody was asked. The average share of wallet is an assumption from outside, and all figures move with it; the "
    "data can not say whether it is right."
)
ANCHORED = (
    "The average share of wallet is an assumption from outside, corrected by the answers there are. The figures of "
    "all who did not answer move with it."
)
RECALL = (
    "Answers are what people remember. If all remember too much or too little, all figures are off by the same "
    "factor, and the data can not show it."
)

#: Term → what it means here.
TERMS: tuple[tuple[str, str], ...] = (
    ("Own spend", "What a customer spent with us in the window."),
    (
        "Elsewhere spend",
        "What the customer spent with competitors, on the same categories in the same window.",
    ),
    ("Wallet", "Own and elsewhere spend together."),
    (
        "Share of wallet",
        "Own spend over wallet. Of a group it is the ratio of the sums, not the mean of shares.",
    ),
    ("Headroom", "Elsewhere spend, seen as potential."),
    (
        "Attainable",
        (
            "What would come if a customer gave us the share that the best of the look-alikes give: the same segment, "
            "a wallet of about the same size."
        ),
    ),
    ("Current value", "What a customer is worth now: own spend, or a forecast where one was given."),
    ("Identified", "The prediction rests on answers of customers like this one."),
    (
        "Extrapolated",
        (
            "The customer lies outside what those who answered are like, or too few answered; the model reaches beyond "
            "them."
        ),
    ),
    ("Not identified", "Neither answers nor assumptions say anything of the customer's wallet."),
    (
        "Answers alone",
        "The mean of those who answered, taken for all. It is off where those who answer are not like the others.",
    ),
    ("Poststratified", "Every customer is predicted, and the predictions are added up over the whole base."),
    (
        "Coverage",
        "How often the truth lay inside the interval. An 80% interval should hold it four times in five.",
    ),
    (
        "PIT",
        (
            "Probability integral transform: where in its predicted distribution the truth lay, from 0 to 1. If the "
            "model is right, every place is equally likely."
        ),
    ),
    (
        "Tipping point",
        (
            "How much more or less than predicted those of one segment who did not answer would have to spend "
            "elsewhere to change its place, if the others spend what is predicted."
        ),
    ),
    ("Delta", "That difference as a logarithm: 0.2 is 22% more, −0.2 is 18% less."),
    ("Interval", "The range that holds the true figure with the probability named, if the model is right."),
)


def held_fixed(*, anchored: bool) -> str:
    """Say what intervals leave out where the parameters are held fixed.

    >>> held_fixed(anchored=False) == FIXED
    True
    """
    return FIXED_ANCHORED if anchored else FIXED


def wallet_notes(*, asked: bool = True, anchored: bool = False, fixed: bool = False) -> tuple[str, ...]:
    """Collect the notes for a page.

    Parameters
    ----------
    asked
        Whether there are answers of customers.
    anchored
        Whether the share of wallet comes from outside.
    fixed
        Whether the intervals hold the parameters fixed.

    Examples
    --------
    >>> wallet_notes(asked=False, anchored=True)[-1] == NO_SURVEY
    True
    """
    # The first note says that predictions rest on answers.
    always = ALWAYS[1:] if anchored else ALWAYS
    shown = held_fixed(anchored=anchored) if fixed else INTERVAL
    first = (*always, shown, ENDS)
    if not asked:
        return (*first, NO_SURVEY)
    return (*first, *((ANCHORED,) if anchored else ()), SURVEY, RECALL)
