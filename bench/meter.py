"""One measurement: what a proxy's processes cost while a load ran, and whether the figure may be used.

A sample is void when the load saw an error or another answer than 2xx, when nothing was done, when a proxy died, or
when the hypervisor took more than 1 % of the time. Work of others on the proxy's core is recorded, because it makes
figures larger without making them wrong in a way that could be told.
"""
import dataclasses
import pathlib
import statistics
import time

from programs import PROXY_CORE

STEAL_LIMIT = 0.01


@dataclasses.dataclass
class Done:
    """What a load generator says about its run."""
    operations: int
    trouble: str = ""  # empty: every answer was right


@dataclasses.dataclass
class Sample:
    values: dict          # side -> CPU us per operation
    operations: int
    seconds: float
    own_share: float      # of the proxy's core: used by what is measured
    others_share: float   # of the proxy's core: used by anything else
    void: str = ""


def _core_times(core):
    """Busy and stolen seconds of a core since boot, in ticks of 10 ms."""
    for line in pathlib.Path("/proc/stat").read_text().splitlines():
        if line.startswith(f"cpu{core} "):
            user, nice, system, _, _, irq, softirq, steal = (int(word) for word in line.split()[1:9])
            return (user + nice + system + irq + softirq) / 100, steal / 100
    raise RuntimeError(f"no core {core}")


def measure(programs, load):
    """`programs`: side -> Program, all on the proxy's core. `load()` -> Done."""
    before = {side: program.cpu_ns() for side, program in programs.items()}
    busy, steal = _core_times(PROXY_CORE)
    started = time.monotonic()
    done = load()
    seconds = time.monotonic() - started
    spent = {side: program.cpu_ns() - before[side] for side, program in programs.items()}
    busy_after, steal_after = _core_times(PROXY_CORE)
    own = sum(spent.values()) / 1e9 / seconds
    sample = Sample({side: ns / 1e3 / max(done.operations, 1) for side, ns in spent.items()}, done.operations, seconds,
                    own, max(0.0, (busy_after - busy) / seconds - own), done.trouble)
    if not sample.void and done.operations == 0:
        sample.void = "nothing was done"
    if not sample.void and (steal_after - steal) / seconds > STEAL_LIMIT:
        sample.void = "the hypervisor took the core away"
    if not all(program.alive() for program in programs.values()):
        sample.void = "the proxy died"
    return sample


def run_blocks(lanes, blocks, say):
    """Blocks of A B C C B A. `lanes`: name -> function returning a Sample. Returns name -> [[Sample, Sample], ...]."""
    taken = {name: [] for name in lanes}
    for block in range(blocks):
        for name in lanes:
            taken[name].append([])
        for name in [*lanes, *reversed(lanes)]:
            sample = lanes[name]()
            taken[name][block].append(sample)
            figures = ", ".join(f"{side} {value:.2f} us" for side, value in sample.values.items())
            say(f"  block {block + 1}/{blocks} {' '.join(name)}: {figures}, {sample.operations} done, core "
                f"{sample.own_share:.0%} own {sample.others_share:.0%} others"
                + (f", VOID: {sample.void}" if sample.void else ""))
    return taken


def median(blocks, side):
    values = [sample.values[side] for block in blocks for sample in block if not sample.void]
    return statistics.median(values) if values else None


def median_ratio(blocks, base, side, base_side=None):
    """Median over the blocks of this lane's mean over the other's: noise that lasts for a block cancels."""
    ratios = []
    for mine, theirs in zip(blocks, base):
        a = [sample.values[side] for sample in mine if not sample.void]
        b = [sample.values[base_side or side] for sample in theirs if not sample.void]
        if a and b:
            ratios.append(statistics.mean(a) / statistics.mean(b))
    return statistics.median(ratios) if ratios else None
