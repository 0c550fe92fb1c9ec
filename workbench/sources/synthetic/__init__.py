"""Made seismic networks in which every onset, origin and magnitude is known, to train on and to teach with."""

from workbench.sources.synthetic.example import NetworkExample
from workbench.sources.synthetic.faults import Fault
from workbench.sources.synthetic.network import SyntheticNetwork
from workbench.sources.synthetic.settings import NetworkSettings
from workbench.sources.synthetic.velocity import VelocityModel

__all__ = ["Fault", "NetworkExample", "NetworkSettings", "SyntheticNetwork", "VelocityModel"]
