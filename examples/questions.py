"""The two questions: what projection and distillation each do to F1, and whether distillation on synthetic text helps.

    EXONYM_DATA=<data pack> python examples/questions.py -o out/questions [--pieces NAME ...]
    EXONYM_DATA=<data pack> python examples/questions.py -o out/questions-xlmr --model XLMR --translator NLLB

Runs the recipes in examples/recipes/questions at several sizes, a piece at a time. A piece takes half an hour to an
hour of one core, and what was done is found again in OUT/store, so it can be stopped at any time. Two may run side by
side.
`--model` takes the place of the light tagger everywhere: a folder of a pretrained encoder such as XLM-R, for a GPU. Arm
A1, masked language modelling on the target text, is then run too. `--translator` makes the translations anew, once: a
folder with a model such as NLLB for CTranslate2 (docs/translate.md).
Then examples/questions_report.py makes tables and plots of all pieces in OUT. docs/results/questions.md reads them.
"""

import argparse
import dataclasses
import sys
from pathlib import Path
from typing import NamedTuple

from exonym.errors import ExonymError
from exonym.files import whole_file
from exonym.formats import read_corpus
from exonym.formats.bitext import write_bitext
from exonym.run import compare, read_recipe
from exonym.run.recipe import BitextFile, NamedMethod
from exonym.tag import LightOptions, NeuralOptions, TransformerEncoder
from exonym.transfer import Adaptation, Direct, Sample, TeacherStudent
from exonym.translate import Ctranslate2, translated

RECIPES = Path(__file__).parent / "recipes" / "questions"
FEW = ("A0-direct", "A2h-student-hard", "B2-matching", "D2-all", "B2-of-tagger", "D1h-synthetic-hard", "E-supervised")
NEURAL = ("A0-direct", "A2-student", "A2h-student-hard", "B1-heuristic", "B2-matching", "D2-all", "D1-synthetic",
          "D3-mean", "D3-agreed", "E-supervised")  # fmt: skip

OWN = {"teachers": (Direct(tagger=NeuralOptions()),), "student": NeuralOptions()}


class Piece(NamedTuple):
    """One run: a recipe, and what is changed in it."""

    recipe: str
    sample: Sample | None = None
    methods: tuple[str, ...] = ()  # all if empty
    languages: tuple[str, ...] = ()  # all if empty
    seeds: tuple[int, ...] = ()  # those of the recipe if empty
    more: tuple[NamedMethod, ...] = ()
    neural: bool = False


PIECES = {
    "translated": Piece("translated"),
    "bitext": Piece("bitext"),
    "test-time": Piece("test-time"),
    "source-1000": Piece("translated", Sample(source=1000, target=20000), FEW),
    "source-100": Piece("translated", Sample(source=100, target=20000), FEW),
    "target-100000": Piece("translated", Sample(source=0.9, target=100000), FEW, seeds=(1, 2, 3)),
    "target-all": Piece("translated", Sample(source=0.9, target=0.9), FEW, seeds=(1, 2, 3)),
    **{
        f"labels-{words}": Piece("translated", Sample(source=0.9, target=words), ("E-supervised",))
        for words in (500, 1000, 2000, 5000, 10000)
    },
    "neural": Piece(
        "translated",
        Sample(source=1000, target=20000),
        NEURAL,
        languages=("es", "swa", "xho"),
        more=(
            NamedMethod(name="A2k-student-kl", options=TeacherStudent(**OWN, learning="kl", temperature=2)),
            NamedMethod(name="A3-self-training", options=TeacherStudent(**OWN, learning="mse", initial="teacher")),
        ),
        neural=True,
    ),
}


def with_tagger(value, tagger):
    """Put another tagger wherever options ask for one; a neural student learns distributions by itself."""
    if isinstance(value, LightOptions | NeuralOptions):
        return tagger
    if isinstance(value, tuple):
        return tuple(with_tagger(each, tagger) for each in value)
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return value
    changed = {field.name: with_tagger(getattr(value, field.name), tagger) for field in dataclasses.fields(value)}
    if getattr(value, "learning", None) == "sampled":
        changed["learning"] = "mse"
    if value.__class__.__name__ in ("TeacherStudent", "Synthetic") and value.learning is None:
        changed["learning"] = "hard"
    return type(value)(**changed)


def translated_anew(target, recipe, translator, folder):
    """Translate what a target's bitexts translate, once, and put the results in their place."""
    source, changed = recipe.source, {}
    if target.translation is not None:
        path = folder / f"{source.language}-{target.language}.tsv"
        _translate(source.train.path, translator, source.language, target.language, path)
        changed["translation"] = BitextFile(path=str(path))
    if target.test_translation is not None:
        path = folder / f"{target.language}-{source.language}.test.tsv"
        _translate(target.test.path, translator, target.language, source.language, path)
        changed["test_translation"] = BitextFile(path=str(path), swap=True)
    return dataclasses.replace(target, **changed)


def _translate(corpus, translator, source, target, path):
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        made = translated(translator, read_corpus(corpus).unlabelled(), source, target)
        with whole_file(path) as file:
            write_bitext(made.bitext, file)


def recipe_of(piece, model=None):
    """Return the recipe of a piece."""
    recipe = read_recipe(RECIPES / f"{piece.recipe}.toml")
    methods = [each for each in recipe.methods if not piece.methods or each.name in piece.methods]
    methods += piece.more
    if model or piece.neural:
        encoder = {"encoder": TransformerEncoder(model=model)} if model else {}
        methods = [with_tagger(each, NeuralOptions(**encoder)) for each in methods]
    if model and piece.recipe == "translated" and not piece.methods:
        tagger = NeuralOptions(encoder=TransformerEncoder(model=model))
        methods.append(NamedMethod(name="A1-adapted", options=Direct(tagger=tagger, adapt=Adaptation())))
    targets = [each for each in recipe.targets if not piece.languages or each.language in piece.languages]
    return dataclasses.replace(
        recipe,
        sample=piece.sample or recipe.sample,
        methods=tuple(methods),
        targets=tuple(targets),
        seeds=piece.seeds or recipe.seeds,
    )


def main():
    """Run pieces."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="OUT")
    parser.add_argument("--pieces", nargs="+", choices=PIECES, default=list(PIECES))
    parser.add_argument("--model", metavar="FOLDER")
    parser.add_argument("--translator", metavar="FOLDER")
    arguments = parser.parse_args()
    for name in arguments.pieces:
        recipe = recipe_of(PIECES[name], arguments.model)
        if arguments.translator:
            model, folder = Ctranslate2(model=arguments.translator), arguments.output / "translations"
            anew = tuple(translated_anew(target, recipe, model, folder) for target in recipe.targets)
            recipe = dataclasses.replace(recipe, targets=anew)
        last = [""]

        def told(done, steps, text, name=name, last=last):
            step = text.partition(":")[0]
            if step != last[0]:
                print(f"{name} {done}/{steps} {step}", flush=True)
                last[0] = step

        compare(recipe, arguments.output / name, store=arguments.output / "store", told=told)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ExonymError as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
