"""A made network without anything random but what a test is about."""

from typing import Any

from workbench.sources.synthetic import SyntheticNetwork


def quiet_network(**changes: Any) -> SyntheticNetwork:
    """One earthquake a window; no noise, no fault, no coda, no site, no scatter in travel times."""
    plain: dict[str, Any] = {
        "events": (0.0, 1.0),
        "noise_level": None,
        "gap": 0.0,
        "glitch": 0.0,
        "dead": 0.0,
        "coda": (0.0, 0.0),
        "amplification": 0.0,
        "uneven": 0.0,
        "slower": (1.0, 1.0),
        "sensor_hz": (0.0,),
    }
    return SyntheticNetwork(**{**plain, **changes})
