"""What needs segments are and are not, for people who have to decide with them."""

ALWAYS: tuple[str, ...] = (
    (
        "A segment here is a latent class: a pattern of answers that many respondents share. Nobody is in a "
        "drawer. Each respondent belongs to each segment with a probability, and all figures count respondents "
        "by these probabilities."
    ),
    (
        "The classes are the model's account of these answers to these questions. Other questions would give "
        "other classes; a class is no kind of person, and not proof that people come in kinds."
    ),
    (
        "The number of segments is a choice. The criteria say how many the answers can carry; how many an "
        "organisation can serve is for it to say."
    ),
    (
        "An interval shows how far chance in the choice of respondents can move a figure if the model is right. "
        "Whether people answered as they think, and whether those who answered are like those who did not, is "
        "not in it."
    ),
    (
        "Differences between segments in the items that made them are no discovery: they were made to differ "
        "there. What is news is how large and how certain the differences are, and how segments differ outside."
    ),
)

STYLE = (
    "Some people agree with everything, others keep to the middle. Without a response style in the model they make "
    "“high on everything” and “low on everything” segments, which say nothing about needs. Where the model has a "
    "response style, it is estimated together with the classes, and segments differ by what they put first."
)
NO_STYLE = (
    "The model has no response style: a segment that is above average on nearly everything may only be one of "
    "people who like to agree. The checks of the fit say whether it looks so here."
)
STATED = (
    "Importance and satisfaction are what people say. What decides a purchase can differ from what people call "
    "important; tie-breakers are found from choices where choices are known."
)
PROJECTED = (
    "For customers who were not asked, segments are probabilities from what is known of them, corrected for what the "
    "survey itself gets wrong. Sizes and values of segments are far more certain than the segment of one customer."
)


def needs_notes(
    *, response_style: bool | None = None, stated: bool = False, projected: bool = False
) -> tuple[str, ...]:
    """Collect the notes for a page.

    Parameters
    ----------
    response_style
        Whether the model has one; None where answers are no ratings.
    stated
        Whether importance and satisfaction were asked.
    projected
        Whether segments were projected to customers who were not asked.

    Examples
    --------
    >>> len(needs_notes(response_style=True, projected=True)) - len(needs_notes())
    2
    """
    found = list(ALWAYS)
    if response_style is not None:
        found.append(STYLE if response_style else NO_STYLE)
    if stated:
        found.append(STATED)
    if projected:
        found.append(PROJECTED)
    return tuple(found)
