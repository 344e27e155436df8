"""Label projection: candidates, evidence, matching, and the projection of whole corpora. Start at `project`."""

from exonym.project.belief import Background
from exonym.project.candidates import Candidate, candidates_of, links_of, ngrams, undominated, votes_of
from exonym.project.codec import Insertion, MarkerScorer
from exonym.project.confidence import Calibration, calibration_error, calibration_of, fit, reliability
from exonym.project.drops import Dropped, dropped, dropped_of
from exonym.project.evidence import Evidence, TranslationScorer, tagger_score
from exonym.project.explanation import Explanation, Fate, Option, explain
from exonym.project.filters import Filtering, filter_sentence, filtered
from exonym.project.heuristic import match_heuristic
from exonym.project.markers import (
    Markers,
    alone_of,
    broken,
    entities_to_translate,
    marked_corpus,
    project_marked,
    read_off,
)
from exonym.project.marking import marked, unmarked
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
    "Insertion",
    "MarkerScorer",
    "Markers",
    "Matching",
    "Option",
    "Projected",
    "Projecting",
    "TranslationScorer",
    "Unpaired",
    "alone_of",
    "broken",
    "calibration_error",
    "calibration_of",
    "candidates_of",
    "decide",
    "dropped",
    "dropped_of",
    "entities_to_translate",
    "evidence_of",
    "explain",
    "filter_sentence",
    "filtered",
    "fit",
    "join",
    "links_of",
    "losses",
    "marked",
    "marked_corpus",
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
    "project_marked",
    "project_sentence",
    "project_stream",
    "read_off",
    "reliability",
    "tagger_score",
    "total",
    "undominated",
    "unmarked",
    "votes_of",
]
