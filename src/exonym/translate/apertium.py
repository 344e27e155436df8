"""Translation by Apertium's rules and dictionaries, with links between the words. Start at `Apertium`."""

from __future__ import annotations

import re
import subprocess
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from itertools import count
from typing import TYPE_CHECKING, ClassVar, Literal, Protocol

from exonym.data import Links, Sentence
from exonym.errors import RecipeError
from exonym.translate import apertium_modes as modes
from exonym.translate.apertium_stream import belongs, marked, prepared, read
from exonym.translate.pipeline import Pipeline
from exonym.translate.running import running
from exonym.translate.translator import Translation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exonym.translate.translator import Progress

_BATCH = 250  # sentences between two reports of progress
_UNIT = re.compile(r"\^(?:\\.|[^\\$])*\$", re.DOTALL)
_UNLEARNT = re.compile(r"^Word '(.*)'\.$", re.MULTILINE)
_CODE = 1  # raise it when the same programs would give other translations or links than before


@dataclass(frozen=True, kw_only=True)
class Apertium:
    """Translates with the pairs of languages that are installed (`apt install apertium-eng-spa`).

    Each target word is linked to the source words that it was made of, also through other languages. The sentences
    are sent to programs that stay alive; one that they hang on or die of comes back without words, and the others are
    translated. A sentence gets the translation that it would get alone, whatever is translated before it.

    Attributes:
        kind: names it in a recipe.
        mode: the name of an installed mode (`eng-cat_valencia`) or a path that ends in `.mode`; None finds the one
            for the languages.
        pivot: codes of languages to go through, such as `es` from English to Portuguese.
        timeout: seconds without an answer after which a sentence is given up.

    Source:
        Forcada et al. 2011, "Apertium: a free/open-source platform for rule-based machine translation". The links are
        its word-bound blanks, which are meant for the format of words; we put them on the units of the analyser and
        not on the words of the text, which would split multiwords.
    """

    deterministic: ClassVar[bool] = True
    requires: ClassVar[dict[str, str]] = {}

    kind: Literal["apertium"] = "apertium"
    mode: str | None = None
    pivot: tuple[str, ...] = ()
    timeout: float = field(default=60.0, compare=False)

    def __post_init__(self) -> None:
        if self.mode is not None and self.pivot:
            raise RecipeError(f"apertium: found mode {self.mode} and pivot {self.pivot}; expected one of them")
        if not self.timeout > 0:
            raise RecipeError(f"apertium: timeout is {self.timeout}; expected seconds above 0")

    def settled(self, source: str, target: str) -> Settled:
        """Return the modes that are used from one language into another.

        Raises:
            RecipeError: Apertium is not installed, or not a pair that is needed.
        """
        if self.mode is not None:
            return Settled((self.mode,), self.timeout)
        stops = [source, *self.pivot, target]
        return Settled(tuple(map(modes.find, stops, stops[1:])), self.timeout)

    def translate(
        self, sentences: Sequence[Sentence], source: str, target: str, progress: Progress | None = None
    ) -> list[Translation]:
        """Translate sentences; see `Translator.translate`.

        Raises:
            RecipeError: Apertium is not installed, or not a pair that is needed, or its programs do not work.
        """
        return self.settled(source, target).translate(sentences, source, target, progress)


@dataclass(frozen=True)
class Settled:
    """Apertium with the modes that it goes through.

    Attributes:
        modes: one or more, in order.
        timeout: as in `Apertium`.
    """

    deterministic: ClassVar[bool] = True
    requires: ClassVar[dict[str, str]] = {}

    modes: tuple[str, ...]
    timeout: float = field(default=60.0, compare=False)
    kind: Literal["apertium"] = "apertium"

    @property
    def fingerprint(self) -> str:
        """Hash of what translations depend on: the programs' options and data; another version gives another hash."""
        return f"{_CODE}-{modes.fingerprint([*map(modes.path_of, self.modes)])}"

    def translate(
        self, sentences: Sequence[Sentence], source: str, target: str, progress: Progress | None = None
    ) -> list[Translation]:
        """Translate through all modes; the languages are those of the modes."""
        done: list[Translation] = []
        with ExitStack() as stack:
            chain = [_Mode(modes.programs_of(modes.path_of(mode)), self.timeout, stack) for mode in self.modes]
            for at in range(0, len(sentences), _BATCH):
                batch = [running(sentence) for sentence in sentences[at : at + _BATCH]]
                made = chain[0].translate(batch)
                for mode in chain[1:]:
                    between = [Sentence(each.words, text=each.text, offsets=each.offsets) for each in made]
                    made = [*map(_through, made, mode.translate(between))]
                done += made
                if progress is not None:
                    progress(len(done), len(sentences))
        return done


