"""From recordings to a catalogue: whole folders in (station, day) shards.

``shards`` picks one and puts it on disk; ``folder`` has all of them picked on a backend, and goes on where it was
stopped.
"""
