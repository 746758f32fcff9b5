"""What a list of times says."""


def percentile(values, part):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


def milliseconds(what, seconds):
    """A row: percentiles of times given in seconds."""
    return {"what": what, "count": len(seconds), "p50 ms": round(percentile(seconds, 0.5) * 1e3, 2),
            "p99 ms": round(percentile(seconds, 0.99) * 1e3, 2), "most ms": round(max(seconds) * 1e3, 2)}
