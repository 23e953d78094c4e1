"""From surveyed respondents to every customer of the base."""
