"""Reads the databases of nodes and says whether the promises of LV-Log/1 hold. It knows the program's tables and the formats of the protocol, nothing else.

Hashes and roots are computed here anew (RFC 6962), from the bytes as they lie on the disk.
"""

import base64
import hashlib
import json
import sqlite3
from dataclasses import dataclass

from node import Failure

INDEX_BITS = 40


@dataclass
class Entry:
    leaf: bytes
    bytes: bytes
    payload: bytes | None

    @property
    def said(self):
        return json.loads(self.bytes)


@dataclass
class Log:
    origin: str
    is_own: bool
    standing: str
    size: int
    # (size, root) that the owner has signed, and that the node above has acknowledged.
    signed: tuple
    received: tuple
    entries: list
    # (record, version) → leaf, as the table of versions has it; the newest of each record stands.
    versions: dict
    evidence: int

    def root(self, size):
        """Root of the first `size` entries."""
        peaks = []
        for index in range(size):
            node, height = self.entries[index].leaf, 0
            while peaks and peaks[-1][0] == height:
                node = hashlib.sha256(b"\x01" + peaks.pop()[1] + node).digest()
                height += 1
            peaks.append((height, node))
        if not peaks:
            return hashlib.sha256(b"").digest()
        node = peaks.pop()[1]
        while peaks:
            node = hashlib.sha256(b"\x01" + peaks.pop()[1] + node).digest()
        return node

    def versions_by_entries(self):
        versions = {}
        for entry in self.entries:
            said = entry.said
            if said["op"] in ("put", "drop"):
                versions[said["rec"], said["ver"]] = entry.leaf
        return versions

    def standing_digest(self):
        """SHA-256 over the sorted (rec, ver, leaf) of every version (I10)."""
        digest = hashlib.sha256()
        for (record, version), leaf in sorted(self.versions_by_entries().items()):
            digest.update(f"{record} {version} {leaf.hex()}\n".encode())
        return digest.hexdigest()

    def names(self):
        """Names of the persons in it, with how often each was written."""
        names = {}
        for entry in self.entries:
            if entry.payload and entry.said.get("typ") == "person":
                name = json.loads(entry.payload)["data"].get("name")
                names[name] = names.get(name, 0) + 1
        return names


def sizes(node):
    """(size, received, signed) of each log, quickly."""
    with _open(node) as database:
        rows = database.execute("SELECT origin, size, receipt, checkpoint FROM log").fetchall()
    return {origin: (size, _note(receipt)[0], _note(checkpoint)[0]) for origin, size, receipt, checkpoint in rows}


def is_all_above(node, above):
    """Whether every log of the node that has begun to travel is acknowledged, and both hold the same size."""
    here, there = sizes(node), sizes(above)
    travelling = [origin for origin in here if origin.startswith(f"lv1/{node.name}/") and not origin.endswith("/private")]
    return all(here[origin][0] == here[origin][1] == there.get(origin, (0,))[0] for origin in travelling)


def read_logs(node):
    """All logs in the node's database, in one snapshot, each entry proved against its leaf and its payload."""
    with _open(node) as database:
        database.execute("BEGIN")
        [state] = database.execute("PRAGMA quick_check").fetchone()
        require(state == "ok", f"{node.name}: the database is damaged: {state}")
        evidence = dict(database.execute("SELECT origin, COUNT(*) FROM evidence GROUP BY origin"))
        logs = {}
        heads = database.execute("SELECT id, origin, size, own, standing, checkpoint, receipt FROM log").fetchall()
        for number, origin, size, own, standing, checkpoint, receipt in heads:
            first = number << INDEX_BITS
            rows = database.execute(
                "SELECT place - ?, leaf, bytes, payload FROM entry WHERE place >= ? AND place < ? ORDER BY place", (first, first, first + (1 << INDEX_BITS))
            ).fetchall()
            require([row[0] for row in rows] == list(range(size)), f"{node.name} {origin}: the entries are not 0 to {size - 1}")
            versions = {
                (_uuid(record), version): rows[place & ((1 << INDEX_BITS) - 1)][1]
                for record, version, place in database.execute("SELECT rec, ver, place FROM version WHERE log = ?", (number,))
            }
            entries = [Entry(bytes(leaf), bytes(said), None if payload is None else bytes(payload)) for _, leaf, said, payload in rows]
            log = Log(origin, own == 1, standing, size, _note(checkpoint), _note(receipt), entries, versions, evidence.get(origin, 0))
            _prove(node, log)
            logs[origin] = log
    return logs


