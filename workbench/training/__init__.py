"""From recordings with onsets to weights: clips, lessons, losses and the loop.

A **clip** is a piece of a recording with its onsets, kept in SeisBench's format (``clips``). A **lesson** is a clip
augmented by a SeisBench generator, with the teachers' curves beside it (``augmentations``, ``teachers``, ``lessons``).
``datasets`` reads windows of lessons on demand, ``targets`` makes curves of onsets, ``losses`` compares, and
``trainer`` runs the loop that ``config`` describes.
"""
