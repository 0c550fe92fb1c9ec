"""What travels between stations: similarity, attention and attribution on the edges of the station graph.

Every function that gives edges gives one table (``edges``); the functions are submitted to a compute backend by name.
"""
