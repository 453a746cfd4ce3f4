"""One node: the real program with a data folder of its own, at a place in the network."""

import json
import os
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

from network import PORT

ROOT = Path(__file__).resolve().parents[2]


class Failure(Exception):
    """Something that must hold did not."""


def wait_for(what, is_so, seconds=90):
    """Waits until it is so and says how long that took."""
    begun = time.monotonic()
    while not is_so():
        if time.monotonic() - begun > seconds:
            raise Failure(f"waited {seconds} s in vain: {what}")
        time.sleep(0.1)
    return time.monotonic() - begun


def program():
    """The program: LIENVUNG_BIN, else the debug build, made when it is not up to date."""
    if path := os.environ.get("LIENVUNG_BIN"):
        return str(Path(path).resolve())
    subprocess.run(["cargo", "build"], cwd=ROOT, check=True)
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    return str((ROOT / target / "debug" / "lienvung").resolve())


class Node:
    def __init__(self, program, place, folder, name, body):
        self.program, self.place, self.folder, self.name, self.body = program, place, folder, name, body
        self.log_path = f"{folder}.log"
        self.process = None
        self.kills = 0
        # Names of rows whose import was acknowledged; of rows whose import was killed.
        self.acknowledged = set()
        self.unsure = set()

    @property
    def database(self):
        return os.path.join(self.folder, "lienvung.sqlite")

    def own_log(self, audience="public"):
        return f"lv1/{self.name}/{audience}"

    def start(self):
        """Starts the program; again when an import holds the folder, as a service manager does."""
        until = time.monotonic() + 60
        while time.monotonic() < until:
            self._spawn()
            while time.monotonic() < until and self.process.poll() is None:
                if self.page("/healthz") == 200 or self._is_ready_here():
                    return
                time.sleep(0.05)
            time.sleep(0.2)
        raise Failure(f"{self.name} does not start:\n{self.last_words()}")

    def _spawn(self):
        first = ["--node", self.name, "--body", self.body, "--admin", "quantri"]
        serve = [self.program, "serve", "--data", self.folder, "--listen", f"{self.place.address}:{PORT}", *first]
        with open(self.log_path, "a", encoding="utf-8") as log:
            self.process = subprocess.Popen(self.place.command(*serve), stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def _is_ready_here(self):
        """Whether it listens, seen from its own machine: its line may be down."""
        listening = subprocess.run(self.place.command("cat", "/proc/net/tcp"), capture_output=True, text=True).stdout
        return any(f":{PORT:04X} 00000000:0000 0A" in line for line in listening.splitlines())

    def kill(self):
        """kill -9, in the middle of whatever it does."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.kills += 1

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            raise Failure(f"{self.name} does not stop when it is asked to:\n{self.last_words()}") from None

    def command(self, *arguments, check=True):
        """A command of the program on the node's folder; what it printed."""
        command = self.place.command(self.program, "--lang", "en", *arguments, "--data", self.folder)
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
        if check and done.returncode != 0:
            raise Failure(f"{self.name}: {' '.join(arguments)} ended with {done.returncode}: {done.stderr.strip()} {done.stdout.strip()}")
        return done.stdout

    def begin_import(self, names):
        """An import under way in a process of its own."""
        table = f"{self.folder}.rows.{len(self.acknowledged) + len(self.unsure)}.csv"
        with open(table, "w", encoding="utf-8") as rows:
            rows.write("name\n" + "\n".join(names) + "\n")
        command = [self.program, "import", "person", table, "--json", "--data", self.folder]
        process = subprocess.Popen(self.place.command(*command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        return Import(self, process, names, table)

    def import_rows(self, names):
        """An import that must succeed."""
        begun = self.begin_import(names)
        if not begun.is_acknowledged(timeout=300):
            raise Failure(f"{self.name}: an import of {len(names)} rows failed: {begun.said}")

    def status(self):
        """The logs by their origin, as `lienvung status --json` tells."""
        return {log["origin"]: log for log in json.loads(self.command("status", "--json"))["logs"]}

    def page(self, path):
        """The status of a page, asked for from the middle; none when no answer came."""
        try:
            with urllib.request.urlopen(f"http://{self.place.address}:{PORT}{path}", timeout=10) as answer:
                answer.read()
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return None

    def backup(self, to):
        self.command("backup", to)

    def restore(self, backup):
        """The disk is lost; a fresh folder comes from the backup. The node must be stopped."""
        for entry in os.listdir(self.folder):
            path = os.path.join(self.folder, entry)
            shutil.rmtree(path) if os.path.isdir(path) else os.remove(path)
        self.command("restore", backup)

    def last_words(self):
        try:
            with open(self.log_path, encoding="utf-8") as log:
                return "".join(log.readlines()[-15:])
        except OSError:
            return ""


class Import:
    def __init__(self, node, process, names, table):
        self.node, self.process, self.names, self.table = node, process, names, table
        self.said = ""

    def kill(self):
        self.process.kill()

    def is_acknowledged(self, timeout):
        """Waits for its end; what it acknowledged is noted at the node."""
        printed, complaints = self.process.communicate(timeout=timeout)
        self.said = complaints.strip() + printed.strip()
        os.remove(self.table)
        if self.process.returncode == 0 and json.loads(printed)["accepted"] == len(self.names):
            self.node.acknowledged.update(self.names)
            return True
        self.node.unsure.update(self.names)
        return False
