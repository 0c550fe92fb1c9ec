"""What can be put on a list of pickers: each picker of the registry with its weights or with what it lacks."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.pickers import PICKERS
from workbench.pickers.seisbench_cards import SEISBENCH_CLASSES
from workbench.pickers.weights import has_weights, list_weights
from workbench.schema import Report, silent

__all__ = ["Offer", "list_offers", "picker_title", "remote_names"]

_TITLES = {
    **SEISBENCH_CLASSES,
    "dpp": "DPP",
    "sta_lta": "STA/LTA",
    "ar_aic": "AR-AIC",
    "baer_kradolfer": "Baer-Kradolfer",
    "kurtosis": "Kurtosis",
    "xiaonet": "XiaoNet",
    "station_graph": "Station graph",
}


@dataclass(frozen=True)
class Offer:
    """A picker that could be used.

    Parameters
    ----------
    ok
        Whether it can be used now.
    reason, remedy
        Why not, and what to do.
    needs_weights
        Whether it is a network, which SeisBench may have weights for.
    weights
        Names of those on this computer, the default one first.
    """

    name: str
    title: str
    ok: bool
    reason: str = ""
    remedy: str = ""
    needs_weights: bool = False
    weights: tuple[str, ...] = ()


def picker_title(name: str) -> str:
    """A picker's name as people write it; the name itself for one that came by an entry point."""
    return _TITLES.get(name, name)


def list_offers(report: Report = silent) -> list[Offer]:
    """Every picker of the registry, those that can be used first. Asks no server."""
    offers = []
    for n, name in enumerate(PICKERS):
        report(n / len(PICKERS), name)
        found = PICKERS.availability(name)
        needs = has_weights(name) if found.ok or not found.reason.startswith("The picker") else False
        cached = tuple(weights.name for weights in list_weights(name)) if needs else ()
        offers.append(Offer(name, picker_title(name), found.ok, found.reason, found.remedy, needs, cached))
    return sorted(offers, key=lambda offer: not offer.ok)


def remote_names(picker: str, report: Report = silent) -> list[str]:
    """Names of weights that SeisBench's server has for a picker and this computer has not."""
    report(float("nan"), "asking SeisBench's server")
    return [weights.name for weights in list_weights(picker, remote=True) if weights.place == "remote"]
