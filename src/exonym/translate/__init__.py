"""Translation engines, and what is known of their output. Start at `Translator`."""

from exonym.translate.apertium import Apertium
from exonym.translate.files import Files
from exonym.translate.flaws import flaw_of
from exonym.translate.running import joined, running
from exonym.translate.translator import (
    ScoringTranslator,
    SettlingTranslator,
    Translation,
    Translations,
    Translator,
    name_of_translation,
    translated,
)

__all__ = [
    "Apertium",
    "Files",
    "ScoringTranslator",
    "SettlingTranslator",
    "Translation",
    "Translations",
    "Translator",
    "flaw_of",
    "joined",
    "name_of_translation",
    "running",
    "translated",
]
