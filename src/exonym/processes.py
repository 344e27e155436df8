"""A map over several processes that keeps the order, looks ahead little, and leaves no process behind."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any, TypeVar

from exonym.errors import ExonymError, RecipeError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator
    from multiprocessing.connection import Connection

Item = TypeVar("Item")
Result = TypeVar("Result")


def ordered_map(
    function: Callable[[Item], Result], items: Iterable[Item], workers: int = 1
) -> Generator[Result, None, None]:
    """Apply a function to every item, in other processes if asked, and yield the results in the order of the items.

    Never more than `workers + 1` items have been taken whose results have not been yielded. The processes end with the
    iterator, however that ends: by an error, an interrupt, or because nobody wants more of it.

    Args:
        function: what to do; for several workers it must be picklable, as must items and results.
        items: the items, taken one by one.
        workers: number of processes beside this one; 1 does everything in this one.

    Yields:
        The results.

    Raises:
        RecipeError: fewer than one worker.
        ExonymError: a process was ended from outside. Errors of `function` are raised as they are.
    """
    if workers < 1:
        raise RecipeError(f"workers: found {workers}; expected 1 or more. Change it, or leave it out.")
    if workers == 1:
        yield from map(function, items)
        return
    context = get_context("spawn")
    pool: list[tuple[Any, Connection]] = []
    sent = received = 0
    try:
        for item in items:
            if len(pool) < workers:
                here, there = context.Pipe()
                process = context.Process(target=_serve, args=(there, function), daemon=True)
                pool.append((process, here))
                with _interrupts_held():
                    process.start()
                there.close()  # so that the end of the process is the end of the pipe
                here.send(item)
                sent += 1
                continue
            here = pool[received % workers][1]
            result = _receive(here)
            received += 1
            here.send(item)
            sent += 1
            yield result
        while received < sent:
            result = _receive(pool[received % workers][1])
            received += 1
            yield result
    finally:
        for process, here in pool:
            here.close()
            if process.pid is not None:
                process.terminate()
                process.join()


def _receive(pipe: Connection) -> Any:  # noqa: ANN401 - whatever the function returns
    try:
        is_error, result = pipe.recv()
    except EOFError:
        raise ExonymError(
            "a worker process ended before its work was done; expected it to go on. It may have been short of memory: "
            "use fewer workers."
        ) from None
    if is_error:
        raise result
    return result


def _serve(pipe: Connection, function: Callable[[Any], Any]) -> None:
    """Answer items with results until the other side is gone."""
    while True:
        try:
            item = pipe.recv()
        except EOFError:
            return
        try:
            answer = False, function(item)
        except Exception as error:
            answer = True, error
        try:
            pipe.send(answer)
        except (BrokenPipeError, ConnectionResetError):
            return


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Hold Ctrl-C back, for good in a process that is started here: the one that started it decides what ends."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
