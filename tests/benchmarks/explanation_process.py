"""Seconds of explanations by the workbench and by a plain loop over Captum, and how far both are from the truth.

Run as ``python explanation_process.py DATA PICKER/WEIGHTS THREADS``; prints JSON. The contenders take turns, so that a
busy moment of the machine meets both. Captum is given the network with its window ready made; the workbench is asked
with the recording, and cuts, normalises and maps back by itself.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import captum.attr
import numpy as np
import torch
import xarray as xr

from workbench.explain.checks import CHECKS, check_one
from workbench.explain.run import explain, explain_many, open_question
from workbench.explain.target import Question
from workbench.inference.picking import picks_from
from workbench.pickers import TorchPicker, open_picker
from workbench.sources import open_source

ROUNDS = 6
LONGEST_S = 10.0
TRUTH_STEPS = 300
N_TRUTHS = 6


def picked(data: Path, picker: TorchPicker) -> Iterator[tuple[xr.Dataset, tuple[str, str, Any]]]:
    """Recordings with their most probable P and S."""
    source = open_source(str(data / "stead"))
    names = [name for name in source.scan()["recording_id"] if name.endswith("_EV")]
    for name in names:
        recording = source.read(name)
        picks = picks_from(picker.annotate(recording), picker.card)
        for phase in ("P", "S"):
            own = picks[picks["phase"] == phase]
            if len(own):
                best = own.loc[own["probability"].idxmax()]
                yield recording, (str(best["station"]), phase, best["time"])


def plain(question: Question) -> Callable[[torch.Tensor], torch.Tensor]:
    """What a script would give Captum: the mean of the curve around the pick, for a batch of windows."""
    return lambda windows: question.ask(windows, torch.zeros(len(windows), dtype=torch.long), question.network)


def by_captum(question: Question) -> dict[str, Callable[[], torch.Tensor]]:
    ask, second = plain(question), round(question.reading.rate_hz)
    n_channels, n_samples = question.inputs.shape[1:]
    parts = torch.arange(n_samples) // second
    mask = parts + torch.arange(n_channels)[:, None] * (int(parts[-1]) + 1)

    def inputs() -> torch.Tensor:
        return question.inputs.clone().requires_grad_(True)

    return {
        "saliency": lambda: captum.attr.Saliency(ask).attribute(inputs()),
        "integrated_gradients": lambda: captum.attr.IntegratedGradients(ask).attribute(inputs(), n_steps=50),
        "gradient_shap": lambda: captum.attr.GradientShap(ask).attribute(
            inputs(), baselines=torch.zeros_like(question.inputs), n_samples=20
        ),
        "smooth_grad": lambda: captum.attr.NoiseTunnel(captum.attr.Saliency(ask)).attribute(
            inputs(), nt_samples=20, stdevs=0.1
        ),
        "occlusion": lambda: captum.attr.Occlusion(ask).attribute(
            question.inputs, sliding_window_shapes=(1, second), strides=(1, second // 2)
        ),
        "feature_ablation": lambda: captum.attr.FeatureAblation(ask).attribute(
            question.inputs, feature_mask=mask[None]
        ),
    }


def clock() -> float:
    """On one thread the processor's seconds: others on the machine then count least."""
    return time.process_time() if torch.get_num_threads() == 1 else time.perf_counter()


def best_of(contenders: dict[str, Callable[[], Any]]) -> dict[str, float]:
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    began_s = time.perf_counter()
    for number in range(ROUNDS):
        for name, run in contenders.items():
            began = clock()
            run()
            seconds[name].append(clock() - began)
        if number and time.perf_counter() - began_s > LONGEST_S:
            break
    # The first round warms up.
    return {name: min(taken[1:]) for name, taken in seconds.items()}


def apart(found: np.ndarray, truth: np.ndarray) -> float:
    """Sum of what two attributions are apart, as a share of the sum of the sizes of the true one."""
    return float(np.nansum(np.abs(found - truth)) / np.nansum(np.abs(truth)))


def accuracy(picker: TorchPicker, cases: list[Any]) -> dict[str, Any]:
    """Median distance from the truth of 50 steps of Captum, of 50 of ours, and of steps where they matter."""
    rows = []
    for recording, pick in cases[:N_TRUTHS]:
        question = open_question(recording, picker, [pick])
        given = dict(zip(("station", "phase", "time"), pick, strict=True))
        truth, equal, free = (explain(recording, picker, **given, steps=steps) for steps in (TRUTH_STEPS, 50, 0))
        theirs = captum.attr.IntegratedGradients(plain(question)).attribute(question.inputs, n_steps=50)
        change = truth.attrs["value"] - truth.attrs["baseline_value"]
        exact = truth["attribution"].values
        window = np.isfinite(exact[0]).all(axis=0)
        order = [picker.card.component_order.index(letter) for letter in map(str, truth["component"].values)]
        rows.append(
            {
                "captum": apart(theirs.detach().numpy()[0][order], exact[0][:, window]),
                "equal": apart(equal["attribution"].values, exact),
                "free": apart(free["attribution"].values, exact),
                "steps": json.loads(free.attrs["used"])["steps"],
                "gap": abs(free.attrs["convergence_delta"] / change),
                "captum_gap": abs(float(theirs.sum()) - change) / abs(change),
            }
        )
    return {name: float(np.median([row[name] for row in rows])) for name in rows[0]} | {"n": len(rows)}


def seconds_of_checks(picker: TorchPicker, recording: xr.Dataset, given: dict[str, Any]) -> dict[str, float]:
    """Of each check of an explanation that has just come, one after the other, in a process that has made none yet."""
    found = explain(recording, picker, **given)
    seconds = {}
    for name in CHECKS:
        began = time.perf_counter()
        check_one(recording, found, picker, name=name)
        seconds[name] = time.perf_counter() - began
    return seconds


def main(data: Path, name: str, threads: int) -> dict[str, Any]:
    torch.set_num_threads(threads)
    picker: Any = open_picker(*name.split("/"))
    cases = list(picked(data, picker))
    recording, pick = cases[0]
    question = open_question(recording, picker, [pick])
    given = dict(zip(("station", "phase", "time"), pick, strict=True))
    checks = seconds_of_checks(picker, recording, given)
    table = {}
    for method, theirs in by_captum(question).items():
        contenders = {
            "captum": theirs,
            "ours": lambda method=method: explain(recording, picker, **given, method=method),
        }
        if method == "integrated_gradients":
            contenders["ours, 50 equal"] = lambda: explain(recording, picker, **given, steps=50)
        table[method] = best_of(contenders)
    both = [(pick[0], phase, pick[2]) for phase in ("P", "S")]
    table["saliency of P and S"] = best_of(
        {
            "captum": lambda: [
                captum.attr.Saliency(plain(open_question(recording, picker, [one]))).attribute(
                    question.inputs.clone().requires_grad_(True)
                )
                for one in both
            ],
            "ours": lambda: explain_many(recording, picker, picks=both, method="saliency"),
        }
    )
    return {"seconds": table, "checks": checks, "accuracy": accuracy(picker, cases)}


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    sys.stdout.write(json.dumps(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))))
