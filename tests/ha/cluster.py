"""Three hosts with etcd, Patroni and PostgreSQL from Debian's packages, each in a namespace of its own, with a synchronous standby."""

import json
import os
import pwd
import shutil
import signal
import subprocess
import urllib.request

from network import call
from node import Failure, wait_for

DATABASE = "lienvung"
PASSWORD = "mat-khau-de-thu"
# PostgreSQL refuses to run as root.
USER = pwd.getpwnam("nobody")
AS_SERVER = ["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups", "env", "HOME=/", "LANG=C.UTF-8"]


def binaries():
    """The folder of PostgreSQL's programs, the newest version that is there."""
    found = sorted(os.listdir("/usr/lib/postgresql"), key=float)
    return f"/usr/lib/postgresql/{found[-1]}/bin"


class Host:
    def __init__(self, place, folder):
        self.place, self.folder = place, folder
        self.name, self.address = place.name, place.address
        self.etcd = self.patroni = None
        os.mkdir(folder)
        os.chown(folder, USER.pw_uid, USER.pw_gid)

    def spawn(self, name, command):
        with open(f"{self.folder}/{name}.log", "ab") as log:
            return subprocess.Popen(self.place.command(*AS_SERVER, *command), stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def start_etcd(self, hosts):
        peers = ",".join(f"{host.name}=http://{host.address}:2380" for host in hosts)
        own = f"http://{self.address}"
        listen = ["--listen-client-urls", f"{own}:2379", "--advertise-client-urls", f"{own}:2379", "--listen-peer-urls", f"{own}:2380"]
        cluster = ["--initial-advertise-peer-urls", f"{own}:2380", "--initial-cluster", peers, "--initial-cluster-state", "new"]
        self.etcd = self.spawn("etcd", ["etcd", "--name", self.name, "--data-dir", f"{self.folder}/etcd", "--log-level", "error", "--enable-v2", "--pre-vote", *listen, *cluster])

    def is_etcd_decided(self):
        try:
            with urllib.request.urlopen(f"http://{self.address}:2379/version", timeout=2) as answer:
                return json.loads(answer.read())["etcdcluster"] != "not_decided"
        except OSError:
            return False

    def start_patroni(self):
        self.patroni = self.spawn("patroni", ["patroni", f"{self.folder}/patroni.yml"])

    def processes(self, names):
        """Processes of the host whose program has one of the names."""
        found = []
        for number in call("ip", "netns", "pids", self.name).split():
            try:
                with open(f"/proc/{number}/comm", encoding="utf-8") as comm:
                    if comm.read().strip() in names:
                        found.append(int(number))
            except OSError:
                continue
        return found

    def kill_database(self):
        """kill -9 for Patroni and then for every process of PostgreSQL: neither says good-bye."""
        self.patroni.kill()
        self.patroni.wait()
        while processes := self.processes({"postgres", "patroni"}):
            for number in processes:
                try:
                    os.kill(number, signal.SIGKILL)
                except ProcessLookupError:
                    continue

    def question(self, statement, database=DATABASE):
        """The rows that a question of the superuser brings, as text."""
        place = f"host={self.address} dbname={database} user=postgres password={PASSWORD} sslmode=require connect_timeout=3"
        return call(f"{binaries()}/psql", place, "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", statement)

    def try_question(self, statement):
        """The same without spaces around; none when the host does not answer."""
        try:
            return self.question(statement, "postgres").strip()
        except RuntimeError:
            return None

    def last_words(self, name):
        try:
            with open(f"{self.folder}/{name}.log", encoding="utf-8", errors="replace") as log:
                return "".join(log.readlines()[-12:])
        except OSError:
            return ""


class Cluster:
    def __init__(self, places, folder):
        os.chmod(folder, 0o755)
        self.hosts = [Host(place, f"{folder}/{place.name}") for place in places]
        self.roots = f"{folder}/roots.pem"
        self.make_certificates(folder)
        for host in self.hosts:
            with open(f"{host.folder}/patroni.yml", "w", encoding="utf-8") as settings:
                # JSON is YAML too.
                json.dump(self.settings(host), settings, indent=1)

    def make_certificates(self, folder):
        """A certification body of the house, and a certificate of each host with its address."""
        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
        call("openssl", "req", "-x509", *key, "-keyout", f"{folder}/roots.key", "-out", self.roots, "-subj", "/CN=Noi cap chung thu thu nghiem")
        for host in self.hosts:
            at, request = f"{host.folder}/server", f"{host.folder}/server.request"
            call("openssl", "req", "-new", *key[:5], "-keyout", f"{at}.key", "-out", request, "-subj", f"/CN={host.name}")
            with open(f"{at}.ext", "w", encoding="utf-8") as names:
                names.write(f"subjectAltName=IP:{host.address}\nbasicConstraints=CA:FALSE\n")
            signer = ["-CA", self.roots, "-CAkey", f"{folder}/roots.key", "-CAcreateserial", "-days", "2", "-extfile", f"{at}.ext"]
            call("openssl", "x509", "-req", "-in", request, *signer, "-out", f"{at}.pem")
            for name in ("server.key", "server.pem"):
                os.chown(f"{host.folder}/{name}", USER.pw_uid, USER.pw_gid)
            os.chmod(f"{at}.key", 0o600)

    def settings(self, host):
        """Patroni's settings, those that the operator's chapter shows."""
        rules = ["local all all trust", "hostssl replication standby all scram-sha-256", "hostssl all all all scram-sha-256"]
        own = {
            "unix_socket_directories": host.folder,
            "ssl": "on",
            "ssl_cert_file": f"{host.folder}/server.pem",
            "ssl_key_file": f"{host.folder}/server.key",
        }
        return {
            "scope": DATABASE,
            "name": host.name,
            "restapi": {"listen": f"{host.address}:8008", "connect_address": f"{host.address}:8008"},
            # The older of etcd's two interfaces. Debian 12's Patroni keeps what it has read over the newer one (`etcd3`) and goes on believing it after a cut: an
            # old primary that came back took the lead again and threw away what had been saved meanwhile.
            "etcd": {"hosts": [f"{other.address}:2379" for other in self.hosts]},
            "bootstrap": {
                "dcs": {
                    "ttl": 20,
                    "loop_wait": 2,
                    "retry_timeout": 5,
                    "synchronous_mode": True,
                    "synchronous_mode_strict": True,
                    "postgresql": {"use_pg_rewind": True, "parameters": {"max_connections": 100, "wal_keep_size": "256MB", "wal_sender_timeout": "10s"}},
                },
                "initdb": [{"encoding": "UTF8"}, {"locale": "C.UTF-8"}, "data-checksums"],
            },
            "postgresql": {
                "listen": f"{host.address}:5432",
                "connect_address": f"{host.address}:5432",
                "data_dir": f"{host.folder}/data",
                "bin_dir": binaries(),
                "pgpass": f"{host.folder}/pgpass",
                "pg_hba": rules,
                "parameters": own,
                "authentication": {
                    "superuser": {"username": "postgres", "password": PASSWORD},
                    "replication": {"username": "standby", "password": PASSWORD},
                    "rewind": {"username": "rewinder", "password": PASSWORD},
                },
            },
        }

    def start(self):
        for host in self.hosts:
            host.start_etcd(self.hosts)
        # Patroni does not bear an etcd that has no leader yet.
        wait_for("etcd has a leader", lambda: all(host.is_etcd_decided() for host in self.hosts), 60)
        for host in self.hosts:
            host.start_patroni()
        took = wait_for("the cluster has a primary and two standbys, one of them synchronous", self.is_whole, 120)
        primary = self.primary()
        primary.question(f"CREATE ROLE {DATABASE} LOGIN PASSWORD '{PASSWORD}'", "postgres")
        primary.question(f"CREATE DATABASE {DATABASE} OWNER {DATABASE} TEMPLATE template0 ENCODING UTF8 LOCALE 'C.UTF-8'", "postgres")
        return took

    def address(self):
        """What the program is given: all three hosts, with certificates that have to be right."""
        hosts = ",".join(f"{host.address}:5432" for host in self.hosts)
        return f"postgres://{DATABASE}:{PASSWORD}@{hosts}/{DATABASE}?sslmode=verify-full&sslrootcert={self.roots}"

    def primary(self, but=()):
        """The host whose database takes writes; none while there is none, or more than one says so."""
        found = [host for host in self.hosts if host not in but and host.try_question("SELECT pg_is_in_recovery()") == "f"]
        return found[0] if len(found) == 1 else None

    def is_whole(self):
        """Whether two standbys follow one primary, one of them synchronously."""
        primary = self.primary()
        followers = "SELECT string_agg(sync_state, ' ' ORDER BY sync_state) FROM pg_stat_replication WHERE state = 'streaming' AND application_name LIKE 'host_'"
        return primary is not None and primary.try_question(followers) == "async sync"

    def contents(self, host):
        """A digest over every entry and every row of the cabinet, as this host has them."""
        rows = "SELECT place::text || encode(bytes, 'hex') || coalesce(encode(payload, 'hex'), '') AS t FROM entry"
        kept = "SELECT drawer || key || value FROM cabinet"
        return host.question(f"SELECT md5(string_agg(t, '' ORDER BY t COLLATE \"C\")) FROM ({rows} UNION ALL {kept}) r").strip()

    def stop(self):
        for host in self.hosts:
            if host.patroni:
                host.kill_database()
            if host.etcd:
                host.etcd.kill()
                host.etcd.wait()

    def last_words(self):
        return "\n".join(f"--- {host.name} {name}\n{host.last_words(name)}" for host in self.hosts for name in ("patroni", "etcd"))


def missing_packages():
    """Debian's packages that are not there."""
    needed = {"patroni": "patroni", "etcd": "etcd-server", "ip": "iproute2", "openssl": "openssl", "setpriv": "util-linux"}
    missing = [package for program, package in needed.items() if shutil.which(program) is None]
    if not os.path.isdir("/usr/lib/postgresql") or not os.path.exists(f"{binaries()}/postgres"):
        missing.append("postgresql")
    return missing


def install(packages):
    quietly = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-qq"], check=True, env=quietly)
    subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages], check=True, env=quietly)
    if still := missing_packages():
        raise Failure(f"the packages {', '.join(still)} did not bring what is needed")
