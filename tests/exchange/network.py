"""A small network inside this machine: one namespace for each node, a line to each, and relays in the middle that nodes reach one another through.

A line can be taken down or made slow (`tc tbf`). A relay carries TCP and can make bytes late, cut connections, send what it carried once more, and counts
connections and bytes. (`tc netem` is not in every kernel, hence the relay.)
"""

import asyncio
import logging
import os
import random
import shutil
import subprocess
import sys
import threading
from dataclasses import dataclass

PORT = 7000
CHUNK = 16 << 10
# Chunks under way in one direction of a relay, so that a fast sender waits for a slow line.
UNDER_WAY = 64

# Connections that still stand when the program ends are nobody's trouble.
logging.getLogger("asyncio").setLevel(logging.CRITICAL)


def enter_own_world():
    """Starts this program anew in namespaces of its own (network, mounts, processes): whatever it makes is gone when it ends, however it ends."""
    if os.environ.get("LIENVUNG_OWN_WORLD") == "yes":
        call("mount", "--make-rprivate", "/")
        os.makedirs("/run/netns", exist_ok=True)
        call("mount", "-t", "tmpfs", "netns", "/run/netns")
        call("ip", "link", "set", "lo", "up")
        return
    for tool, package in (("ip", "iproute2"), ("tc", "iproute2"), ("unshare", "util-linux")):
        if shutil.which(tool) is None:
            sys.exit(f"{sys.argv[0]}: “{tool}” is missing; install the package {package}")
    tried = subprocess.run(["unshare", "--net", "--mount", "--pid", "--fork", "true"], capture_output=True, text=True)
    if os.geteuid() != 0 or tried.returncode != 0:
        reason = tried.stderr.strip() or "not root"
        sys.exit(f"{sys.argv[0]}: namespaces cannot be made here ({reason}); run it as root on a machine or in a container that allows them")
    os.environ["LIENVUNG_OWN_WORLD"] = "yes"
    flags = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    # The first process of a namespace has to take leave of every orphan that ends, as a shell does while it waits.
    shell = ["sh", "-c", '"$@"; exit $?', "sh"]
    os.execvp("unshare", ["unshare", *flags, *shell, sys.executable, *sys.argv])


