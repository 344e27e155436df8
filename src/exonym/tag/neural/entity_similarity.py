"""Whether two words are of one entity type: how that is scored, learnt from labels, and learnt from a teacher.

From vectors of words to similarities and losses, and the pairs of words in a batch; it knows no text and no encoder.
Start at `LearnTypes` and `LearnFromTeachers`, the side tasks of the two networks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch.nn.functional import binary_cross_entropy_with_logits, cosine_similarity

from exonym.data import split_tag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from exonym.tag.neural.batches import Batch


def similarity(left: Tensor, right: Tensor) -> Tensor:
    """Score how far words are of one type: s = sigmoid(cos(left, right)), so in [0.2689, 0.7311].

    Args:
        left: vectors, shape (..., D).
        right: vectors, the same shape.

    Returns:
        The scores, shape (...).

    Source:
        Li et al. 2022 (ACL), the siamese evaluator. As in their code there is neither a layer after the encoder nor a
        temperature, so that a score is never near 0 or 1.
    """
    return torch.sigmoid(cosine_similarity(left, right, dim=-1))


def similarity_losses(left: Tensor, right: Tensor, wanted: Tensor) -> Tensor:
    """Compare `similarity` with what it should be, in [0, 1], by binary cross-entropy: shape (...)."""
    return binary_cross_entropy_with_logits(cosine_similarity(left, right, dim=-1), wanted, reduction="none")


def recogniser_confidence(probabilities: Tensor) -> Tensor:
    """Weigh words by how sure the recogniser is of them: alpha = (max_k p_k)^2, shape (..., K) to (...)."""
    return probabilities.amax(-1).square()


def similarity_confidence(scores: Tensor) -> Tensor:
    """Weigh pairs by how sure the similarity teacher is of them: beta = min(1, (2 s - 1)^2 + 0.5).

    Its s is in [0.2689, 0.7311], so beta is in [0.5, 0.7136].
    """
    return ((2 * scores - 1).square() + 0.5).clamp(max=1)


def agreement(left: Tensor, right: Tensor, scores: Tensor) -> Tensor:
    """Weigh pairs by how far the two teachers agree: gamma = 1 - |sigmoid(cos(p, q)) - s|.

    Args:
        left: distributions p of words over tags, by the recogniser, shape (..., K).
        right: distributions q of their partners, the same shape.
        scores: s, by the similarity teacher, shape (...).

    Returns:
        The weights, shape (...), in (0.5, 1] for s of `similarity`.
    """
    return 1 - (similarity(left, right) - scores).abs()


def types_of(tags: Sequence[str]) -> tuple[int, ...]:
    """Number the entity types of tags: `B-X` and `I-X` are of one, `O` is one too."""
    types = [split_tag(tag)[1] for tag in tags]
    return tuple(types.index(own) for own in types)


def partners(types: Tensor, *, balanced: bool) -> tuple[Tensor, Tensor]:
    """Draw for each of N words another one to compare it with, and say how much each pair counts.

    Most words are in no name. Were all pairs alike, those of two names would hardly count, and what is learnt is names
    against all else; so in balanced pairs words of one type and of two are equally likely, and so are the types.

    Args:
        types: of the words, whole numbers >= 0, shape (N,), N >= 2.
        balanced: for each word one of its type or, as likely, one of another type, each of these as likely, where there
            are both; and each type of first words counts as much as all others. Else any other word.

    Returns:
        The places of the partners, shape (N,), and the weights of the pairs, shape (N,), with mean 1.
    """
    number = len(types)
    chance = torch.randint(1 << 40, (3, number)).to(types.device)  # drawn on the CPU: the same on every device
    here = torch.arange(number, device=types.device)
    if not balanced:
        return (here + 1 + chance[0] % (number - 1)) % number, torch.ones(number, device=types.device)
    sizes = types.bincount()
    own, counts = ((sizes > 0).cumsum(0) - 1)[types], sizes[sizes > 0]
    order = own.argsort(stable=True)
    place = torch.empty_like(order).scatter_(0, order, here)
    first = counts.cumsum(0) - counts  # where the words of each type begin in this order
    alike = counts[own]
    of_type = first[own] + (place - first[own] + 1 + chance[0] % (alike - 1).clamp(min=1)) % alike
    other = (own + 1 + chance[1] % max(len(counts) - 1, 1)) % len(counts)
    of_other = first[other] + chance[0] % counts[other]
    same = ((chance[2] % 2 == 0) & (alike > 1)) | torch.tensor(len(counts) == 1, device=types.device)
    return order[torch.where(same, of_type, of_other)], number / (len(counts) * alike.float())


@dataclass(frozen=True)
class LearnTypes:
    """The side task of the similarity teacher: two words with labels are of one type, or they are not.

    It is all that its network learns: the tagging loss counts nothing.

    Attributes:
        types: of each tag, as `types_of` numbers them.
        balanced: as of `partners`.
    """

    types: tuple[int, ...]
    balanced: bool = True

    def __call__(self, vectors: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return weights 0 (B, T), and the mean loss of a pair for each word."""
        inside = batch.inside
        own, types = vectors[inside], _looked_up(self.types, batch.targets[inside])
        if len(own) < 2:
            return torch.zeros_like(inside, dtype=vectors.dtype), 0 * own.sum()
        other, counts = partners(types, balanced=self.balanced)
        losses = similarity_losses(own, own[other], (types == types[other]).to(own.dtype))
        return torch.zeros_like(inside, dtype=vectors.dtype), (counts * losses).mean()


