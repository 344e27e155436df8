"""`exonym translate` and `exonym convert-translator`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn, cast

import typer

from exonym.cli.shared import (
    CorpusFormat,
    OnError,
    Output,
    Repair,
    Scheme,
    check_distinct,
    check_output,
    check_raw,
    opened,
    progress_bar,
    say,
    show_ledger,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from exonym.data import Corpus
    from exonym.transfer import Stage
    from exonym.transfer.stages import Do
    from exonym.translate import Translations, Translator

_Engine = Literal["apertium", "files", "ctranslate2", "transformers"]
_Quantization = Literal["int8", "int8_float32", "int8_float16", "int8_bfloat16", "float16", "bfloat16", "float32"]


def translate(
    text: Annotated[Path, typer.Argument(metavar="INPUT", help="Corpus (CoNLL or JSONL) or text, a sentence a line.")],
    source: Annotated[str, typer.Option("--from", help="Code of its language, such as en.")],
    target: Annotated[str, typer.Option("--to", help="Code of the language to translate into.")],
    engine: Annotated[_Engine, typer.Option(help="Who translates.")],
    output: Output = None,
    model: Annotated[
        str | None,
        typer.Option(
            help="ctranslate2: the folder of the model. transformers: the same, or its name on the hub. files: the "
            "bitext to look sentences up in. apertium: a mode, if not the plain one of the languages."
        ),
    ] = None,
    pivot: Annotated[
        list[str] | None, typer.Option(help="apertium: code of a language to go through; repeat it for more.")
    ] = None,
    hub: Annotated[bool, typer.Option("--hub", help="transformers: the model may be downloaded.")] = False,
    links: Annotated[
        Path | None, typer.Option(help="Also write the engine's own word links (Pharaoh), if it has them: apertium.")
    ] = None,
    timeout: Annotated[
        float | None, typer.Option(help="apertium: seconds until a sentence is given up.", show_default="60")
    ] = None,
    store: Annotated[
        Path | None,
        typer.Option(
            help="Folder for what is translated, to be found again by any later run; if not given, a hidden one beside "
            "the output, which is removed when the output is whole."
        ),
    ] = None,
    raw: Annotated[bool, typer.Option("--raw", help="Running text: split it into words.")] = False,
    format: CorpusFormat = None,
    scheme: Scheme = None,
    on_error: OnError = "raise",
    repair: Repair = "error",
) -> None:
    """Translate a corpus and write a two-column bitext of it; sentences whose translation looks wrong are left out.

    Labels are not looked at. A run that was stopped goes on where it was when it is started again.

    Example: exonym translate en.conll -o en-es.tsv --links en-es.links --from en --to es --engine apertium
    """
    from exonym.data import Ledger
    from exonym.formats import read_corpus

    check_output(output)
    check_output(links)
    check_distinct({"--output": output, "--links": links})
    check_raw(raw, text, format)
    if links is not None and engine != "apertium":
        _refuse("--links", f"found it with --engine {engine}, which has no links; expected exonym align afterwards")
    translator = translator_of(engine, model, tuple(pivot or ()), timeout, hub)
    ledger = Ledger()
    corpus = read_corpus(text, format, on_error=on_error, ledger=ledger, scheme=scheme, repair=repair, raw=raw)
    kept = store if store is not None or output is None else output.with_name(f".{output.name}.translate")
    try:
        made = _translated(corpus, translator, source, target, kept)
        ledger.update(made.ledger)
        _write(made, output, links)
    except BaseException:
        if kept is not None and kept.is_dir():
            say(f"what was translated is kept in {kept}; the same command goes on from there")
        raise
    if store is None and kept is not None:
        _remove(kept)
    show_ledger(ledger)


def convert_translator(
    model: Annotated[str, typer.Argument(help="Folder of an NLLB, M2M100 or Marian model, or with --hub its name.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The folder to write; must not be there yet.")],
    quantization: Annotated[_Quantization, typer.Option(help="How weights are stored.")] = "int8",
    hub: Annotated[bool, typer.Option("--hub", help="Allow a download from the Hugging Face hub.")] = False,
) -> None:
    """Convert a translation model of Hugging Face Transformers for --engine ctranslate2.

    Example: exonym convert-translator facebook/nllb-200-3.3B --hub -o models/nllb-200-3.3B
    """
    from exonym.translate import convert

    if output.exists():
        _refuse("--output", f"found {output}; expected a new folder")
    convert(model, output, quantization=quantization, hub=hub)
    say(f"converted: {output}")


def translator_of(
    engine: _Engine, model: str | None, pivot: tuple[str, ...], timeout: float | None, hub: bool = False
) -> Translator:
    """Make a translator from what it is called on the command line."""
    from exonym.translate import Apertium, Ctranslate2, Files, TransformersTranslator

    if hub and engine != "transformers":
        _refuse("--hub", f"found it with --engine {engine}; expected it with transformers only")
    if engine != "apertium":
        for name, value in (("--pivot", pivot), ("--timeout", timeout)):
            if value:
                _refuse(name, f"found it with --engine {engine}, which does not know it; leave one out")
        if model is None:
            what = "the bitext to look sentences up in" if engine == "files" else "the folder of the model"
            _refuse("--model", f"found none with --engine {engine}; expected {what}")
    if engine == "apertium":
        return (
            Apertium(mode=model, pivot=pivot) if timeout is None else Apertium(mode=model, pivot=pivot, timeout=timeout)
        )
    if engine == "files":
        return Files(path=str(model))
    if engine == "ctranslate2":
        return Ctranslate2(model=str(model))
    return TransformersTranslator(model=str(model), hub=hub)


def _translated(corpus: Corpus, translator: Translator, source: str, target: str, kept: Path | None) -> Translations:
    """Translate a corpus, a shard at a time, with a bar; shards are kept in a folder, if one is given."""
    from dataclasses import replace

    from exonym.run.store import Store
    from exonym.transfer import just_do
    from exonym.transfer.stages import translate as translate_corpus
    from exonym.translate import translated

    do: Do = just_do if kept is None else Store(kept)
    with progress_bar("translating") as progress:
        before = 0

        def watched(stage: Stage[..., Any], shard: Corpus, *args: Any) -> Any:  # noqa: ANN401 - whatever it makes
            """Carry out the stage as it is, but tell how far it is."""
            nonlocal before

            def run(shard: Corpus, translator: Translator, source: str, target: str) -> Translations:
                return translated(translator, shard, source, target, _told(progress, before, len(corpus)))

            value = do(replace(stage, run=run), shard, *args)
            before += len(shard)
            progress(before, len(corpus), "translating")
            return value

        return translate_corpus(corpus, translator, source, target, cast("Do", watched))


def _told(progress: Callable[[float, float, str], None], before: int, total: int) -> Callable[[int, int], None]:
    return lambda done, _: progress(before + done, total, "translating")


def _write(made: Translations, output: Path | None, links: Path | None) -> None:
    """Write the pairs without a flaw, and their links."""
    from contextlib import ExitStack

    from exonym.errors import DataError
    from exonym.formats import write_pharaoh
    from exonym.formats.bitext import write_bitext

    if not len(made.bitext):
        flaws = "; ".join(made.ledger.lines()[1:])
        raise DataError(f"found no sound translation ({flaws}); expected at least one. Check --from and --to.")
    with ExitStack() as stack:
        file = stack.enter_context(opened(output))
        write_bitext(made.bitext, file)
        if links is not None:
            write_pharaoh(made.alignment or (), stack.enter_context(opened(links)))


def _remove(folder: Path) -> None:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)


def _refuse(option: str, fault: str) -> NoReturn:
    raise typer.BadParameter(fault, param_hint=option)
