import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from exonym.data import Sentence, Span, split_words
from exonym.project.marking import Half, Marker, holds_marks, marked, names_of, unmarked

STYLES = ("brackets", "numbered", "xml", "quotes")
LABELS = ("PER", "LOC", "ORG")
WORDS = ("Ana", "de", "O'Neill", "naïve", "Köln", "12", "ولد", "القاهرة", "שלום", ",", ".", "—")


def spaced(words, spans=()):
    """A sentence whose text has a space between any two words, so that words can be told again."""
    offsets, at = [], 0
    for word in words:
        offsets.append((at, at + len(word)))
        at += len(word) + 1
    return Sentence(tuple(words), tuple(spans), "1", " ".join(words), tuple(offsets))


@st.composite
def sentences(draw, alphabet=WORDS):
    words = draw(st.lists(st.sampled_from(alphabet), min_size=1, max_size=9))
    spans, at = [], 0
    while at < len(words):
        length = draw(st.integers(1, 3))
        if draw(st.booleans()) and at + length <= len(words):
            spans.append(Span(at, at + length, draw(st.sampled_from(LABELS))))
        at += length
    return spaced(words, spans)


@pytest.mark.parametrize(
    ("style", "text"),
    [
        ("brackets", "Yesterday, [ Ana Ruiz ] left ([ Rome ])."),
        ("numbered", "Yesterday, <1> Ana Ruiz </1> left (<2> Rome </2>)."),
        ("xml", "Yesterday, <PER> Ana Ruiz </PER> left (<LOC> Rome </LOC>)."),
        ("quotes", 'Yesterday, "Ana Ruiz" left ("Rome").'),
    ],
)
def test_each_style_marks_running_text(style, text):
    words = ("Yesterday", ",", "Ana", "Ruiz", "left", "(", "Rome", ")", ".")
    sentence = Sentence(words, (Span(2, 4, "PER"), Span(6, 7, "LOC")), "1")
    found = marked(sentence, style)
    assert found.text == text
    assert [found.text[start:stop] for start, stop in found.offsets] == list(words)
    read = unmarked(text, style)
    assert read.text == "Yesterday, Ana Ruiz left (Rome)."
    assert read.words == words
    assert [marker[:2] for marker in read.markers] == [(2, 4), (6, 7)]


@given(sentences(), st.sampled_from(STYLES))
def test_what_was_marked_is_read_again(sentence, style):
    read = unmarked(marked(sentence, style).text, style)
    assert (read.text, read.words, read.offsets) == (sentence.text, *split_words(sentence.text))
    names = names_of(sentence.spans, style)
    assert list(read.markers) == [
        Marker(span.start, span.stop, name) for span, name in zip(sentence.spans, names, strict=True)
    ]
    assert not read.halves
    assert not read.is_dirty


@given(sentences(), st.sampled_from(["brackets", "numbered", "xml"]), st.data())
def test_nested_and_adjacent_spans_are_read_again(sentence, style, data):
    size = len(sentence)
    ranges = data.draw(st.sets(st.tuples(st.integers(0, size - 1), st.integers(1, size)), max_size=5))
    chosen = []
    for start, stop in sorted(ranges):
        crosses = any(
            start < b and a < stop and not (a <= start < stop <= b or start <= a < b <= stop) for a, b in chosen
        )
        if start < stop and not crosses:
            chosen.append((start, stop))
    spans = [Span(start, stop, LABELS[number % 3]) for number, (start, stop) in enumerate(chosen)]
    read = unmarked(marked(sentence, style, spans).text, style, nested=True)
    assert read.words == sentence.words
    expected = [Marker(*each, name) for each, name in zip(chosen, names_of(spans, style), strict=True)]
    assert sorted(read.markers) == sorted(expected)


