"""ROUGE and BLEU: how many words a text shares with what the author wrote.

In: texts and references. Out: scores from 0 to 1. They count words and know no meaning: a good
answer in other words scores low, so they stand beside the judge and never alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from twin.errors import ComponentUnavailable


@dataclass(frozen=True, slots=True)
class Overlap:
    """What one text shares with its reference.

    Attributes:
        rouge1: F1 of words (Lin, ROUGE, ACL 2004).
        rouge_l: F1 of the longest common subsequence.
        bleu: of one sentence, smoothed as sacreBLEU does (Post, A Call for Clarity, WMT 2018).
    """

    rouge1: float
    rouge_l: float
    bleu: float


def overlaps(texts: Sequence[str], references: Sequence[str]) -> list[Overlap]:
    """Return what each text shares with its reference.

    Raises:
        ComponentUnavailable: if rouge-score or sacrebleu is not installed.
    """
    try:
        from rouge_score.rouge_scorer import RougeScorer  # noqa: PLC0415 - only where it is counted
        from sacrebleu import sentence_bleu  # noqa: PLC0415 - likewise
    except ImportError as error:
        message = "ROUGE and BLEU need rouge-score and sacrebleu"
        raise ComponentUnavailable(message, "pip install 'twin[evaluation]'") from error
    scorer = RougeScorer(["rouge1", "rougeL"], use_stemmer=False)
    found = []
    for text, reference in zip(texts, references, strict=True):
        scores = scorer.score(reference, text)
        bleu = sentence_bleu(text, [reference]).score / 100
        found.append(Overlap(scores["rouge1"].fmeasure, scores["rougeL"].fmeasure, bleu))
    return found


def corpus_bleu(texts: Sequence[str], references: Sequence[str]) -> float:
    """Return the BLEU of all texts together, 0 to 1."""
    from sacrebleu import corpus_bleu as counted  # noqa: PLC0415 - only where it is counted

    return float(counted(list(texts), [list(references)]).score) / 100
