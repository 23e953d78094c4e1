"""The terms of the page in plain words."""

GLOSSARY: tuple[tuple[str, str], ...] = (
    ("Alive", "Still a customer. Nobody announces leaving, so the model gives a probability: P(alive)."),
    (
        "Backtest",
        "The model is fitted to an early part of the data, forecasts the rest, and is compared with what came.",
    ),
    ("Calibration and holdout", "The part of the data that the model saw, and the later part kept from it."),
    ("Decile", "A tenth of all customers, after sorting them from the best to the least."),
    (
        "Discounting",
        "Money that comes later counts for less; the annual rate says how much less. Lifetime values here are "
        "discounted to today.",
    ),
    ("Frequency", "Repeat purchases of a customer: the first purchase is not counted."),
    (
        "Gini coefficient",
        "One number for concentration: 0 where all customers are worth the same, near 1 where one is worth all.",
    ),
    (
        "Interval",
        "The range that holds the true figure with the probability named beside it, if the model is right.",
    ),
    (
        "Lifetime value",
        "What a customer is expected to bring from now on, over the horizon named: purchases times spend times "
        "margin, discounted. Past spend is not part of it.",
    ),
    (
        "Lift",
        "How many times the average customer's outcome the customers picked by a method had; 1 is no better than "
        "picking blindly.",
    ),
    (
        "MAE and bias",
        "Mean absolute error: how far the forecast of a customer is off, on average. Bias: how far the sum of all "
        "forecasts is off.",
    ),
    (
        "P10, P50, P90",
        "The figure is below P10 with a probability of 10%, below P50 with 50%, below P90 with 90%. Plan with P50; "
        "test the plan with P10.",
    ),
    ("Recency", "The age of a customer at the last purchase: time from the first purchase to the last one."),
    ("T", "The age of a customer now: time from the first purchase to the end of the data."),
    ("Tier", "A group of customers by their lifetime value, such as the top 10%."),
)

PARAMETERS: dict[str, str] = {
    "r": "Purchase rate: the smaller, the more customers differ in how often they buy.",
    "alpha": "Purchase rate: scale. The average customer buys r / alpha times per unit of time while active.",
    "a": "Leaving: with b, the average chance a / (a + b) to leave after a purchase.",
    "b": "Leaving: see a.",
    "s": "Leaving: the smaller, the more customers differ in how long they stay.",
    "beta": "Leaving: scale. The average customer leaves at the rate s / beta per unit of time.",
    "p": "Spend: the larger, the less one customer's purchases differ from each other.",
    "q": "Spend: the larger, the less customers differ from each other.",
    "v": "Spend: scale. The average customer spends p v / (q − 1) per purchase.",
}
