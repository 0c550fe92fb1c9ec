"""Run by Pyrocko's own interpreter: reads a file of markers, tells what it found, and writes it anew beside it."""

import json
import sys

from pyrocko.gui.snuffler import marker

path = sys.argv[1]
markers = marker.load_markers(path)
marker.associate_phases_to_events(markers)
marker.save_markers(markers, path + ".again", fdigits=6)
found = []
for one in markers:
    event = one.get_event()
    phase = isinstance(one, marker.PhaseMarker)
    found.append(
        {
            "event": event and event.name,
            "phase": one.get_phasename() if phase else None,
            "polarity": one.get_polarity() if phase else None,
            "channels": [list(names) for names in one.nslc_ids],
            "time": one.tmin,
        }
    )
json.dump(found, sys.stdout)
