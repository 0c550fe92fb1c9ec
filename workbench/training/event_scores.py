"""How well events are detected and their magnitudes told; what is not known does not count."""

from __future__ import annotations

import numpy as np

__all__ = ["detection_scores", "magnitude_scores"]


def detection_scores(probability: np.ndarray, event: np.ndarray, threshold: float = 0.5) -> dict[str, float]:
    """Scores of detection over windows, by name: ``detection_n``, accuracy, precision, recall, F1, MCC, AUC.

    Parameters
    ----------
    probability
        Of an event, shape (window,).
    event
        1 or 0, NaN where nobody has looked.
    threshold
        From which on an event is said to be there; AUC does not hang on it. NaN stands for a score without cases.

    Examples
    --------
    >>> scores = detection_scores(np.array([0.9, 0.2, 0.7, 0.1]), np.array([1.0, 1.0, 0.0, 0.0]))
    >>> scores["detection_n"], scores["detection_precision"], scores["detection_recall"], scores["detection_auc"]
    (4.0, 0.5, 0.5, 0.75)
    """
    known = np.isfinite(event) & np.isfinite(probability)
    probability, is_event = probability[known].astype(float), event[known] > 0.5
    said = probability >= threshold
    hits, false = float((said & is_event).sum()), float((said & ~is_event).sum())
    missed, quiet = float((~said & is_event).sum()), float((~said & ~is_event).sum())
    spread = np.sqrt((hits + false) * (hits + missed) * (quiet + false) * (quiet + missed))
    scores = {
        "n": float(known.sum()),
        "accuracy": _ratio(hits + quiet, float(known.sum())),
        "precision": _ratio(hits, hits + false),
        "recall": _ratio(hits, hits + missed),
        "f1": _ratio(2 * hits, 2 * hits + false + missed),
        "mcc": _ratio(hits * quiet - false * missed, float(spread)),
        "auc": _area(probability[is_event], probability[~is_event]),
    }
    return {f"detection_{name}": value for name, value in scores.items()}


def magnitude_scores(said: np.ndarray, true: np.ndarray) -> dict[str, float]:
    """Scores of magnitudes, by name: ``magnitude_n``, mean absolute error, root mean square, bias, share of variance.

    ``magnitude_constant_mae`` is what always saying the median would get: a network has to beat it.
    """
    known = np.isfinite(said) & np.isfinite(true)
    if not known.any():
        return {"magnitude_n": 0.0}
    said, true = said[known].astype(float), true[known].astype(float)
    difference = said - true
    variance = float(((true - true.mean()) ** 2).sum())
    return {
        "magnitude_n": float(known.sum()),
        "magnitude_mae": float(np.abs(difference).mean()),
        "magnitude_rmse": float(np.sqrt((difference**2).mean())),
        "magnitude_bias": float(difference.mean()),
        "magnitude_r2": 1 - float((difference**2).sum()) / variance if variance > 0 else float("nan"),
        "magnitude_constant_mae": float(np.abs(true - np.median(true)).mean()),
    }


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole > 0 else float("nan")


def _area(of_events: np.ndarray, of_others: np.ndarray) -> float:
    """Chance that an event gets a higher probability than a window without one; ties count half."""
    if not of_events.size or not of_others.size:
        return float("nan")
    from scipy.stats import rankdata

    ranks = rankdata(np.concatenate([of_events, of_others]))[: of_events.size]
    return float((ranks.sum() - of_events.size * (of_events.size + 1) / 2) / (of_events.size * of_others.size))
