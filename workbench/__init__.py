"""Inspect seismic recordings, run phase pickers on them, correct the picks, and keep every correction as a label.

The package is laid out in layers; imports point down only, and rooms on one line do not see each other::

    apps | notebooks | cli
    views                       what is on the screen (Panel, Bokeh)
    session                     what one user has open
    exporters | labels          decisions of analysts, and how they leave the workbench
    inference                   windows, curves, picks, the check of the input
    pickers | sources           Recording -> Annotations; files and services -> Recording
    processing | compute        filters and resampling; where work runs
    schema                      what travels between rooms, checked at every border
    registry | settings | errors

Importing :mod:`workbench` loads none of Panel, torch or SeisBench.
"""

__version__ = "0.1.0"