@dataclass(frozen=True)
class LearnFromTeachers:
    """The side task of the student: the similarities that a teacher sees between words, and how much each word counts.

    The targets of the batch are the distributions q of the recogniser, what is `given` the vectors of the similarity
    teacher; without them there are no pairs, and only alpha counts. Types, by which pairs are drawn, are of the tags
    that the recogniser finds likeliest. With w the weight of a pair by `partners`, the loss is the mean over words t,
    each with its partner, of

        gamma alpha_t mean_k (p_tk - q_tk)^2 + share / K w gamma beta BCE(s of the student, s of the teacher)

    Attributes:
        types: as of `LearnTypes`.
        balanced: as of `partners`.
        share: of the similarity loss, >= 0, when the other is a sum over the K tags.
        recogniser: weigh words by alpha, `recogniser_confidence`.
        similarity: weigh pairs by beta, `similarity_confidence`.
        agreement: weigh both by gamma, `agreement`.
    """

    types: tuple[int, ...]
    balanced: bool = True
    share: float = 0.5
    recogniser: bool = True
    similarity: bool = True
    agreement: bool = True

    def __call__(self, vectors: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return the weights of words (B, T), and the weighted mean loss of a pair for each word."""
        inside = batch.inside
        own, likely = vectors[inside], batch.targets[inside]
        words = recogniser_confidence(likely) if self.recogniser else torch.ones_like(likely[:, 0])
        loss = 0 * own.sum()
        if batch.given is not None and len(own) > 1:
            seen = batch.given[inside]
            other, counts = partners(_looked_up(self.types, likely.argmax(-1)), balanced=self.balanced)
            wanted = similarity(seen, seen[other])
            both = agreement(likely, likely[other], wanted) if self.agreement else torch.ones_like(wanted)
            pairs = both * similarity_confidence(wanted) if self.similarity else both
            losses = similarity_losses(own, own[other], wanted)
            words, loss = words * both, self.share / likely.shape[1] * (counts * pairs * losses).mean()
        return torch.zeros_like(inside, dtype=words.dtype).masked_scatter(inside, words), loss


def _looked_up(types: tuple[int, ...], tags: Tensor) -> Tensor:
    return torch.tensor(types, device=tags.device)[tags]