def call(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


@dataclass
class Place:
    """A namespace, and the line between it and the middle."""

    name: str
    number: int

    @property
    def address(self):
        return f"198.18.{self.number}.2"

    @property
    def middle(self):
        """The address of the middle as seen from here."""
        return f"198.18.{self.number}.1"

    @property
    def device(self):
        return f"to-{self.name}"

    def command(self, *command):
        """A command that runs in the namespace."""
        return ["ip", "netns", "exec", self.name, *command]

    def set_line(self, is_up):
        """Takes the line down at the middle's end, as when a cable is pulled far away, or up again."""
        call("ip", "link", "set", self.device, "up" if is_up else "down")

    def slow_down(self, kilobits):
        """Lets no more than so many kilobits a second through, each way."""
        shape = ["root", "tbf", "rate", f"{kilobits}kbit", "burst", "4kb", "latency", "2s"]
        call("tc", "qdisc", "replace", "dev", self.device, *shape)
        call(*self.command("tc", "qdisc", "replace", "dev", "line", *shape))

    def speed_up(self):
        call("tc", "qdisc", "del", "dev", self.device, "root")
        call(*self.command("tc", "qdisc", "del", "dev", "line", "root"))

    def connections_tried(self):
        """Connections that programs in the namespace have tried to open since it was made."""
        rows = [line.split() for line in call(*self.command("cat", "/proc/net/snmp")).splitlines() if line.startswith("Tcp:")]
        return int(dict(zip(*rows))["ActiveOpens"])


def make_place(name, number):
    place = Place(name, number)
    call("ip", "netns", "add", name)
    call("ip", "link", "add", place.device, "type", "veth", "peer", "name", "line", "netns", name)
    call("ip", "address", "add", f"{place.middle}/24", "dev", place.device)
    call("ip", "link", "set", place.device, "up")
    call(*place.command("ip", "address", "add", f"{place.address}/24", "dev", "line"))
    call(*place.command("ip", "link", "set", "line", "up"))
    call(*place.command("ip", "link", "set", "lo", "up"))
    return place


@dataclass
class Count:
    """What a relay has carried: connections, bytes up and bytes down."""

    connections: int = 0
    up: int = 0
    down: int = 0

    def since(self, before):
        return Count(self.connections - before.connections, self.up - before.up, self.down - before.down)

    @property
    def total(self):
        return self.up + self.down


class Relay:
    """Carries connections from one place to the port of a node in another."""

    def __init__(self, below, above, port, chance):
        self.address = f"{below.middle}:{port}"
        self.delay = 0.0
        # Share of the connections that are cut after some bytes, and of those whose bytes are sent a second time.
        self.cut_share = 0.0
        self.repeat_share = 0.0
        self.repeated = 0
        self.cuts = 0
        self.count = Count()
        self._open = set()
        self._chance = random.Random(chance)
        self._above = above.address
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        threading.Thread(target=self._serve, args=(below.middle, port), daemon=True).start()
        if not self._ready.wait(10):
            raise RuntimeError(f"the relay cannot listen at {self.address}")

    def mark(self):
        return Count(self.count.connections, self.count.up, self.count.down)

    def hang_up(self):
        """Ends the connections there are, between two calls or in the middle of one: nodes keep theirs for long, and chance is thrown when one is made."""
        self._loop.call_soon_threadsafe(lambda: [end.close() for end in list(self._open)])

    def _serve(self, host, port):
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(asyncio.start_server(self._connection, host, port))
        self._ready.set()
        self._loop.run_forever()

    async def _connection(self, reader, writer):
        self.count.connections += 1
        life = Life(cut_after=self._chance.randrange(1, 6000) if self._chance.random() < self.cut_share else None)
        is_repeated = self._chance.random() < self.repeat_share
        kept = bytearray() if is_repeated else None
        try:
            above_reader, above_writer = await asyncio.wait_for(asyncio.open_connection(self._above, PORT), 5)
        except (OSError, asyncio.TimeoutError):
            writer.transport.abort()
            return
        self._open |= {writer, above_writer}
        await asyncio.gather(self._carry(reader, above_writer, life, "up", kept), self._carry(above_reader, writer, life, "down", None))
        self._open -= {writer, above_writer}
        for end in (writer, above_writer):
            end.transport.abort() if life.is_cut else end.close()
        if kept:
            await self._send_again(bytes(kept))

    async def _carry(self, source, target, life, way, kept):
        """Carries one direction until its end; what comes is sent on after the delay, in order."""
        queue = asyncio.Queue(UNDER_WAY)
        sending = asyncio.ensure_future(self._send(queue, target, life))
        try:
            while chunk := await source.read(CHUNK):
                if life.cut_after is not None:
                    chunk = chunk[: life.cut_after]
                    life.cut_after -= len(chunk)
                setattr(self.count, way, getattr(self.count, way) + len(chunk))
                if kept is not None:
                    kept += chunk
                await queue.put((self._loop.time() + self.delay, chunk))
                if life.cut_after == 0:
                    life.is_cut = True
                    self.cuts += 1
                    break
        except OSError:
            pass
        await queue.put((0, b""))
        await sending

    async def _send(self, queue, target, life):
        while True:
            due, chunk = await queue.get()
            if not chunk:
                break
            await asyncio.sleep(max(0.0, due - self._loop.time()))
            try:
                target.write(chunk)
                await target.drain()
            except OSError:
                # What still comes has nowhere to go.
                continue
        if life.is_cut or not target.can_write_eof():
            target.transport.abort()
            return
        try:
            target.write_eof()
        except OSError:
            pass

    async def _send_again(self, kept):
        """What was carried up comes a second time, as from a carrier that lost track."""
        try:
            reader, writer = await asyncio.wait_for(asyncio.open_connection(self._above, PORT), 5)
            writer.write(kept)
            writer.write_eof()
            await asyncio.wait_for(reader.read(), 20)
            writer.close()
            self.repeated += 1
        except (OSError, asyncio.TimeoutError):
            return


@dataclass
class Life:
    """One connection through a relay."""

    cut_after: int | None
    is_cut: bool = False
