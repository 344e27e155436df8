"""Label projection: candidates, evidence, matching, and the projection of whole corpora. Start at `project`."""

from exonym.project.belief import Background
from exonym.project.candidates import Candidate, Votes, candidates_of, links_of, ngrams, undominated, votes_of
from exonym.project.compat import match_easy_label_projection, match_politov
from exonym.project.confidence import Calibration, calibration_error, calibration_of, fit, reliability
from exonym.project.drops import Dropped, all_dropped, dropped
from exonym.project.evidence import Evidence, TranslationScorer, scored_candidates, tagger_score
from exonym.project.explanation import Explanation, Fate, Option, explain
from exonym.project.filters import Filtering, filter_sentence, filtered, keep
from exonym.project.heuristic import match_heuristic
from exonym.project.match import Choice, match_bipartite, match_exact, match_greedy, match_milp, total
from exonym.project.options import Fusion, Matcher, Matching
from exonym.project.pairing import Unpaired, join, pair_up, places
from exonym.project.projection import evidence_of, losses, project
from exonym.project.sentence import Decision, decide, project_sentence
from exonym.project.stream import Chunk, Projected, Projecting, project_chunks, project_stream

__all__ = [
    "Background",
    "Calibration",
    "Candidate",
    "Choice",
    "Chunk",
    "Decision",
    "Dropped",
    "Evidence",
    "Explanation",
    "Fate",
    "Filtering",
    "Fusion",
    "Matcher",
    "Matching",
    "Option",
    "Projected",
    "Projecting",
    "TranslationScorer",
    "Unpaired",
    "Votes",
    "all_dropped",
    "calibration_error",
    "calibration_of",
    "candidates_of",
    "decide",
    "dropped",
    "evidence_of",
    "explain",
    "filter_sentence",
    "filtered",
    "fit",
    "join",
    "keep",
    "links_of",
    "losses",
    "match_bipartite",
    "match_easy_label_projection",
    "match_exact",
    "match_greedy",
    "match_heuristic",
    "match_milp",
    "match_politov",
    "ngrams",
    "pair_up",
    "places",
    "project",
    "project_chunks",
    "project_sentence",
    "project_stream",
    "reliability",
    "scored_candidates",
    "tagger_score",
    "total",
    "undominated",
    "votes_of",
]
