"""Which entity a marker of a translation stands for, and where an entity is whose marker was lost.

Start at `name_best`; `name_by_rules` is what EasyProject does.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Literal, NamedTuple

from exonym.data import fold, resemblance, split_words
from exonym.project.candidates import Candidate
from exonym.project.match import match_exact

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from exonym.project.marking import Half, Marker, Unmarked

Assign = Literal["best", "reference"]

LOST, AMBIGUOUS = "lost marker", "ambiguous markers"
_IN_ORDER = 1e-6  # weight of order between equals
_NEAR = 0.5  # of the score: words next to half a marker before others
_RULE = 0.5  # EasyProject: resemblances must be above this


class Entity(NamedTuple):
    """An entity that was marked.

    Attributes:
        label: its type.
        name: of its marks, as from `names_of`; empty if they have none.
        surface: its words in the source text.
        translated: its translation by itself; empty if there is none.
    """

    label: str
    name: str
    surface: str
    translated: str

    def resembles(self, text: str, least: float = 0.0) -> float:
        """Return how like it or its translation a text is, in [0, 1]; 0 if less than `least`."""
        return max(resemblance(form, text, least) for form in (self.surface, self.translated) if form)


class Named(NamedTuple):
    """Where an entity is in the translation.

    Attributes:
        start: its first word.
        stop: one past its last word.
        score: how sure that is, in [0, 1].
        is_read: its marker was read; else it was found without one.
    """

    start: int
    stop: int
    score: float = 1.0
    is_read: bool = True


def groups_of(entities: Sequence[Entity], read: Unmarked) -> list[tuple[list[int], list[Marker]]]:
    """Return the entities whose marks have the same name, by their places, and the markers of that name."""
    names = dict.fromkeys(entity.name for entity in entities)
    return [
        (
            [place for place, entity in enumerate(entities) if entity.name == name],
            [marker for marker in read.markers if marker.name == name],
        )
        for name in names
    ]


def is_sure(entities: Sequence[Entity], own: Sequence[int], markers: Sequence[Marker]) -> bool:
    """Say whether every marker of a group can have but one type, whichever entity it stands for."""
    return len(own) == len(markers) and len({entities[place].label for place in own}) == 1


def name_best(
    entities: Sequence[Entity], read: Unmarked, *, threshold: float = 0.5, recover: float = 0.8
) -> tuple[list[Named | None], str]:
    """Assign markers to entities with the greatest total resemblance, and look for entities whose marker was lost.

    Where a choice is left (entities of several types, or fewer markers than entities), a marker must resemble its
    entity or that one's translation. Entities without a marker, since it was lost or moved to other words, get the
    words outside of all markers that resemble their translations most, by the exact matching of all of them at once.
    Markers that resemble none go to the entities left over if these are as many and of one type.

    Args:
        entities: the entities that were marked, in order.
        read: the translation, with no more markers of a name than entities.
        threshold: least resemblance of a marker and its entity, in [0, 1].
        recover: least resemblance of other words and a lost entity, in (0, 1], next to half a marker the mean of it and
            `threshold`; 0 looks for none.

    Returns:
        For each entity where it is, or None, and why the first of these is nowhere: `lost marker`, or `ambiguous
        markers` if markers are left over too.

    Source:
        Chen et al. 2023, EasyProject, which compares with translations of the entities alone but takes the first that
        is like enough, and gives a sentence up if a marker was lost.
    """
    named: list[Named | None] = [None] * len(entities)
    groups = groups_of(entities, read)
    for own, markers in groups:
        least = None if is_sure(entities, own, markers) else threshold
        _name_group(named, entities, read, (own, markers, least))
    if recover and None in named:
        lost = [place for place, each in enumerate(named) if each is None]
        _find_lost(named, entities, read, lost, (threshold, recover))
    for own, markers in groups:
        _name_rest(named, entities, (own, markers), threshold)
    taken = {each[:2] for each in named if each is not None}
    ambiguous = any(
        None in [named[place] for place in own] and any(marker[:2] not in taken for marker in markers)
        for own, markers in groups
    )
    return named, "" if None not in named else AMBIGUOUS if ambiguous else LOST


def _name_group(
    named: list[Named | None],
    entities: Sequence[Entity],
    read: Unmarked,
    group: tuple[list[int], list[Marker], float | None],
) -> None:
    """Assign the markers of one name, with the least resemblance, or None if there is no choice of types."""
    import numpy as np

    own, markers, least = group
    texts = [read.surface(marker.start, marker.stop) for marker in markers]
    alone = least is None and len(own) == 1
    like = np.array([[1.0 if alone else entities[row].resembles(text, least or 0.0) for text in texts] for row in own])
    for number, column in enumerate(assigned(like + 1 if least is None else like)):
        if column is not None:
            score = 1.0 if least is None else float(like[number, column])
            named[own[number]] = Named(markers[column].start, markers[column].stop, score)


def _name_rest(
    named: list[Named | None], entities: Sequence[Entity], group: tuple[list[int], list[Marker]], score: float
) -> None:
    """Give the markers left over to the entities left over, if these are as many and of one type."""
    left = [place for place in group[0] if named[place] is None]
    taken = {each[:2] for each in named if each is not None}
    free = [marker for marker in group[1] if marker[:2] not in taken]
    if len(left) == len(free) and len({entities[place].label for place in left}) == 1:
        for place, marker in zip(left, free, strict=True):
            named[place] = Named(marker.start, marker.stop, score)


def assigned(likeness: NDArray[np.float64]) -> list[int | None]:
    """Assign rows to columns one to one with the greatest total; of equal ones, in their order.

    Args:
        likeness: shape (M, N), >= 0; a pair with 0 is not assigned.

    Returns:
        For each of the M rows its column, or None.
    """
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    chosen: list[int | None] = [None] * len(likeness)
    if not likeness.size:
        return chosen
    rows, columns = np.indices(likeness.shape)
    apart = np.abs((rows + 0.5) / likeness.shape[0] - (columns + 0.5) / likeness.shape[1])
    where = np.where(likeness > 0, likeness + _IN_ORDER * (1 - apart), 0.0)
    for row, column in np.transpose(linear_sum_assignment(where, maximize=True)).tolist():
        if likeness[row, column] > 0:
            chosen[row] = column
    return chosen


def _find_lost(
    named: list[Named | None],
    entities: Sequence[Entity],
    read: Unmarked,
    lost: Sequence[int],
    least: tuple[float, float],
) -> None:
    """Look for lost entities in the words outside of all markers; changes `named` in place."""
    in_marker = {word for marker in read.markers for word in range(marker.start, marker.stop)}
    candidates = []
    for place in lost:
        halves = [half for half in read.halves if half.name == entities[place].name]
        longest = 1 + max(len(split_words(form)[0]) for form in entities[place][2:])
        own = []
        for start in range(len(read.words)):
            for stop in range(start + 1, min(start + longest, len(read.words)) + 1):
                if stop - 1 in in_marker:
                    break
                near = _is_near(halves, start, stop)
                like = entities[place].resembles(read.surface(start, stop), sum(least) / 2 if near else least[1])
                if like:
                    own.append(Candidate(start, stop, like + _NEAR * near, translation=like))
        candidates.append(own)
    for place, chosen in zip(lost, match_exact(candidates), strict=True):
        for found in chosen:
            named[place] = Named(found.start, found.stop, found.translation, False)


def _is_near(halves: Sequence[Half], start: int, stop: int) -> bool:
    return any(half.place == (start if half.opens else stop) for half in halves)


def name_by_rules(entities: Sequence[Entity], read: Unmarked) -> tuple[list[Named | None], str]:
    """Assign markers to entities by the rules of EasyProject, which give a marker a type.

    A sentence is given up unless it has as many markers as entities. If these are of one type, all markers are. Else a
    marker has the type of the first translated entity that is the same, else of the first source entity, else of the
    first translated entity that is like it, else of the first source entity; if just one has none, it gets the one
    left over. A sentence is given up if these are not the types of its entities.

    Args:
        entities: the entities that were marked, in order.
        read: the translation.

    Returns:
        As `name_best`; of one type, the first marker stands for the first entity.

    Source:
        Chen et al. 2023, EasyProject, released code. It counts PER, LOC and ORG only; here all types count. It compares
        the text of a marker without its marks with that of an entity in lower case, by `difflib`, as we do.
    """
    nowhere: list[Named | None] = [None] * len(entities)
    if len(read.markers) != len(entities):
        return nowhere, LOST
    labels = [entity.label for entity in entities]
    types = labels
    if len(set(labels)) > 1:
        found = [_type_by_rules(read.surface(marker.start, marker.stop), entities) for marker in read.markers]
        left = list((Counter(labels) - Counter(label for label in found if label)).elements())
        types = [label or (left[0] if found.count("") == 1 and left else "") for label in found]
    if Counter(types) != Counter(labels):
        return nowhere, AMBIGUOUS
    rest = list(range(len(entities)))
    for marker, label in zip(read.markers, types, strict=True):
        place = next(place for place in rest if labels[place] == label)
        rest.remove(place)
        nowhere[place] = Named(marker.start, marker.stop)
    return nowhere, ""


def _type_by_rules(text: str, entities: Sequence[Entity]) -> str:
    """Return the type of the first entity that a marker's text is, or is like; empty if there is none."""
    for like in (False, True):
        for form in (3, 2):  # translated, source
            for entity in entities:
                same = fold(entity[form]) == fold(text)
                if same or (like and resemblance(entity[form], text) > _RULE):
                    return entity.label
    return ""
