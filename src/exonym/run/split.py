"""What a recommendation measures on: labels held out of all that methods see. Start at `Split`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from exonym.align import StatisticalAligner
from exonym.data import Alignment, Bitext, Corpus, Ledger, nfc
from exonym.project import Filtering, Matching, places
from exonym.transfer.stages import align, keep, project

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from collections.abc import Set as AbstractSet

    from exonym.transfer import Do, Task

FOLDS = 5
LEAST = 20  # labelled sentences, fewer are nothing to measure on
HELD_OUT = 500  # translated sentences that are held out, but
SHARE = 0.2  # no more than this share of them

Words = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Split:
    """Sentences with labels to measure on, and what methods are given to tag them.

    Attributes:
        gold: the sentences, with the labels that count as right.
        tasks: for methods that need no target labels: tasks whose test texts, without labels, are together `gold`; in
            what else a task holds none of its own test text occurs. As a rule it is one.
        folds: the same for methods that need target labels, with the rest of `gold` as `train`; empty if there are
            none.
    """

    gold: Corpus
    tasks: tuple[Task, ...]
    folds: tuple[Task, ...] = ()


def bounded(task: Task, most: int, seed: int) -> tuple[Task, Ledger]:
    """Draw at most so many sentences of each text, of all `extra` together, at random; leave out the test text.

    Of the labelled source text, those that have a translation are drawn first.

    Returns:
        The smaller task, and the count of what was left out.
    """
    left_out = Ledger()

    def some(corpus: Corpus, what: str, first: Iterable[int] = ()) -> Corpus:
        drawn = _drawn(len(corpus), most, seed, first)
        left_out.note(f"{what} {corpus.name}: sentences left out of the comparison", len(corpus) - len(drawn))
        return replace(corpus, sentences=tuple(corpus[place] for place in drawn))

    def some_pairs(bitexts: tuple[Bitext, ...]) -> Iterator[Bitext]:
        drawn, start = set(_drawn(sum(map(len, bitexts)), most, seed)), 0
        for bitext in bitexts:
            pairs = tuple(pair for place, pair in enumerate(bitext, start) if place in drawn)
            left_out.note(f"{bitext.name}: pairs left out of the comparison", len(bitext) - len(pairs))
            start += len(bitext)
            yield replace(bitext, pairs=pairs)

    own: list[int] = []
    translation = task.translation
    if translation is not None and len(task.source):
        own = places(task.source, translation)
        kept = set(_drawn(len(task.source), most, seed, own))
        pairs = tuple(pair for place, pair in zip(own, translation, strict=True) if place in kept)
        left_out.note(f"{translation.name}: pairs left out of the comparison", len(translation) - len(pairs))
        translation = replace(translation, pairs=pairs)
    elif translation is not None:  # of no text that is there: it only is parallel text
        (translation,) = some_pairs((translation,))
    smaller = replace(
        task,
        source=some(task.source, "source", own),
        test=Corpus(()),
        train=None if task.train is None else some(task.train, "labelled"),
        translation=translation,
        extra=tuple(some_pairs(task.extra)),
        test_translation=None,
        text=None if task.text is None else some(task.text, "text"),
        sources=tuple(some(each, "source") for each in task.sources),
    )
    return smaller, left_out


def _drawn(number: int, most: int, seed: int, first: Iterable[int] = ()) -> list[int]:
    """Draw at most so many places at random, in their order; those named first are drawn before all others."""
    if number <= most:
        return list(range(number))
    order = np.random.default_rng((seed, 6)).permutation(number)
    early = np.isin(order, list(first))
    return [*map(int, np.sort(np.concatenate([order[early], order[~early]])[:most]))]


def split_labels(task: Task) -> Split:
    """Measure on the labelled target text: whole for methods that do not learn from it, by cross-validation for others.

    Where that would take more than half of the translation away, since the labelled text is what it translates into,
    all methods are measured by cross-validation. A fold is a run of sentences, since neighbours are often of one
    document and share its names; sentences with the same words are in one fold.
    """
    gold = task.train or Corpus(())
    forms = list(dict.fromkeys(_form(each.words) for each in gold))
    whole = replace(without(task, target=set(forms)), train=None, test=gold.unlabelled())
    folds = []
    for number in range(FOLDS):
        inside = {form for place, form in enumerate(forms) if place * FOLDS // len(forms) == number}
        rest, test = _left(gold, inside), _left(gold, set(forms) - inside)
        folds.append(replace(without(task, target=inside), train=rest, test=test.unlabelled()))
    apart = task.translation is None or 2 * len(whole.translation or ()) >= len(task.translation)
    tasks = (whole,) if apart else tuple(replace(fold, train=None) for fold in folds)
    return Split(gold=gold, tasks=tasks, folds=tuple(folds))


def split_translation(task: Task, do: Do, seed: int) -> Split:
    """Hold a part of the translation out, with the labels of its source projected onto it, to measure on.

    Only sentences that received every label are measured on; of the others, too, nothing is learnt.
    """
    translation = task.translation or Bitext(())
    number = max(1, min(HELD_OUT, int(SHARE * len(translation))))
    order = np.random.default_rng((seed, 8)).permutation(len(translation))
    held = np.sort(order[:number]).tolist()
    links = do(align, task.parallel, StatisticalAligner(), 0)
    pairs = replace(translation, pairs=tuple(translation[place] for place in held))
    own = Alignment(tuple(links[place] for place in held), links.name)
    projected = do(project, task.source, pairs, own, Matching())
    gold = do(keep, projected, Filtering(sentences="complete"))
    smaller = without(
        task, source={_form(pair.source) for pair in pairs}, target={_form(pair.target) for pair in pairs}
    )
    return Split(gold=gold, tasks=(replace(smaller, train=None, test=gold.unlabelled()),))


def together(gold: Corpus, parts: Iterable[Corpus]) -> Corpus:
    """Put the predictions of folds in the order of the whole; sentences with the same words are tagged alike."""
    spans = {_form(each.words): each.spans for part in parts for each in part}
    return replace(gold, sentences=tuple(each.with_spans(spans[_form(each.words)]) for each in gold))


def without(task: Task, *, source: AbstractSet[Words] = frozenset(), target: AbstractSet[Words] = frozenset()) -> Task:
    """Take sentences out of all that methods learn from, with what translates them.

    Args:
        task: the task.
        source: words of source sentences, in NFC.
        target: words of target sentences, in NFC.
    """
    bitexts = [bitext for bitext in (task.translation, *task.extra) if bitext is not None]
    lost = [pair for bitext in bitexts for pair in bitext if _form(pair.target) in target]
    source = source | {_form(pair.source) for pair in lost}

    def left(bitext: Bitext) -> Bitext:
        pairs = (p for p in bitext if _form(p.source) not in source and _form(p.target) not in target)
        return replace(bitext, pairs=tuple(pairs))

    return replace(
        task,
        source=_left(task.source, source),
        translation=None if task.translation is None else left(task.translation),
        extra=tuple(map(left, task.extra)),
        text=None if task.text is None else _left(task.text, target),
    )


def _left(corpus: Corpus, lost: AbstractSet[Words]) -> Corpus:
    return replace(corpus, sentences=tuple(each for each in corpus if _form(each.words) not in lost))


def _form(words: Words) -> Words:
    return tuple(map(nfc, words))
