import pytest
from hypothesis import given
from hypothesis import strategies as st

from exonym.data import SCHEMES, Span, detect_scheme, spans_of, tags_of


@st.composite
def labelled(draw):
    """A sentence length and disjoint spans on it."""
    length = draw(st.integers(1, 12))
    spans, at = [], 0
    while at < length:
        size = draw(st.integers(1, min(4, length - at)))
        if draw(st.booleans()):
            spans.append(Span(at, at + size, draw(st.sampled_from(["PER", "LOC", "ORG"]))))
        at += size
    return length, spans


def write(length, spans, scheme):
    """Write spans in any scheme, straight from the definition of the scheme."""
    if scheme == "iob2":
        return tags_of(length, spans)
    tags = ["O"] * length
    ends = {"bioes": ("S", "E"), "bilou": ("U", "L")}.get(scheme)
    for before, span in zip([None, *spans], spans, strict=False):
        prefixes = ["B"] + ["I"] * (len(span) - 1)
        if ends:
            prefixes[-1] = ends[1] if len(span) > 1 else ends[0]
        elif not (before and before.stop == span.start and before.label == span.label):
            prefixes[0] = "I"
        tags[span.start : span.stop] = [f"{prefix}-{span.label}" for prefix in prefixes]
    return tags


@pytest.mark.parametrize("scheme", SCHEMES)
@given(labelled())
def test_every_scheme_round_trips(scheme, example):
    length, spans = example
    tags = write(length, spans, scheme)
    assert spans_of(tags, scheme) == (spans, [])


@given(st.lists(st.sampled_from(["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]), min_size=1, max_size=9))
def test_orphan_inside_tags_are_read_as_conlleval_reads_them(tags):
    spans, faults = spans_of(tags)
    orphans = [
        word
        for word, tag in enumerate(tags)
        if tag[0] == "I" and (word == 0 or tags[word - 1][0] == "O" or tags[word - 1][2:] != tag[2:])
    ]
    assert [fault.word for fault in faults] == orphans
    mended = [f"B{tag[1:]}" if word in orphans else tag for word, tag in enumerate(tags)]
    assert tags_of(len(tags), spans) == mended


@pytest.mark.parametrize(
    ("tags", "spans", "broken"),
    [
        (["PER", "O"], [], [0]),
        (["X-PER"], [], [0]),
        (["B-"], [], [0]),
        (["B-PER", "I-LOC"], [Span(0, 1, "PER"), Span(1, 2, "LOC")], [1]),
        (["E-PER"], [Span(0, 1, "PER")], [0, 0]),
        (["B-PER", "Q", "I-PER"], [Span(0, 1, "PER"), Span(2, 3, "PER")], [1, 2]),
    ],
)
def test_faults_are_named_at_their_word(tags, spans, broken):
    found, faults = spans_of(tags)
    assert found == spans
    assert [fault.word for fault in faults] == broken


@pytest.mark.parametrize(("tags", "broken"), [(["B-PER", "O"], [0]), (["B-PER"], [0]), (["I-PER", "E-PER"], [0])])
def test_bioes_needs_its_end_tags(tags, broken):
    spans, faults = spans_of(tags, "bioes")
    assert len(spans) == 1
    assert [fault.word for fault in faults] == broken


@pytest.mark.parametrize(
    ("tags", "scheme"),
    [
        ([["I-PER", "I-PER", "O", "I-LOC", "B-LOC"]], "iob1"),
        ([["B-PER", "I-PER"], ["I-LOC"]], "iob2"),
        ([["B-PER", "I-PER"]], "iob2"),
        ([["O"]], "iob2"),
        ([["B-PER", "E-PER"]], "bioes"),
        ([["U-PER"]], "bilou"),
        ([["B-PER", "I-PER"], ["B-LOC"], ["S-PER"]], "iob2"),
        ([["S-PER"], ["B-PER", "E-PER"], ["I-PER"]], "bioes"),
    ],
)
def test_detect_scheme(tags, scheme):
    assert detect_scheme(tags) == scheme


@given(st.lists(st.lists(st.sampled_from([f"{p}-{t}" for p in "BIESLUX" for t in ("A", "B")] + ["O"]), max_size=6)))
def test_the_detected_scheme_has_the_fewest_faults(sentences):
    faults = {scheme: sum(len(spans_of(tags, scheme)[1]) for tags in sentences) for scheme in SCHEMES}
    assert faults[detect_scheme(sentences)] == min(faults.values())
    if faults["iob2"] == min(faults.values()):
        assert detect_scheme(sentences) == "iob2"
