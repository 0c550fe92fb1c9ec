"""``workbench explain``: why a picker picked there, as a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from workbench.commands.progress import progress_bar
from workbench.commands.training import key_and_value
from workbench.errors import PickerError, SourceError, UnknownNameError
from workbench.schema import ATTRIBUTION_TARGETS

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from workbench.schema import Check, Report

__all__ = ["explain"]


@click.command()
@click.argument("source")
@click.option("--recording", "recording_id", required=True, help="Its name in the source.")
@click.option("--picker", required=True, help="Its name: see `workbench list pickers`.")
@click.option("--weights", default="", help="Their name: see `workbench list weights`; or a path to a weights file.")
@click.option("--phase", required=True, help="A curve of the picker: P, S, or Detection.")
@click.option("--station", default="", help="NET.STA.LOC. Default: the one with the most probable pick.")
@click.option("--time", default="", help="UTC, as in 2024-01-31T12:00:00.25. Default: that of the most probable pick.")
@click.option("--method", default="integrated_gradients", help="Its name: see `workbench list explainers`.")
@click.option("--target", type=click.Choice(ATTRIBUTION_TARGETS), default="probability", help="logit: its log-odds.")
@click.option("--baseline", default="zero", help="What the window is compared with: zero, noise or blurred.")
@click.option("--set", "values", multiple=True, metavar="KEY=VALUE", help="A setting of the method: steps=50")
@click.option(
    "--checks/--no-checks",
    "checked",
    default=None,
    help="Whether it can be believed. Default: a report (.html) says so.",
)
@click.option("--output", required=True, type=click.Path(path_type=Path), help="Ends with .nc, .png or .html.")
def explain(
    source: str,
    recording_id: str,
    picker: str,
    weights: str,
    phase: str,
    station: str,
    time: str,
    method: str,
    target: str,
    baseline: str,
    values: tuple[str, ...],
    checked: bool | None,
    output: Path,
) -> None:
    """Explain what a picker says of a phase in one recording of SOURCE: a file, a folder, 'examples', 'synthetic'.

    The output holds how much each sample spoke for the picker's answer; a picture and a report show it on the traces.
    """
    from workbench.explain.attention import attention_of
    from workbench.explain.method_settings import make_explainer
    from workbench.explain.refusals import refuse_onnx
    from workbench.explain.run import explain as explain_recording
    from workbench.explain.saving import check_explanation_path, save_explanation
    from workbench.explain.summary import summarise

    check_explanation_path(output)
    settings = dict(map(key_and_value, values))
    make_explainer(method, settings, seed=0)
    refuse_onnx(weights)
    recording = _read(source, recording_id)
    _check_station(recording, station)
    with progress_bar(f"Explain {picker} {weights}".strip()) as report:
        station, moment = _place(recording, picker, weights, phase, station, time, report)
        attribution = explain_recording(
            recording,
            picker,
            weights,
            station=station,
            phase=phase,
            time=moment,
            method=method,
            target=target,
            baseline=baseline,
            report=report,
            **settings,
        )
        attention = attention_of(recording, picker, weights, station=station, time=moment, phase=phase, report=report)
    checks = _checks(recording, attribution, picker, weights) if checked or _is_report(output, checked) else []
    for sentence in filter(None, attribution.attrs.get("notices", "").splitlines()):
        click.echo(f"Note: {sentence}", err=True)
    half_s = attribution.attrs["target_half_width_s"]
    click.echo(
        f"{phase} at {station}, {moment}: {target} {attribution.attrs['value']:.3f}, its mean within ±{half_s:g} s.",
        err=True,
    )
    click.echo(summarise(attribution).words, err=True)
    for check in checks:
        click.echo(f"{check.title}: {check.verdict}. {check.words}", err=True)
    save_explanation(output, recording, attribution, checks, attention)
    click.echo(str(output))


def _is_report(output: Path, checked: bool | None) -> bool:
    return checked is None and output.suffix.lower() == ".html"


def _checks(recording: xr.Dataset, attribution: xr.Dataset, picker: str, weights: str) -> list[Check]:
    from workbench.explain.checks import check_explanation

    with progress_bar("Check the explanation") as report:
        return check_explanation(recording, attribution, picker, weights, report=report)


def _read(place: str, recording_id: str) -> xr.Dataset:
    from workbench.sources import open_source

    source: Any = open_source(place)
    try:
        return source.read(recording_id)
    except UnknownNameError:
        raise
    except KeyError as error:
        raise SourceError(f"{source.location} holds no recording {recording_id!r}.") from error


def _check_station(recording: xr.Dataset, station: str) -> None:
    names = [str(name) for name in recording["station"].values]
    if station and station not in names:
        raise UnknownNameError("station", station, names)


def _place(
    recording: xr.Dataset, picker: str, weights: str, phase: str, station: str, time: str, report: Report
) -> tuple[str, pd.Timestamp]:
    """The station and the time that are explained; those not given are where the picker is surest."""
    import pandas as pd

    names = [str(name) for name in recording["station"].values]
    moment = _moment(time) if time else None
    if moment is not None and (station or len(names) == 1):
        return station or names[0], moment
    found_station, found_time = _surest(recording, picker, weights, phase, station, report)
    return station or found_station, pd.Timestamp(found_time) if moment is None else moment


def _moment(time: str) -> pd.Timestamp:
    import pandas as pd

    try:
        moment = pd.Timestamp(time)
    except ValueError as error:
        raise PickerError(f"--time takes a time (UTC), as in 2024-01-31T12:00:00.25; it got {time!r}.") from error
    return moment.tz_convert(None) if moment.tzinfo else moment


def _surest(
    recording: xr.Dataset, picker: str, weights: str, phase: str, station: str, report: Report
) -> tuple[str, pd.Timestamp]:
    """Station and time of the most probable pick; without one, of the highest point of the curve, which is said."""
    import numpy as np

    from workbench.inference.picking import picks_from
    from workbench.inference.run import annotate
    from workbench.pickers import open_picker

    card = open_picker(picker, weights).card
    if phase not in card.phases:
        raise PickerError(f"{card.title} has no curve {phase!r} to explain; it has {', '.join(card.phases)}.")
    annotations = annotate(recording.sel(station=[station]) if station else recording, picker, weights, report)
    picks = picks_from(annotations, card)
    picks = picks[picks["phase"] == phase]
    if len(picks):
        best = picks.loc[picks["probability"].idxmax()]
        return str(best["station"]), best["time"]
    curves = annotations["probability"].sel(phase=phase)
    if not np.isfinite(curves.values).any():
        raise PickerError(f"{card.title} says nothing of {phase} in this recording; there is nothing to explain.")
    row, at = np.unravel_index(np.nanargmax(curves.values), curves.shape)
    highest, limit = float(curves.values[row, at]), card.to_probability(card.thresholds[phase])
    if highest < limit:
        click.echo(
            f"{card.title} has no {phase} pick above {limit:.2f}: the highest point of the curve, {highest:.3g}, "
            "is explained.",
            err=True,
        )
    return str(curves["station"].values[row]), curves["time"].values[at]
