"""The library measured beside installable peers, in one process: ratios, not seconds."""
