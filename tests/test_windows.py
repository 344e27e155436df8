from hypothesis import given
from hypothesis import strategies as st

from exonym.windows import packed, windows_of


@st.composite
def sentences(draw):
    capacity = draw(st.integers(2, 12))
    return draw(st.lists(st.integers(1, capacity), min_size=1, max_size=60)), capacity


@given(sentences())
def test_windows_fit_and_share_the_words_out(sentence):
    lengths, capacity = sentence
    windows = windows_of(lengths, capacity)
    assert [word for window in windows for word in range(window.start, window.stop)] == list(range(len(lengths)))
    for window in windows:
        assert window.first <= window.start < window.stop <= window.last
        assert sum(lengths[window.first : window.last]) <= capacity


@given(sentences())
def test_each_word_is_read_off_where_it_stands_furthest_from_an_edge(sentence):
    lengths, capacity = sentence
    windows = windows_of(lengths, capacity)

    def distance(word, window):
        left = sum(lengths[window.first : word]) if window.first else float("inf")
        right = sum(lengths[word + 1 : window.last]) if window.last < len(lengths) else float("inf")
        return min(left, right) if window.first <= word < window.last else -1

    for window in windows:
        for word in range(window.start, window.stop):
            assert distance(word, window) == max(distance(word, other) for other in windows)


@given(st.lists(st.integers(1, 5), min_size=1, max_size=20))
def test_what_fits_is_one_window(lengths):
    assert windows_of(lengths, sum(lengths)) == [(0, len(lengths), 0, len(lengths))]


def test_neighbours_share_half():
    windows = windows_of([1] * 100, 20)
    assert [window.first for window in windows] == list(range(0, 81, 10))
    assert [window.start for window in windows] == [0, *range(15, 90, 10)]


def test_packing():
    sizes = [5, 1, 9, 2, 2, 30]
    batches = packed(sizes, 10)
    assert sorted(index for batch in batches for index in batch) == list(range(6))
    assert [[sizes[index] for index in batch] for batch in batches] == [[1, 2, 2], [5], [9], [30]]


def test_batches_that_hold_enough_take_nothing_much_longer():
    assert packed([10, 11, 12, 30, 30, 30], 100, enough=20) == [[0, 1], [2, 3], [4, 5]]
    assert packed([10, 11, 12, 30, 30, 30], 100, enough=200) == packed([10, 11, 12, 30, 30, 30], 100)
