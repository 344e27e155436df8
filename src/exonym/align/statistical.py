"""The built-in word aligner: IBM model 1, then two hidden Markov models that are trained to agree. numpy only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from exonym.align.aligner import check_bitexts
from exonym.align.cells import batches_of, cut, view_of
from exonym.align.hmm import MAX_JUMP, first_jumps, forward_backward, learnt_jumps
from exonym.align.ibm1 import Tables, normalised, train_ibm1
from exonym.align.symmetrise import Symmetrisation, symmetrise
from exonym.data import Alignment, Links
from exonym.errors import RecipeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from exonym.align.cells import Batch, Piece, View
    from exonym.data import Bitext, Pair

    Found = tuple[NDArray[np.float32], NDArray[np.float32]]  # posteriors of both directions of a piece, (m, n) each


@dataclass(frozen=True, kw_only=True)
class StatisticalAligner:
    """x."""

    symmetrisation: Symmetrisation = "soft"
    prefixes: tuple[int, ...] = (0, 4, 5)
    model1_iterations: int = 5
    hmm_iterations: int = 5
    tension: float = 4.0
    prior: float = 0.1
    null_prior: float = 0.2
    threshold: float = 0.02
    agree_null: str = "own"
    vb: bool = True
    tied: bool = False
    progress: Callable[[float], None] | None = None

    def align(self, bitext: Bitext, extra: Sequence[Bitext] = ()) -> Alignment:
        check_bitexts(bitext, extra)
        if not len(bitext):
            return Alignment((), "statistical")
        pairs = [pair for text in (bitext, *extra) for pair in text]
        pieces = list(cut((len(pair.source), len(pair.target)) for pair in pairs))
        groups = batches_of(pieces)
        sums: dict[int, list[NDArray[np.float32]]] = {}
        for prefix in self.prefixes:
            view = view_of(pairs, pieces, groups, prefix)
            for index, both in self._posteriors(view, len(bitext), pieces):
                if index in sums:
                    for a, b in zip(sums[index], both):
                        a += b
                else:
                    sums[index] = [x.copy() for x in both]
        out = [[] for _ in range(len(bitext))]
        for index in sorted(sums):
            piece = pieces[index]
            out[piece.pair].append((piece, sums[index]))
        return Alignment(tuple(self._links(x) for x in out), "statistical")

    def _links(self, found):
        k = len(self.prefixes)
        rows, cols, ws = [], [], []
        for piece, (f, b) in found:
            w = (f + b) / (2 * k)
            i, j = np.nonzero(w >= self.threshold)
            rows.append(i + piece.source_start); cols.append(j + piece.target_start); ws.append(np.minimum(w[i, j], 1))
        r, c, w = np.concatenate(rows), np.concatenate(cols), np.concatenate(ws)
        o = np.lexsort((c, r))
        return Links(r[o].astype(np.int32), c[o].astype(np.int32), w[o].astype(np.float32))

    def _posteriors(self, view, wanted, pieces):
        tables = train_ibm1(view, self.model1_iterations, self.tension)
        jumps = [first_jumps(), first_jumps()]
        for _ in range(self.hmm_iterations):
            counts = np.zeros(len(view.cell_source))
            nulls = [np.zeros(view.target_types + 1), np.zeros(view.source_types + 1)]
            jc = [np.zeros(2 * MAX_JUMP + 1) for _ in range(2)]
            for batch in view.batches:
                f, b = self.both(batch, tables, jumps)
                F = f.linked.transpose(1, 2, 0)
                B = b.linked.transpose(1, 0, 2)
                prod = F * B
                counts += np.bincount(batch.cells.ravel(), prod.ravel(), len(counts))
                if self.agree_null == "own":
                    nf, nb = f.unlinked.T, b.unlinked.T
                else:
                    nf, nb = np.clip(1 - prod.sum(1), 0, 1), np.clip(1 - prod.sum(2), 0, 1)
                nulls[0] += np.bincount(batch.target.ravel(), nf.ravel(), len(nulls[0]))
                nulls[1] += np.bincount(batch.source.ravel(), nb.ravel(), len(nulls[1]))
                jc[0] += f.jumps
                jc[1] += b.jumps
            tables = Tables(normalised(counts, nulls[0], view.cell_source, self.prior), normalised(counts, nulls[1], view.cell_target, self.prior))
            jumps = [learnt_jumps(c) for c in jc]
        for batch in view.batches:
            keep = [(r, int(p)) for r, p in enumerate(batch.pieces) if pieces[p].pair < wanted]
            if not keep:
                continue
            f, b = self.both(batch, tables, jumps)
            for r, p in keep:
                m, n = batch.source_lengths[r], batch.target_lengths[r]
                yield p, (f.linked[:n, r, :m].T, b.linked[:m, r, :n])

    def both(self, batch, tables, jumps):
        f = forward_backward(tables.forward.cells[batch.cells.transpose(2, 0, 1)], tables.forward.null[batch.target.T], batch.source_lengths, jumps[0], self.null_prior)
        b = forward_backward(tables.backward.cells[batch.cells.transpose(1, 0, 2)], tables.backward.null[batch.source.T], batch.target_lengths, jumps[1], self.null_prior)
        return f, b
