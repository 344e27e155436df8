"""Label projection: candidates, scores, matching, and the projection of whole corpora. Start at `project`."""

from exonym.project.candidates import Candidate, candidates_of, link_mass
from exonym.project.heuristic import match_heuristic
from exonym.project.match import match_exact, match_greedy, match_milp, total
from exonym.project.projection import Matcher, Matching, join, losses, places, project, project_sentence

__all__ = [
    "Candidate",
    "Matcher",
    "Matching",
    "candidates_of",
    "join",
    "link_mass",
    "losses",
    "match_exact",
    "match_greedy",
    "match_heuristic",
    "match_milp",
    "places",
    "project",
    "project_sentence",
    "total",
]
