"""`make bench`: what the service costs, on this machine, beside the least it could cost."""
