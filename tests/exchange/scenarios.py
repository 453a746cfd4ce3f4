"""What is done to the nodes, and what must hold afterwards. Each scenario ends with a check by the databases and returns its figures."""

import os
import random
import threading
import time

import checker
from checker import require
from network import Relay, call, make_place
from node import Node, wait_for

CENTRE_SPACE = "192m"


class World:
    """A Centre, a province and a unit under it, joined. What goes up passes through relays in the middle."""

    def __init__(self, program, folder, seed):
        self.folder, self.seed = folder, seed
        self.chance = random.Random(seed)
        self.rows = 0
        places = {name: make_place(name, number) for number, name in enumerate(("centre", "province", "unit"), 1)}
        self.centre = Node(program, places["centre"], self.at("centre"), "bo.khcn", "Bộ Khoa học và Công nghệ")
        self.province = Node(program, places["province"], self.at("province"), "sokhcn.daklak", "Sở KH&CN Đắk Lắk")
        self.unit = Node(program, places["unit"], self.at("unit"), "donvi.daklak", "Sở KH&CN Đắk Lắk")
        self.to_centre = Relay(places["province"], places["centre"], 7100, seed)
        self.to_province = Relay(places["unit"], places["province"], 7200, seed + 1)
        # The Centre's disk is one that can be filled.
        os.makedirs(self.centre.folder)
        call("mount", "-t", "tmpfs", "-o", f"size={CENTRE_SPACE}", "disk", self.centre.folder)

    def at(self, name):
        return os.path.join(self.folder, name)

    def found(self):
        """Starts and joins the nodes."""
        self.centre.start()
        self.centre.command("node", "init", "--centre")
        self._join(self.province, self.centre, self.to_centre)
        self._join(self.unit, self.province, self.to_province)

    def _join(self, node, above, relay):
        node.start()
        code = above.command("node", "invite", node.name, "--title", f"{node.name} (minh họa)").split()[-1]
        node.command("node", "join", f"http://{relay.address}", code)
        wait_for(f"{node.name} has joined", lambda: checker.sizes(node)[node.own_log()][1] > 0 and checker.is_all_above(node, above))

    def names(self, count):
        """Names of rows that were never used before."""
        first, self.rows = self.rows, self.rows + count
        return [f"Người số {number} (minh họa)" for number in range(first, first + count)]

    def wait_until_all_is_above(self, node=None, above=None, seconds=90):
        node, above = node or self.province, above or self.centre
        return wait_for(f"all of {node.name} is at {above.name}", lambda: checker.is_all_above(node, above), seconds)


def killed_at_random(world, kills=24):
    """F1: kill -9 of province, Centre and imports at random moments while rows come in."""
    is_over = threading.Event()
    ended = {"acknowledged": 0, "killed": 0, "failed": 0}
    troubles = []

    def import_on():
        try:
            while not is_over.is_set():
                begun = world.province.begin_import(world.names(world.chance.randrange(5, 60)))
                dies_after = world.chance.uniform(0.05, 1.0) if world.chance.random() < 0.25 else None
                if dies_after is not None and not is_over.wait(dies_after):
                    begun.kill()
                went_well = begun.is_acknowledged(timeout=120)
                ended["acknowledged" if went_well else "failed" if dies_after is None else "killed"] += 1
                if not went_well and dies_after is None:
                    troubles.append(begun.said)
        except Exception as error:  # noqa: BLE001 (told by the thread that waits)
            troubles.append(repr(error))
            is_over.set()

    importing = threading.Thread(target=import_on)
    importing.start()
    try:
        for _ in range(kills):
            if is_over.wait(world.chance.uniform(0.2, 1.6)):
                break
            victim = world.chance.choice((world.province, world.centre))
            victim.kill()
            time.sleep(world.chance.choice((0, 0, 0.3)))
            victim.start()
    finally:
        is_over.set()
        importing.join()
    require(not troubles, f"imports that nobody killed failed: {troubles[:3]}")
    killed = world.province.kills + world.centre.kills
    require(killed >= kills and ended["acknowledged"] > 0, f"{killed} kills, {ended}")
    caught_up = world.wait_until_all_is_above()
    rows = checker.check_imports(world.province)
    log = checker.check_all_arrived(world.province, world.centre)
    return f"{killed} kills of nodes, {ended['killed']} of imports; {rows} acknowledged rows, none lost; {log.size} entries the same at both, caught up in {caught_up:.0f} s"


