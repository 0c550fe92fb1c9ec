"""torch modules of the workbench's own: what a network is, and nothing about recordings or files of data."""
