"""Windows, curves, picks, and the check that says in words why a run would be empty.

``run`` annotates, ``picking`` turns curves into picks, ``input_check`` looks at a recording before a run,
``comparison`` sets picks against other picks.
"""
