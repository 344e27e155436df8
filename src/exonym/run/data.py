"""Reading everything that a recipe names, and checking that it fits together before anything runs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from exonym.data import DROP, Bitext, Corpus, LabelMap, Ledger
from exonym.errors import DataError, suggest
from exonym.formats import format_of, read_bitext, read_corpus
from exonym.project import join, places
from exonym.tag import relabelled
from exonym.tag.relabel import types_of
from exonym.transfer import Task
from exonym.transfer.saved import load_saved

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from exonym.run.recipe import BitextFile, File, Recipe, TargetData, TextFile

    T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Target:
    """A target language: what methods may see, and the labelled test text that they may not.

    Attributes:
        language: its code.
        task: what methods are given; its test text has no labels.
        gold: the labelled test text; None if there is none, and then the task has no text to tag.
    """

    language: str
    task: Task
    gold: Corpus | None


@dataclass(frozen=True, kw_only=True)
class RunData:
    """All data of a run.

    Attributes:
        source_test: labelled source text that is not trained on, if the recipe names some.
        targets: the target languages, in the order of the recipe.
        ledger: what was read, skipped, repaired, renamed and dropped, by file.
        warnings: what is allowed but may surprise, a sentence each.
    """

    source_test: Corpus | None
    targets: tuple[Target, ...]
    ledger: Ledger
    warnings: tuple[str, ...]


def read_data(recipe: Recipe) -> RunData:
    """Read and check all files of a recipe.

    Raises:
        DataError: with the faults of all files, corpora without labels, translations that do not belong to the source
            text, labels that do not meet, and entries of the label map that name no label.
    """
    reader = _Reader(LabelMap(recipe.labels))
    source = reader.corpus(recipe.source.train if recipe.source else None)
    source_test = reader.corpus(recipe.source.test if recipe.source else None)
    further = [corpus for each in recipe.sources if (corpus := reader.corpus(each.train)) is not None]
    language = recipe.source.language if recipe.source else ""
    known = _types_of_tagger(recipe, reader) if source is None else ()
    found = [_read_target(target, language, source, tuple(further), known, reader) for target in recipe.targets]
    if source is not None or not recipe.has_labels:
        reader.check_map()
    if source is not None:
        reader.check_labels(source, source_test)
        for corpus in further:
            reader.warn_of_other_labels(source, corpus)
        for target in found:
            if target is not None:
                reader.check_labels(source, target.gold)
                reader.check_labels(source, target.task.train)
                reader.warn_of_surplus(source, target.gold, target.language)
    if reader.faults:
        raise DataError("\n".join(reader.faults))
    targets = tuple(target for target in found if target is not None)
    return RunData(
        source_test=source_test, targets=targets, ledger=reader.ledger, warnings=tuple(dict.fromkeys(reader.warnings))
    )


def _types_of_tagger(recipe: Recipe, reader: _Reader) -> tuple[str, ...]:
    """Return the types of the tagger that is there already: those to find where no corpus names any."""
    own = recipe.have.tagger
    if own is None or all(target.test or target.train for target in recipe.targets):
        return ()
    tagger = reader.attempt(lambda: relabelled(load_saved(own.path, hub=own.hub), own.labels))
    return types_of(tagger.tags) if tagger is not None else ()


def _read_target(
    target: TargetData,
    language: str,
    source: Corpus | None,
    further: tuple[Corpus, ...],
    known: tuple[str, ...],
    reader: _Reader,
) -> Target | None:
    gold, train = reader.corpus(target.test), reader.corpus(target.train)
    translation = reader.bitext(target.translation)
    extra = tuple(bitext for file in target.extra if (bitext := reader.bitext(file)) is not None)
    test_translation = reader.bitext(target.test_translation)
    text = reader.text(target.text)
    if gold is None and target.test is not None:
        return None
    if translation is not None and source is not None:
        reader.attempt(lambda: join(source, translation))
    if test_translation is not None and gold is not None:
        reader.attempt(lambda: places(gold, test_translation, "target"))
    named = gold if gold is not None else train
    task = Task(
        source=source or Corpus(()),
        test=gold.unlabelled() if gold is not None else Corpus(()),
        train=train,
        translation=translation,
        extra=extra,
        test_translation=test_translation,
        text=text,
        sources=further,
        types=tuple(named.labels) if named is not None else known,
        source_language=language,
        target_language=target.language,
    )
    reader.ledger.update(task.changes)
    return Target(language=target.language, task=task, gold=gold)


def _read_text(path: str, ledger: Ledger, options: dict[str, Any]) -> Corpus:
    if options["raw"] and "raw" not in format_of(path, options["format"]).options:
        expected = "running text with it. Leave raw out."
        raise DataError(f"{path}: found raw = true for a corpus that has words; expected {expected}")
    return read_corpus(path, ledger=ledger, **options)


class _Reader:
    """Reads files once each, and gathers what is wrong with them."""

    def __init__(self, labels: LabelMap) -> None:
        self.labels = labels
        self.faults: list[str] = []
        self.warnings: list[str] = []
        self.ledger = Ledger()
        self._corpora: dict[File, Corpus | None] = {}
        self._bitexts: dict[BitextFile, Bitext | None] = {}
        self._texts: dict[TextFile, Corpus | None] = {}
        self._seen: Counter[str] = Counter()

    def attempt(self, read: Callable[[], T]) -> T | None:
        """Return what a reader reads, or note why it cannot."""
        try:
            return read()
        except DataError as error:
            self.faults.append(str(error))
            return None

    def corpus(self, file: File | None) -> Corpus | None:
        """Read a corpus and apply the label map."""
        if file is None:
            return None
        if file not in self._corpora:
            ledger = Ledger()
            options = {name: getattr(file, name) for name in ("format", "on_error", "scheme", "repair")}
            corpus = self.attempt(lambda: read_corpus(file.path, ledger=ledger, **options))
            if corpus is not None:
                self._seen.update(span.label for sentence in corpus for span in sentence.spans)
                corpus, changes = self.labels.apply(corpus)
                ledger.update({f"spans {change}": count for change, count in changes.items()})
                if not corpus.labels:
                    what = f"only labels that [labels] drops ({', '.join(changes)})" if changes else "no labels"
                    self.faults.append(f"{file.path}: found {what}; expected labelled text. Mend the file or [labels].")
            self._corpora[file] = corpus
            self._note(file, ledger)
        return self._corpora[file]

    def bitext(self, file: BitextFile | None) -> Bitext | None:
        """Read a bitext."""
        if file is None:
            return None
        if file not in self._bitexts:
            ledger = Ledger()
            self._bitexts[file] = self.attempt(
                lambda: read_bitext(file.path, raw=file.raw, swap=file.swap, on_error=file.on_error, ledger=ledger)
            )
            self._note(file, ledger)
        return self._bitexts[file]

    def text(self, files: tuple[TextFile, ...]) -> Corpus | None:
        """Read unlabelled texts as one; their sentences are named `FILE:SENTENCE`, FILE counted from 1."""
        parts = [(number, part) for number, file in enumerate(files, start=1) if (part := self._text(file))]
        if not parts:
            return None
        sentences = tuple(replace(each, id=f"{number}:{each.id}") for number, part in parts for each in part)
        return Corpus(sentences, "+".join(part.name for _, part in parts)).unlabelled()

    def _text(self, file: TextFile) -> Corpus | None:
        if file not in self._texts:
            ledger = Ledger()
            options = {name: getattr(file, name) for name in ("format", "on_error", "scheme", "repair", "raw")}
            self._texts[file] = self.attempt(lambda: _read_text(file.path, ledger, options))
            self._note(file, ledger)
        return self._texts[file]

    def _note(self, file: File | BitextFile | TextFile, ledger: Ledger) -> None:
        for event, count in ledger.items():
            self.ledger.note(f"{file.path}: {event}", count)

    def check_map(self) -> None:
        """Note entries of the label map that touch nothing: most likely a misspelt label."""
        for label in self.labels.changes:
            if label not in self._seen:
                self.faults.append(f"[labels]: found {label!r}, which no corpus has. {suggest(label, self._seen)}")

    def check_labels(self, source: Corpus, corpus: Corpus | None) -> None:
        """Note labels of a corpus that the source lacks."""
        missing = [label for label in corpus.labels if label not in source.labels] if corpus is not None else []
        if missing and corpus is not None and source.labels:
            rows = ", ".join(f'{label} = "{DROP}"' for label in missing)
            fault = (
                f"{corpus.name}: found the labels {', '.join(missing)}, which {source.name} lacks; expected "
                f"{', '.join(source.labels)}. Rename or drop them in [labels], such as: {rows}"
            )
            self.faults += [fault] if fault not in self.faults else []

    def warn_of_other_labels(self, source: Corpus, corpus: Corpus) -> None:
        """Note a further source without any label of the source; warn of one that has other labels."""
        lost = [label for label in corpus.labels if label not in source.labels]
        missing = [label for label in source.labels if label not in corpus.labels]
        if len(lost) == len(corpus.labels) and corpus.labels:
            self.faults.append(
                f"{corpus.name}: found the labels {', '.join(lost)}; expected some of {', '.join(source.labels)}, as "
                f"in {source.name}. Rename them in [labels]."
            )
            return
        told = [f"{', '.join(lost)}, which counts as no name"] if lost else []
        told += [f"no {', '.join(missing)}, which its teacher cannot find"] if missing else []
        if told:
            self.warnings.append(f"{corpus.name}: the source has {', and '.join(told)}.")

    def warn_of_surplus(self, source: Corpus, gold: Corpus | None, language: str) -> None:
        """Warn of labels of the source that the test text lacks."""
        surplus = [label for label in source.labels if gold is not None and label not in gold.labels]
        if surplus:
            self.warnings.append(
                f"{language}: the source has {', '.join(surplus)}, which the test text lacks: whatever is tagged so "
                "counts as wrong unless [labels] drops it."
            )
