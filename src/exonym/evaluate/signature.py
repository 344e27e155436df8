"""The signature of a score: all that someone needs to compute the same number from the same files.

Such as `exonym:0.1.0|f1:entity-strict-micro|scheme:iob2|repair:conlleval|labels:DATE>drop|runs:1|boot:1000|seed:1`. It
is printed beside every score. Modelled on that of sacreBLEU (Post 2018).
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

from exonym.errors import DataError

if TYPE_CHECKING:
    from exonym.data import LabelMap


def signature(
    *,
    scheme: str = "iob2",
    repair: str = "error",
    label_map: LabelMap | None = None,
    runs: int | tuple[int, int] = 1,
    resamples: int = 0,
    level: float = 0.95,
    seed: int | None = None,
    test: str | None = None,
) -> str:
    """Write the signature of a score.

    Args:
        scheme: tag scheme that the files were read in; two joined by a comma if gold and prediction differ.
        repair: what was done with tags that break the scheme, as the reader calls it.
        label_map: the changes of labels made before scoring.
        runs: how many runs are pooled, >= 1; two numbers if two systems differ in it.
        resamples: resamples behind the intervals; 0 for none, and then neither level nor seed is written.
        level: level of the intervals, in (0, 1); written if it is not 0.95.
        seed: seed of the resampling.
        test: name of the test, if two systems are compared.

    Returns:
        `name:value` fields joined by `|`. `%`, `|` and white space in a value are written as in a URL, so that a
        signature is one word.
    """
    from exonym import __version__  # here, so that the package may import this module while it is itself imported

    fields = {
        "exonym": __version__,
        "f1": "entity-strict-micro",
        "scheme": scheme,
        "repair": repair,
        "labels": "none" if label_map is None else str(label_map),
        "runs": ",".join(map(str, runs)) if isinstance(runs, tuple) else str(runs),
    }
    if test is not None:
        fields["test"] = test
    if resamples:
        fields["boot"] = str(resamples)
        if level != 0.95:
            fields["level"] = str(level)
        fields["seed"] = str(seed)
    return "|".join(f"{name}:{_escape(value)}" for name, value in fields.items())


def parse_signature(text: str) -> dict[str, str]:
    """Read a signature back into its fields, in their order.

    Raises:
        DataError: the text is no signature.
    """
    fields: dict[str, str] = {}
    for part in text.split("|"):
        name, colon, value = part.partition(":")
        if not colon or not name or name in fields:
            raise DataError(f"found {part!r} in the signature {text!r}; expected name:value fields joined by |.")
        fields[name] = unquote(value)
    if "exonym" not in fields:
        raise DataError(f"found the signature {text!r}; expected one that begins with exonym:VERSION.")
    return fields


def _escape(value: str) -> str:
    return "".join(f"%{ord(char):02X}" if char in "%|\t\n\r " else char for char in value)
