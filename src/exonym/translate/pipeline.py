"""Programs that read from each other and stay alive from one message to the next. Start at `Pipeline`."""

from __future__ import annotations

import os
import select
import subprocess
import tempfile
import time
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Self

from exonym.errors import RecipeError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_WINDOW = 64  # messages that are written before the answer to the first is read
_CHUNK = 1 << 16
_GRACE = 0.1  # seconds for a program that closed its output to end
_LAST_WORDS = 600  # characters of what programs complained about that a message shows


class Pipeline:
    """Programs in a row, each of which reads what the one before it writes.

    A message is bytes without a null byte; a null byte is sent after it, and is expected after the answer. Used as a
    context manager: at its end, or on an error or interrupt, the programs are killed.

    Args:
        commands: the programs with their arguments, one or more.
        timeout: seconds without a byte of an answer after which the programs count as hung.
        environment: their environment variables.
        belongs: says whether an answer is that to a message.

    Raises:
        RecipeError: on entering: a program is missing, or does not answer an empty message.
    """

    def __init__(
        self,
        commands: Sequence[Sequence[str]],
        timeout: float,
        environment: Mapping[str, str] | None = None,
        belongs: Callable[[bytes, bytes], bool] = lambda message, answer: True,
    ) -> None:
        self.commands = commands
        self.timeout = timeout
        self.environment = environment
        self.belongs = belongs
        self.restarts = 0
        self._programs: list[subprocess.Popen[bytes]] = []
        self._complaints: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - __exit__ closes it

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self._complaints.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()
        self._complaints.close()

    def ask(self, messages: Sequence[bytes]) -> list[bytes | None]:
        """Return the answer to each message, or None where the programs died of it, hung on it or lost it.

        Messages are written ahead of their answers. When an answer is missing or belongs to another message, one of
        those under way is to blame: the programs are started again and given these one at a time, so that the others
        are answered.
        """
        answers: list[bytes | None] = []
        suspects = 0  # messages before this one are given one at a time
        while len(answers) < len(messages):
            one_by_one = suspects > len(answers)
            stop = suspects if one_by_one else len(messages)
            answers += self._exchange(messages[len(answers) : stop], 1 if one_by_one else _WINDOW)
            if len(answers) < stop:
                suspects = max(suspects, min(len(messages), len(answers) + _WINDOW))
                if one_by_one:
                    answers.append(None)
                self.restarts += 1
                self._start()
        return answers

    def _start(self) -> None:
        self._stop()
        self._complaints.seek(0)
        self._complaints.truncate()
        source: int | IO[bytes] | None = subprocess.PIPE
        for command in self.commands:
            try:
                program = subprocess.Popen(
                    command, stdin=source, stdout=subprocess.PIPE, stderr=self._complaints, env=self.environment
                )
            except OSError as error:
                self._stop()
                raise RecipeError(f"{command[0]}: found that it cannot be started ({error.strerror})") from error
            if self._programs:
                self._output.close()  # the programs hold it
            self._programs.append(program)
            source = program.stdout
        os.set_blocking(self._input.fileno(), False)
        if self._exchange([b""], 1) != [b""]:
            why = self._why()
            self._stop()
            raise RecipeError(why)

    def _why(self) -> str:
        """Say which programs ended, and what they complained about."""
        for program in self._programs:
            with suppress(subprocess.TimeoutExpired):
                program.wait(_GRACE)
        states = [(" ".join(each), own.returncode) for each, own in zip(self.commands, self._programs, strict=True)]
        self._complaints.seek(0)
        said = self._complaints.read().decode("utf-8", "replace").strip()[-_LAST_WORDS:]
        ended = [f"`{command}` ended with code {code}" for command, code in states if code]
        found = "; ".join(ended) or f"no answer of `{states[-1][0]}` within {self.timeout:g} s"
        return f"found {found}; expected programs that answer an empty message.{' They said: ' * bool(said)}{said}"

    def _stop(self) -> None:
        for program in self._programs:
            program.kill()
        for program in self._programs:
            program.wait()
            for stream in (program.stdin, program.stdout):
                if stream is not None:
                    with suppress(OSError):  # what was not written yet is lost with the programs
                        stream.close()
        self._programs = []

    @property
    def _input(self) -> IO[bytes]:
        stream = self._programs[0].stdin
        if stream is None:
            raise RuntimeError("the first program has no input")
        return stream

    @property
    def _output(self) -> IO[bytes]:
        stream = self._programs[-1].stdout
        if stream is None:
            raise RuntimeError("the last program has no output")
        return stream

    def _exchange(self, messages: Sequence[bytes], width: int) -> list[bytes]:
        """Return the answers up to the first that does not come; at most `width` messages are under way."""
        answers: list[bytes] = []
        begun, unsent, part = 0, b"", b""
        out, into = self._output.fileno(), self._input.fileno()
        deadline = time.monotonic() + self.timeout
        while len(answers) < len(messages):
            room = min(len(messages), len(answers) + width)
            if not unsent and begun < room:
                unsent = b"".join(each + b"\0" for each in messages[begun:room])
                begun = room
            ready = _ready(out, into if unsent else None, deadline - time.monotonic())
            try:
                if into in ready:
                    unsent = unsent[os.write(into, unsent[:_CHUNK]) :]
                data = os.read(out, _CHUNK) if out in ready else b""
            except OSError:  # they died
                return answers
            if not ready or (out in ready and not data):
                return answers
            if data:
                deadline = time.monotonic() + self.timeout
                *ends, part = (part + data).split(b"\0")
                if not self._accept(ends, messages, answers):
                    return answers
        return answers

    def _accept(self, found: Sequence[bytes], messages: Sequence[bytes], answers: list[bytes]) -> bool:
        """Add answers to those that are there, up to the first that belongs to another message, and say if all do."""
        for answer in found:
            if len(answers) == len(messages) or not self.belongs(messages[len(answers)], answer):
                return False
            answers.append(answer)
        return True


def _ready(out: int, into: int | None, seconds: float) -> set[int]:
    """Wait until one of two pipes can be read or written, and return which; none if the time is over."""
    poll = select.poll()
    poll.register(out, select.POLLIN)
    if into is not None:
        poll.register(into, select.POLLOUT)
    return {pipe for pipe, _ in poll.poll(max(0.0, seconds) * 1000)}
