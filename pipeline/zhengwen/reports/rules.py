"""What each kind means, for the formats that describe their rules."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind as a rule.

    name: in camel case, as SARIF asks for.
    said: what such a passage is. advice: what to do about it.
    level: of SARIF and of GitHub. severity: of GitLab.
    """

    kind: str
    name: str
    said: str
    advice: str
    level: Literal["warning", "note"]
    severity: Literal["major", "minor", "info"]


RULES = {
    rule.kind: rule
    for rule in (
        Rule(
            "promotion",
            "Promotion",
            "An offer, or a heading, list or picture of the funnel around it.",
            "take it out, or let `zhengwen clean` do it",
            "warning",
            "major",
        ),
        Rule(
            "engagement",
            "Engagement",
            "Asks for a follow, a like, a comment or a group, or introduces the author.",
            "take it out, or let `zhengwen clean` do it",
            "warning",
            "minor",
        ),
        Rule(
            "notice",
            "Notice",
            "A line on copyright, licence, source or liability.",
            "keep it where a licence asks for it; `--ignore notice` leaves all of them alone",
            "note",
            "info",
        ),
        Rule(
            "navigation",
            "Navigation",
            "Furniture of a site, or links to other articles.",
            "take it out, or let `zhengwen clean` do it",
            "warning",
            "minor",
        ),
    )
}
"""By kind, in the order of `zhengwen.articles.BOILERPLATE`; the kinds are stable identifiers."""
COLORS = {"promotion": "red", "engagement": "magenta", "notice": "blue", "navigation": "cyan"}
