"""What is measured. A scenario is a function of a Bench; it returns a Table."""
import contextlib
import dataclasses
import pathlib
import time

import loads
from meter import median, median_ratio
from peers import Plan
from programs import PROXY_CORE, Program, free_port


@dataclasses.dataclass
class Table:
    """Rows of figures: column name -> value. `left_out`: peer -> why it has no row."""
    title: str
    unit: str
    rows: list = dataclasses.field(default_factory=list)
    left_out: dict = dataclasses.field(default_factory=dict)
    commands: dict = dataclasses.field(default_factory=dict)
    samples: dict = dataclasses.field(default_factory=dict)
    note: str = ""


class Bench:
    """One run: the peers that are here, how long to measure, and a folder for configurations and logs."""

    def __init__(self, peers, folder, seconds, blocks, quick, tls, say):
        self.peers, self.folder, self.seconds, self.blocks = peers, pathlib.Path(folder), seconds, blocks
        self.quick, self.tls, self.say = quick, tls, say

    @contextlib.contextmanager
    def upstream(self, http2=False):
        program, port = (loads.http2_upstream if http2 else loads.http1_upstream)(self.folder)
        with program:
            yield port

    def able(self, plan, table, only=None):
        """The peers that can do this; the others are named in the table."""
        chosen = []
        for peer in self.peers:
            reason = peer.unable(plan) or ("" if only is None or peer.NAME in only else "not part of this comparison")
            if reason:
                table.left_out[peer.NAME] = reason
            else:
                chosen.append(peer)
        return chosen

    def start(self, peer, plan, table=None, label=None):
        """The peer, listening. A folder of its own keeps two instances apart."""
        home = self.folder / f"{peer.NAME}-{plan.listen}"
        home.mkdir()
        argv = peer.command(plan, home)
        if table is not None:
            table.commands[label or peer.NAME] = " ".join(str(word) for word in argv)
        program = Program(argv, PROXY_CORE, home / "log")
        try:
            program.wait_port(plan.listen)
        except Exception:
            program.stop()
            raise
        return program

    def started(self, stack, peer, plan, table, label=None):
        """start(), but a peer that does not start is named in the table and left out: None."""
        try:
            return stack.enter_context(self.start(peer, plan, table, label))
        except RuntimeError as error:
            table.left_out[peer.NAME] = str(error)
            self.say(f"  {peer.NAME}: {error}")
            return None

    def plan(self, upstream, **fields):
        return Plan(upstream=upstream, listen=free_port(), **fields)

    def warm(self, load):
        for peer_load in load:
            peer_load()
        time.sleep(0.2)


def rows_with_ratios(table, taken, side="proxy"):
    """One row for each lane of a simple comparison: figure, ratio to the floor, ratio to proa."""
    for (name, *rest), blocks in taken.items():
        row = {"peer": " ".join([name, *rest]), table.unit: median(blocks, side)}
        for base in ("floor", "proa"):
            if (base, *rest) in taken:
                row[f"x {base}"] = median_ratio(blocks, taken[(base, *rest)], side)
        table.rows.append(row)
    table.samples.update({" ".join(name): [[dataclasses.asdict(s) for s in block] for block in blocks]
                          for name, blocks in taken.items()})
