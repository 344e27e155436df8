"""Label projection: candidates, evidence, matching, and the projection of whole corpora. Start at `project`."""

from exonym.project.belief import Background
from exonym.project.candidates import Candidate, candidates_of, links_of, ngrams, undominated, votes_of
from exonym.project.confidence import Calibration, calibration_error, calibration_of, fit, reliability
from exonym.project.drops import Dropped, dropped, dropped_of
from exonym.project.evidence import Evidence, TranslationScorer, tagger_score
from exonym.project.explanation import Explanation, Fate, Option, explain
from exonym.project.filters import Filtering, filter_sentence, filtered
from exonym.project.heuristic import match_heuristic
from exonym.project.match import match_bipartite, match_exact, match_greedy, match_milp, total
from exonym.project.options import Fusion, Matching
from exonym.project.pairing import Unpaired, join, pair_up, places
from exonym.project.projection import evidence_of, losses, project
from exonym.project.sentence import decide, project_sentence
from exonym.project.stream import Projected, Projecting, project_chunks, project_stream

__all__ = [
    "Background",
    "Calibration",
    "Candidate",
    "Dropped",
    "Evidence",
    "Explanation",
    "Fate",
    "Filtering",
    "Fusion",
    "Matching",
    "Option",
    "Projected",
    "Projecting",
    "TranslationScorer",
    "Unpaired",
    "calibration_error",
    "calibration_of",
    "candidates_of",
    "decide",
    "dropped",
    "dropped_of",
    "evidence_of",
    "explain",
    "filter_sentence",
    "filtered",
    "fit",
    "join",
    "links_of",
    "losses",
    "match_bipartite",
    "match_exact",
    "match_greedy",
    "match_heuristic",
    "match_milp",
    "ngrams",
    "pair_up",
    "places",
    "project",
    "project_chunks",
    "project_sentence",
    "project_stream",
    "reliability",
    "tagger_score",
    "total",
    "undominated",
    "votes_of",
]
