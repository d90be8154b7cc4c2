"""How work is carried: the durable engine, its queue, pacing and coalescing."""
