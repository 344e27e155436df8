"""Translation engines, and what is known of their output. Start at `Translator`."""

from exonym.translate.apertium import Apertium
from exonym.translate.conversion import convert
from exonym.translate.ctranslate2_engine import Ctranslate2
from exonym.translate.files import Files
from exonym.translate.flaws import flaw_of
from exonym.translate.languages import code_for
from exonym.translate.running import is_unspaced, joined, running
from exonym.translate.similarity import DirectTranslationScore
from exonym.translate.transformers_engine import TransformersTranslator
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
    "Ctranslate2",
    "DirectTranslationScore",
    "Files",
    "ScoringTranslator",
    "SettlingTranslator",
    "TransformersTranslator",
    "Translation",
    "Translations",
    "Translator",
    "code_for",
    "convert",
    "flaw_of",
    "is_unspaced",
    "joined",
    "name_of_translation",
    "running",
    "translated",
]
