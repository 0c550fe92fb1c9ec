"""Why a picker picked there: attention, attributions on traces, and whether they can be believed."""