def partition(world, seconds=20):
    """F5, I11: the line is down; imports go on, the delay is to be seen, and it heals by itself without hurry."""
    province, relay = world.province, world.to_centre
    before = len(province.acknowledged)
    province.import_rows(world.names(20))
    province.place.set_line(False)
    tried, begun = province.place.connections_tried(), time.monotonic()
    imports, seen, told_after = 0, {}, None
    while time.monotonic() - begun < seconds or (told_after is None and time.monotonic() - begun < 60):
        province.import_rows(world.names(20))
        imports += 1
        seen = province.status()[province.own_log()]
        if told_after is None and relay.address in (seen["last_error"] or ""):
            told_after = time.monotonic() - begun
        time.sleep(1)
    lasted = time.monotonic() - begun
    tried = province.place.connections_tried() - tried
    require(seen["received"] < seen["next"] and seen["lag_seconds"] >= seconds // 2, f"the delay cannot be seen: {seen}")
    require(told_after is not None, f"the reason cannot be seen: {seen}")
    # Some ten lanes that try after 1, 2, 4, 8, … seconds.
    require(tried <= 5 * lasted, f"{tried} connections tried in {lasted:.0f} s: a busy loop")
    province.place.set_line(True)
    healed = world.wait_until_all_is_above()
    wait_for("the reason is gone", lambda: province.status()[province.own_log()]["last_error"] is None, 30)
    checker.check_imports(province)
    checker.check_all_arrived(province, world.centre)
    return (
        f"{lasted:.0f} s without a line: {imports} imports went on ({len(province.acknowledged) - before} rows), lag {seen['lag_seconds']} s seen, "
        f"the reason after {told_after:.0f} s, {tried * 60 / lasted:.0f} connections/min tried; healed in {healed:.0f} s"
    )


def latency(world, rows=500, delay=2.0):
    """F5: every byte comes two seconds late, each way."""
    relay = world.to_centre
    relay.delay = delay
    before = relay.mark()
    world.province.import_rows(world.names(rows))
    took = world.wait_until_all_is_above()
    used = relay.mark().since(before)
    relay.delay = 0.0
    checker.check_imports(world.province)
    checker.check_all_arrived(world.province, world.centre)
    return f"{rows} rows over a line of {delay:.0f} s each way: at the Centre after {took:.0f} s, {used.connections} connections, {used.total:,} bytes"


def slow_line(world, rows=2400, kilobits=64):
    """F5, I7: 64 kbit/s, and the province is killed in the middle: it goes on where it was.

    What a kill wastes is about one append, some seconds of the line; the upload is long enough for that to be well below the limit.
    """
    province, relay = world.province, world.to_centre
    clean = _upload(world, rows, lambda: None)
    province.place.slow_down(kilobits)
    before, share = relay.mark(), world.chance.uniform(0.4, 0.8)

    def kill_in_the_middle():
        wait_for("half of it is under way", lambda: relay.mark().since(before).total >= share * clean.total)
        province.kill()
        province.start()

    begun = time.monotonic()
    killed = _upload(world, rows, kill_in_the_middle)
    took = time.monotonic() - begun
    province.place.speed_up()
    ratio = killed.total / clean.total
    require(ratio <= 1.3, f"{killed.total:,} bytes with a kill, {clean.total:,} without: {ratio:.2f} times (I7)")
    checker.check_imports(province)
    checker.check_all_arrived(province, world.centre)
    return f"{rows} rows at {kilobits} kbit/s, province killed after {share:.0%} of the bytes: {took:.0f} s, {killed.total:,} bytes on the wire, {ratio:.2f} × an undisturbed upload"


def _upload(world, rows, disturb):
    """Rows that were imported while the line was down go up; what that took on the wire."""
    province, relay = world.province, world.to_centre
    province.stop()
    province.import_rows(world.names(rows))
    before = relay.mark()
    province.start()
    disturb()
    world.wait_until_all_is_above()
    return relay.mark().since(before)


def hostile_carrier(world, seconds=15):
    """F6: connections are cut at random bytes, and what was carried comes a second time."""
    relay = world.to_centre
    cuts, repeated = relay.cuts, relay.repeated
    relay.cut_share, relay.repeat_share = 0.6, 0.5
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        relay.hang_up()
        world.province.import_rows(world.names(15))
    relay.cut_share = 0.0
    healed = world.wait_until_all_is_above(seconds=180)
    relay.repeat_share = 0.0
    cuts, repeated = relay.cuts - cuts, relay.repeated - repeated
    require(cuts > 0 and repeated > 0, f"nothing was done to the calls: {cuts} cuts, {repeated} repeated")
    checker.check_imports(world.province)
    checker.check_all_arrived(world.province, world.centre)
    return f"{cuts} connections cut in the middle, {repeated} carried twice; all there {healed:.0f} s later, nothing doubled"


def full_disk(world, rows=3000):
    """F4: the Centre's disk is full: it refuses cleanly, its pages answer, and it recovers when there is room."""
    province, centre = world.province, world.centre
    log = province.own_log()
    before = checker.sizes(centre)[log][0]
    province.place.set_line(False)
    province.import_rows(world.names(rows))
    # A fresh start leaves no room inside the database's own files.
    centre.stop()
    centre.start()
    disk = FullDisk(os.path.join(centre.folder, "ballast"))
    begun = time.monotonic()
    province.place.set_line(True)
    wait_for("the refusal is told", lambda: _is_refusal(province.status()[log]), 60)
    own = centre.begin_import(world.names(2000))
    require(not own.is_acknowledged(timeout=120), "the Centre acknowledged rows that there was no room for")
    for path in ("/", "/chi-dao", "/tin"):
        status = centre.page(path)
        require(status == 200, f"with a full disk {path} answers {status}:\n{centre.last_words()}")
    said = province.status()[log]
    time.sleep(8)
    held = checker.sizes(centre)[log][0]
    require(held < before + rows, f"the disk was not full: {held} entries came in")
    checker.check_acknowledged(province, centre)
    full_for = time.monotonic() - begun
    disk.make_room()
    recovered = world.wait_until_all_is_above(seconds=180)
    checker.check_imports(province)
    checker.check_imports(centre)
    checker.check_all_arrived(province, centre)
    return (
        f"{rows} rows met a full disk for {full_for:.0f} s: {held - before} taken, the rest refused (“{said['last_error_en'][:60]}…”), pages answered; "
        f"all there {recovered:.0f} s after there was room"
    )


class FullDisk:
    """Takes all room that is left, and what becomes free meanwhile: views that are rebuilt give some back."""

    def __init__(self, ballast):
        self._ballast, self._has_room = ballast, threading.Event()
        self._fill()
        self._filling = threading.Thread(target=self._keep_full, daemon=True)
        self._filling.start()

    def _keep_full(self):
        while not self._has_room.wait(0.02):
            self._fill()

    def _fill(self):
        with open(self._ballast, "ab", buffering=0) as file:
            for size in (1 << 20, 4096):
                try:
                    while file.write(b"\0" * size) == size:
                        pass
                except OSError:
                    continue

    def make_room(self):
        self._has_room.set()
        self._filling.join()
        os.remove(self._ballast)


def _is_refusal(standing):
    return "no room on its disk" in (standing["last_error_en"] or "")


def province_restored(world, backup):
    """F8: the province comes back from a backup of before, goes on working, and only then meets the Centre."""
    province = world.province
    known = len(province.acknowledged)
    size = checker.sizes(province)[province.own_log()][0]
    province.kill()
    province.restore(backup)
    kept = checker.sizes(province)[province.own_log()][0]
    require(kept < size, "the backup is not older")
    new = world.names(40)
    province.import_rows(new)
    province.start()
    took = world.wait_until_all_is_above()
    # Rows whose import was killed may have come back from the Centre; that is no loss.
    checker.check_imports(province)
    log = checker.check_all_arrived(province, world.centre)
    require(log.size >= size + len(new), f"{log.size} entries after the restore, {size} before it and {len(new)} new")
    require(set(new) <= log.names().keys(), "rows written after the restore are lost")
    return f"back to {kept} of {size} entries, {len(new)} new rows; after {took:.0f} s it had all {known + len(new)} acknowledged rows again, its own kept, no fork"


def centre_restored(world, backup):
    """F9: the Centre comes back from a backup of before: the province appends again."""
    province, centre = world.province, world.centre
    log = province.own_log()
    size = checker.sizes(centre)[log][0]
    centre.stop()
    centre.restore(backup)
    kept = checker.sizes(centre)[log][0]
    require(kept < size, "the backup is not older")
    before = world.to_centre.mark()
    centre.start()
    province.import_rows(world.names(10))
    took = world.wait_until_all_is_above()
    world.wait_until_all_is_above(world.unit, province)
    used = world.to_centre.mark().since(before)
    checker.check_imports(province)
    checker.check_all_arrived(province, centre)
    return f"the Centre went back from {size} to {kept} entries; the province brought them again in {took:.0f} s, {used.total:,} bytes; nothing acknowledged is lost"


def restored_twice(world):
    """I10: the same state restored twice gives the same roots and the same digest of what stands, here and at the Centre."""
    province = world.province
    world.wait_until_all_is_above()
    province.stop()
    backup = world.at("backup-i10")
    province.backup(backup)
    here = checker.read_logs(province)[province.own_log()]
    above = checker.read_logs(world.centre)[province.own_log()]
    for number in (1, 2):
        copy = Node(province.program, province.place, world.at(f"copy-{number}"), province.name, province.body)
        os.makedirs(copy.folder)
        copy.restore(backup)
        copy.command("verify")
        log = checker.read_logs(copy)[province.own_log()]
        for other in (here, above):
            require(log.root(log.size) == other.root(other.size), "the roots differ (I10)")
            require(log.standing_digest() == other.standing_digest(), "what stands differs (I10)")
    province.start()
    stands = len({record for record, _ in here.versions})
    by = "versions" if above.versions else "entries"
    return f"two restored copies, the province and the Centre: {stands} records, digest {here.standing_digest()[:16]}…, all equal (the Centre's by its {by})"


def relayed(world, rows=300, kills=4):
    """A unit's log reaches the Centre through the province, which is killed meanwhile."""
    unit, province, centre = world.unit, world.province, world.centre
    killed = 0
    for _ in range(kills):
        unit.import_rows(world.names(rows // kills))
        time.sleep(world.chance.uniform(0, 1))
        province.kill()
        killed += 1
        province.start()
    took = world.wait_until_all_is_above(unit, province)
    log = unit.own_log()
    passed_on = wait_for("the unit's log is at the Centre", lambda: checker.sizes(centre).get(log, (0,))[0] == checker.sizes(unit)[log][0])
    wait_for("the Centre has the unit's signature", lambda: checker.sizes(centre)[log][2] == checker.sizes(unit)[log][0], 30)
    checker.check_imports(unit)
    mine = checker.check_all_arrived(unit, province)
    checker.check_acknowledged(province, centre)
    theirs = checker.read_logs(centre)[log]
    require(mine.root(mine.size) == theirs.root(theirs.size) == theirs.signed[1], f"{log}: the root at the Centre differs")
    require(all(entry.payload is not None for entry in theirs.entries if entry.said["op"] == "put"), f"{log}: payloads are missing at the Centre (I1)")
    return f"{rows} rows of a unit through a province that was killed {killed} times: at the province after {took:.0f} s, {mine.size} entries at the Centre {passed_on:.0f} s later"
