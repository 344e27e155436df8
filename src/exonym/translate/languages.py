"""Languages by any of their codes: which code of a translation model stands for the language that is asked for.

ISO 639-1, -2 and -3, tags such as `zh-TW`, FLORES-200 codes (`swh_Latn`) and the older codes of data sets are all read
by the library `langcodes`. What it does not know is written down here: which language is meant by the code of a group
of them (`ar` is Modern Standard Arabic, `sw` the Swahili of the coast), and codes against the standards. Start at
`code_for`.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, NamedTuple

from exonym.errors import RecipeError, suggest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

# A language -> the code of the group of languages that stands for it where nothing more exact is said.
_GROUPS = {
    "als": "sq",  # Tosk Albanian
    "arb": "ar",  # Modern Standard Arabic
    "ayr": "ay",  # Central Aymara
    "azj": "az",  # North Azerbaijani
    "cmn": "zh",  # Mandarin
    "dik": "din",  # Southwestern Dinka
    "ekk": "et",  # Standard Estonian
    "fuv": "ff",  # Nigerian Fulfulde
    "gaz": "om",  # West Central Oromo
    "khk": "mn",  # Halh Mongolian
    "kmr": "ku",  # Northern Kurdish
    "knc": "kr",  # Central Kanuri
    "lvs": "lv",  # Standard Latvian
    "nb": "no",  # Norwegian Bokmål
    "npi": "ne",  # Nepali
    "ory": "or",  # Odia
    "pbt": "ps",  # Southern Pashto
    "pes": "fa",  # Iranian Persian
    "plt": "mg",  # Plateau Malagasy
    "quy": "qu",  # Ayacucho Quechua
    "swh": "sw",  # Coastal Swahili
    "taq": "tmh",  # Tamasheq
    "uzn": "uz",  # Northern Uzbek
    "ydd": "yi",  # Eastern Yiddish
    "zsm": "ms",  # Standard Malay
}
# Codes that the standards lack or use for something else.
_OTHER = {
    "esp": "es",  # CoNLL-2002
    "ned": "nl",  # CoNLL-2002
    "ns": "nso",  # M2M100
}
_NEAR = 30  # of `langcodes.tag_distance`: a language that many speakers of the other one understand
_SHOWN = 3


class _Language(NamedTuple):
    """A language in one form for all codes; `given` says that its script was said, if only by a country."""

    code: str
    script: str
    given: bool
    territory: bool


def code_for(code: str, known: Collection[str], model: str) -> str:
    """Return the code by which a model knows a language.

    A code without a script stands for the script that the language is mostly written in, or for the only one that the
    model has.

    Args:
        code: of the language, of any kind.
        known: the codes of the languages that the model knows, of any kind.
        model: what to call the model in messages.

    Raises:
        RecipeError: it does not know this language in this script; the nearest that it knows are named.
    """
    for each in known:
        if _plain(each) == _plain(code):
            return each
    asked = _language(code)
    if asked is None:
        raise RecipeError(
            f"language: found {code!r}; expected a code of ISO 639 such as 'sw' or 'swa', or of FLORES-200 such as "
            f"'swh_Latn', of a language that {model} knows. {suggest(code, known)}"
        )
    same = {each: own for each in known if (own := _language(each)) is not None and own.code == asked.code}
    fitting = [each for each, own in same.items() if own.script == asked.script]
    if not fitting and not asked.given and len({own.script for own in same.values()}) == 1:
        fitting = list(same)
    if not fitting:
        near = list(same) or _nearest(code, known)
        hint = f"Nearest: {', '.join(map(_named, near))}." if near else suggest("", known)
        raise RecipeError(
            f"language: found {code!r}, which {model} does not know; expected one of the {len(known)} languages that "
            f"it knows. {hint}"
        )
    return min(fitting, key=lambda each: (same[each].territory, each))  # `pt` before `pt_br`


def _plain(code: str) -> str:
    return code.replace("_", "-").lower()


def excludes(own: str, asked: str) -> bool:
    """Say whether a code surely means another language than the one that is asked for.

    Codes of families of languages (`gmw`, `mul`) exclude none, and since they can't be told from those of languages
    outside ISO 639-1, these don't either.
    """
    first, second = _language(own), _language(asked)
    return first is not None and second is not None and len(first.code) == 2 and first.code != second.code


@lru_cache(maxsize=1024)
def _language(code: str) -> _Language | None:
    """Read a code; None if it is no language's."""
    from langcodes import Language
    from langcodes.tag_parser import LanguageTagError

    try:
        tag = Language.get(_plain(_OTHER.get(code, code)))
    except (LanguageTagError, ValueError):
        return None
    if not tag.language or not tag.is_valid():
        return None
    name = _GROUPS.get(tag.language, tag.language)
    script = tag.script or (tag if tag.territory else Language.get(name)).maximize().script
    given = tag.script is not None or tag.territory is not None
    return _Language(name, script or "", given, tag.territory is not None)


def _nearest(code: str, known: Iterable[str]) -> list[str]:
    from langcodes import tag_distance

    asked = _plain(_OTHER.get(code, code))
    readable = [each for each in known if _language(each) is not None]
    distances = sorted((tag_distance(asked, _plain(each)), each) for each in readable)
    return [each for distance, each in distances[:_SHOWN] if distance <= _NEAR]


def _named(code: str) -> str:
    """Add the name of a language, if the package with the names is installed."""
    if find_spec("language_data") is None:
        return code
    from langcodes import Language

    return f"{code} ({Language.get(_plain(code)).display_name()})"