def _prove(node, log):
    where = f"{node.name} {log.origin}"
    for index, entry in enumerate(log.entries):
        require(hashlib.sha256(b"\x00" + entry.bytes).digest() == entry.leaf, f"{where}: entry {index} is not what its leaf says (I5)")
        pay = entry.said.get("pay")
        if entry.payload is not None:
            require(_commitment(entry.payload) == pay, f"{where}: the payload of entry {index} is not the one committed to (I5)")
    for what, (size, root) in (("signed", log.signed), ("received", log.received)):
        require(size <= log.size, f"{where}: {what} {size} of {log.size} entries (I1)")
        require(size == 0 or log.root(size) == root, f"{where}: the root that was {what} at {size} is not that of its entries (I5)")
    # Logs of others that carry no versions are compared by their entries.
    if log.versions:
        require(log.versions == log.versions_by_entries(), f"{where}: the table of versions is not what the entries say (I10)")


def check_acknowledged(below, above):
    """I1: what the node above has acknowledged, it holds with its payloads. I5 and I6: no log forked, no evidence, at either. Returns what was compared."""
    here, there = read_logs(below), read_logs(above)
    for node, logs in ((below, here), (above, there)):
        for log in logs.values():
            require(log.standing == "following" and log.evidence == 0, f"{node.name} {log.origin}: {log.standing}, {log.evidence} pieces of evidence (I6)")
    compared = 0
    for log in here.values():
        size, _ = log.received
        # What came down has its receipt from others.
        if size == 0 or _is_from_above(log, below, there):
            continue
        held = there.get(log.origin)
        require(held is not None and held.size >= size, f"{log.origin}: {size} acknowledged, {held.size if held else 0} held above (I1)")
        for index in range(size):
            mine, theirs = log.entries[index], held.entries[index]
            require(mine.bytes == theirs.bytes, f"{log.origin}: entry {index} is another one above (I1, I6)")
            has_payload = theirs.said["op"] != "put" or theirs.payload is not None
            require(has_payload, f"{log.origin}: entry {index} was acknowledged without its payload (I1)")
            compared += 1
    return compared


def _is_from_above(log, node, there):
    found = there.get(log.origin)
    return found is not None and found.is_own


def check_all_arrived(below, above, audiences=("public", "catalogue")):
    """Everything of the node below is acknowledged above: same sizes, same roots, same digest of the versions (I10)."""
    check_acknowledged(below, above)
    here, there = read_logs(below), read_logs(above)
    for audience in audiences:
        mine, theirs = here[below.own_log(audience)], there[below.own_log(audience)]
        require(mine.size == theirs.size == mine.received[0], f"{mine.origin}: {mine.size} here, {theirs.size} above, {mine.received[0]} acknowledged")
        require(mine.root(mine.size) == theirs.root(theirs.size), f"{mine.origin}: the roots differ")
        require(mine.standing_digest() == theirs.standing_digest(), f"{mine.origin}: what stands differs (I10)")
        if theirs.versions:
            require(mine.versions == theirs.versions, f"{mine.origin}: the tables of versions differ (I10)")
    return here[below.own_log()]


def check_imports(node):
    """Every acknowledged row is in the node's own log, once; of the others at most once."""
    names = read_logs(node)[node.own_log()].names()
    lost = sorted(node.acknowledged - names.keys())
    require(not lost, f"{node.name}: {len(lost)} acknowledged rows are not there, first “{lost[0] if lost else ''}” (I1)")
    doubled = [name for name in node.acknowledged | node.unsure if names.get(name, 0) > 1]
    require(not doubled, f"{node.name}: {len(doubled)} rows are there more than once (I3)")
    return len(node.acknowledged)


def require(is_so, otherwise):
    if not is_so:
        raise Failure(otherwise)


class _open:
    """A connection that reads only and is closed at the end."""

    def __init__(self, node):
        self.database = sqlite3.connect(f"file:{node.database}?mode=ro", uri=True, timeout=20, isolation_level=None)

    def __enter__(self):
        return self.database

    def __exit__(self, *_):
        self.database.close()


def _note(text):
    """(size, root) of a checkpoint as it is kept; (0, none) when there is none."""
    if not text:
        return 0, None
    _, size, root = text.split("\n")[:3]
    return int(size), base64.b64decode(root)


def _commitment(payload):
    return base64.b64encode(hashlib.sha256(payload).digest()).decode()


def _uuid(raw):
    text = bytes(raw).hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
