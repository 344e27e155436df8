"""Translation engines, and what is known of their output. Start at `Translator`."""

from exonym.translate.flaws import flaw_of
from exonym.translate.running import is_unspaced, joined, running
from exonym.translate.translator import (
    ScoringTranslator,
    Translation,
    Translations,
    Translator,
    name_of_translation,
    translated,
)

__all__ = [
    "ScoringTranslator",
    "Translation",
    "Translations",
    "Translator",
    "flaw_of",
    "is_unspaced",
    "joined",
    "name_of_translation",
    "running",
    "translated",
]