@pytest.mark.parametrize(
    ("style", "text"),
    [
        ("brackets", "Vino [[Ana] ] ayer ."),
        ("brackets", "Vino 【 Ana 】ayer ."),
        ("brackets", "Vino ［Ana］ ayer ."),
        ("brackets", "Vino 《Ana》 ayer ."),
        ("numbered", "Vino < 1 >Ana< / 1 > ayer ."),
        ("numbered", "Vino ＜１＞ Ana ＜／１＞ ayer ."),
        ("numbered", "Vino &lt;1&gt; Ana <1/> ayer ."),
        ("numbered", "Vino <١> Ana </١> ayer ."),
        ("xml", "Vino <per> Ana </Per> ayer ."),
        ("quotes", "Vino «Ana» ayer ."),
        ("quotes", "Vino „Ana“ ayer ."),
        ("quotes", "Vino ``Ana'' ayer ."),
    ],
)
def test_changed_marks_are_understood(style, text):
    read = unmarked(text, style)
    assert read.words == ("Vino", "Ana", "ayer", ".")
    assert [marker[:2] for marker in read.markers] == [(1, 2)]
    assert (read.halves, read.is_dirty) == ((), False)


def test_marks_without_their_other_half_are_taken_out_and_told():
    read = unmarked("[ Ana vino ] ayer [ con Eva", "brackets")
    assert read.markers == (Marker(0, 2),)
    assert read.halves == (Half(3, True),)
    assert unmarked("Ana ] vino", "brackets").halves == (Half(1, False),)
    assert unmarked("<1> Ana <2> Eva </2>", "numbered").halves == (Half(0, True, "1"),)
    assert unmarked("", "brackets").words == ()
    assert unmarked(" [ ] ", "brackets").markers == ()


def test_a_part_of_a_tag_is_dirt():
    assert unmarked("<1> Ana </1 vino", "numbered").is_dirty
    assert not unmarked("<1> Ana </1> vino", "numbered").is_dirty


def test_words_written_together_with_a_mark_are_in_it_but_for_scripts_without_spaces():
    turkish = unmarked("[Ana]'nın evi", "brackets")
    assert (turkish.words, turkish.markers) == (("Ana'nın", "evi"), (Marker(0, 1),))
    chinese = unmarked("在 [ 北京 ] 举行 [上海][广州]", "brackets")
    assert (chinese.text, chinese.words) == ("在北京举行上海广州", ("在", "北京", "举行", "上海", "广州"))
    assert chinese.markers == (Marker(1, 2), Marker(3, 4), Marker(4, 5))
    assert unmarked("[Ana][Eva]", "brackets").words == ("Ana", "Eva")


@pytest.mark.parametrize(
    ("style", "holds", "free"),
    [
        ("brackets", "a [ b", 'a " b < c'),
        ("numbered", "a < b", 'a " [ b'),
        ("xml", "a > b", 'a " [ b'),
        ("quotes", 'a " b', "a [ < b"),
    ],
)
def test_text_that_holds_marks_is_found(style, holds, free):
    assert holds_marks(spaced(holds.split()), style)
    assert not holds_marks(spaced(free.split()), style)


@given(sentences(("Ana", "[", "<", "「", '"', ">", "x")), st.sampled_from(STYLES))
def test_text_without_marks_is_not_changed(sentence, style):
    assume(not holds_marks(sentence, style))
    read = unmarked(sentence.text, style)
    assert (read.text, read.markers, read.halves) == (sentence.text, (), ())


def test_names_of_tags_that_were_translated_are_told_from_those_that_are_missing():
    text = "<POR> Ana </POR> en <LOC> Roma </LOC> con <ORG> ONU </ORG>"
    read = unmarked(text, "xml", names={"per", "loc", "org"})
    assert read.markers == (Marker(0, 1, "per"), Marker(2, 3, "loc"), Marker(4, 5, "org"))
    assert [marker.name for marker in unmarked(text, "xml").markers] == ["por", "loc", "org"]
    other = unmarked("<XYZ> Ana </XYZ>", "xml", names={"per"})
    assert [marker.name for marker in other.markers] == ["xyz"]


def test_quotation_marks_open_and_close_by_the_spaces_around_them():
    one_is_lost = unmarked('Ana" vio "Roma" con "Eva"', "quotes")
    assert one_is_lost.markers == (Marker(2, 3), Marker(4, 5))
    assert one_is_lost.halves == (Half(1, False),)
    assert unmarked('Vio " Roma " ayer', "quotes").markers == (Marker(1, 2),)
    assert unmarked("在「北京」举行", "quotes").words == ("在", "北京", "举行")
