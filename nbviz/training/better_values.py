"""Which values of a tag are the better ones, as far as its name tells.

The page goes by the same rule (`betterValues` in `js/src/charts/tags.ts`); both are held to
`tests/fixtures/rules/better.json`.
"""

from __future__ import annotations

import re
from typing import Literal

_LOWER = (
    "[a-z]*loss(es)?|[a-z]*errors?|err|perplexity|ppl|nll|cross_entropy|xent|mae|mse|rmse|rmsle|mape"
    "|wer|cer|fid|overhead|time|latency"
)
_HIGHER = (
    "acc|[a-z]*accuracy|f1|auc|auroc|auprc|precision|recall|m?iou|dice|bleu|rouge|r2|m?ap|mrr|ndcg"
    "|psnr|ssim|mcc|kappa|top[0-9]+|score|rewards?|returns?|throughput"
)


def _as_words(names: str) -> re.Pattern[str]:
    return re.compile(f"(^|[^a-z0-9])({names})[0-9]*([^a-z0-9]|$)")


_IS_LOWER, _IS_HIGHER = _as_words(_LOWER), _as_words(_HIGHER)


def better_values(tag: str) -> Literal["lower", "higher"] | None:
    """Return which values of a tag are better; None where its name does not tell."""
    apart = re.sub("([a-z0-9])([A-Z])", r"\1_\2", tag)  # valLoss is val_Loss
    words = f"{tag} {apart}".lower()
    if _IS_LOWER.search(words):
        return "lower"
    return "higher" if _IS_HIGHER.search(words) else None