def _through(first: Translation, second: Translation) -> Translation:
    """Link the words of a translation of a translation to those of the first text."""
    origins: dict[int, list[int]] = {}
    for word, middle, _ in first.links or ():
        origins.setdefault(middle, []).append(word)
    pairs = [(word, target) for middle, target, _ in second.links or () for word in origins.get(middle, ())]
    return replace(second, links=Links.of(pairs))


class _Step(Protocol):
    """Answers messages."""

    def ask(self, messages: Sequence[bytes]) -> list[bytes | None]: ...


class _Mode:
    """The running programs of a mode."""

    def __init__(self, programs: modes.Programs, timeout: float, stack: ExitStack) -> None:
        def started(commands: Sequence[tuple[str, ...]]) -> Pipeline:
            return stack.enter_context(Pipeline(commands, timeout, modes.environment(), belongs))

        self._analyser = started(programs.before)
        after = list(programs.after)
        places = [place for place, command in enumerate(after) if _is_forgetful(command)]
        self._steps: list[_Step] = []
        for place in reversed(places):
            self._steps[:0] = [_Tagger(after[place], started([after[place]]), timeout), started(after[place + 1 :])]
            del after[place:]
        if after:
            self._steps.insert(0, started(after))

    def translate(self, sentences: Sequence[Sentence]) -> list[Translation]:
        """Translate sentences that have their running text."""
        texts = [*map(prepared, sentences, count())]
        analyses = self._analyser.ask([text.message for text in texts])
        units = [
            marked(analysis.decode("utf-8", "replace"), text) if analysis is not None else None
            for analysis, text in zip(analyses, texts, strict=True)
        ]
        answers = [each.message if each is not None else None for each in units]
        for step in self._steps:
            there = [place for place, answer in enumerate(answers) if answer is not None]
            for place, answer in zip(there, step.ask([answers[place] or b"" for place in there]), strict=True):
                answers[place] = answer
        made = []
        for sentence, text, unit, answer in zip(sentences, texts, units, answers, strict=True):
            if unit is None or answer is None:
                made.append(Translation.of("", links=Links.of([])))
            else:
                made.append(read(answer.decode("utf-8", "replace"), text, unit.units, sentence.words))
        return made


def _is_forgetful(command: Sequence[str]) -> bool:
    """Say whether a program is the hidden Markov tagger; `-x`, `-u` and `-w` are others."""
    letters = "".join(word.lstrip("-") for word in command[1:] if word.startswith("-"))
    return command[0] == "apertium-tagger" and "g" in letters and not set("xuw") & set(letters)


class _Tagger:
    """Apertium's hidden Markov tagger, with the same answers in any order of messages.

    When it meets a word whose set of readings was not in its training, it overwrites what it knows of unknown words
    with a smaller set and goes on with that (Apertium 3.8.3, `find_similar_ambiguity_class`). Which words those are it
    says when asked, so each message that has one gets a tagger of its own.
    """

    def __init__(self, command: tuple[str, ...], pipeline: Pipeline, timeout: float) -> None:
        self._command = command
        self._pipeline = pipeline
        self._timeout = timeout
        self._is_learnt: dict[str, bool] = {}

    def ask(self, messages: Sequence[bytes]) -> list[bytes | None]:
        """Return the answer to each message, or None."""
        units = [_UNIT.findall(message.decode()) for message in messages]
        self._look_up({unit for row in units for unit in row} - self._is_learnt.keys())
        apart = {place for place, row in enumerate(units) if not all(map(self._is_learnt.__getitem__, row))}
        together = [place for place in range(len(messages)) if place not in apart]
        answers: dict[int, bytes | None] = {place: self._alone(messages[place]) for place in apart}
        answers |= zip(together, self._pipeline.ask([messages[place] for place in together]), strict=True)
        return [answers[place] for place in range(len(messages))]

    def _look_up(self, units: set[str]) -> None:
        """Find out which units have readings that the tagger has not learnt."""
        if not units:
            return
        said = self._run(["-d"], "\n".join(sorted(units)).encode())
        unlearnt = set(_UNLEARNT.findall(said.stderr.decode("utf-8", "replace"))) if said is not None else set()
        for unit in units:
            surface = re.sub(r"\\(.)", r"\1", unit[1:].partition("/")[0])
            self._is_learnt[unit] = said is not None and surface not in unlearnt

    def _alone(self, message: bytes) -> bytes | None:
        said = self._run([], message + b"\0")
        return said.stdout.partition(b"\0")[0] if said is not None and b"\0" in said.stdout else None

    def _run(self, options: Sequence[str], data: bytes) -> subprocess.CompletedProcess[bytes] | None:
        command = [self._command[0], *options, *self._command[1:]]
        try:
            return subprocess.run(
                command, input=data, capture_output=True, timeout=self._timeout, env=modes.environment(), check=False
            )
        except (subprocess.TimeoutExpired, BrokenPipeError):
            return None
