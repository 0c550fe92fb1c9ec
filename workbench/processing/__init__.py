"""Recording -> Recording: filters and resampling; and figures of a trace: onsets, spectrograms, travel times."""
