"""People who save records through the program's own form, each knowing what was told to him."""

import html.parser
import http.client
import re
import threading
import time
import urllib.parse

from network import PORT

# Tries of one writer, one after another, that may fail before it says that the program did not come back.
MOST_TRIES = 240
PAUSE = 0.5


class Told:
    """What one try was told: saved under an address, not saved, or nothing that can be relied on."""

    def __init__(self, saved=None, is_refused=False, words=""):
        self.saved, self.is_refused, self.words = saved, is_refused, words


class FormFields(html.parser.HTMLParser):
    """The version of the form and the chosen owner, as a browser would send them."""

    def __init__(self):
        super().__init__()
        self.form, self.owner, self.is_owner = None, None, False

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "select":
            self.is_owner = given.get("name") == "owner"
        elif tag == "option" and self.is_owner and "selected" in given:
            self.owner = given.get("value")
        elif tag == "input" and given.get("name") == "_form":
            self.form = given.get("value")


class Person:
    """A session in the program, the same on each of its servers."""

    def __init__(self, addresses, link):
        self.addresses = addresses
        status, headers, _ = self.request("POST", urllib.parse.urlparse(link).path)
        if status != 303:
            raise RuntimeError(f"signing in was answered with {status}")
        self.cookie = headers["Set-Cookie"].split(";")[0]
        fields = FormFields()
        fields.feed(self.request("GET", "/bieu-mau/person/moi")[2])
        self.fields = {"_form": fields.form, "owner": fields.owner}

    def request(self, method, path, fields=None, server=0, timeout=90):
        connection = http.client.HTTPConnection(self.addresses[server % len(self.addresses)], PORT, timeout=timeout)
        try:
            headers = {"Cookie": getattr(self, "cookie", ""), "Sec-Fetch-Site": "same-origin", "Accept": "text/html"}
            body = None
            if fields is not None:
                headers["Content-Type"] = "application/x-www-form-urlencoded"
                body = urllib.parse.urlencode(fields)
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read().decode(errors="replace")
        finally:
            connection.close()

    def save(self, name, server):
        try:
            status, headers, page = self.request("POST", "/bieu-mau/person/moi", {**self.fields, "name": name}, server)
        except (OSError, http.client.HTTPException) as error:
            return Told(words=str(error) or type(error).__name__)
        if status == 303 and (found := re.fullmatch(r"/r/([0-9a-f-]{36})", headers["Location"])):
            return Told(saved=found[1])
        return Told(is_refused=status == 503 and "chưa lưu gì" in page, words=f"{status} {headers.get('Location') or ''}".strip())


class Load:
    """Writers that go on until they are stopped."""

    def __init__(self, person, writers):
        self.person = person
        self.lock = threading.Lock()
        # Name → (record, number of the writer); names that were told not to be saved; names of which nothing is known, with what was said.
        self.acknowledged, self.refused, self.unsure = {}, set(), {}
        self.last = time.monotonic()
        self.longest_row = 0
        self.given_up = None
        self.is_over = threading.Event()
        self.threads = [threading.Thread(target=self.write, args=(number,), daemon=True) for number in range(writers)]
        for thread in self.threads:
            thread.start()

    def write(self, number):
        failed = count = 0
        while not self.is_over.is_set() and failed < MOST_TRIES:
            count += 1
            name = f"Người thử {number} {count:06}"
            told = self.person.save(name, number)
            with self.lock:
                if told.saved:
                    self.acknowledged[name] = told.saved, number
                    self.last, failed = time.monotonic(), 0
                    continue
                failed += 1
                self.longest_row = max(self.longest_row, failed)
                if told.is_refused:
                    self.refused.add(name)
                else:
                    self.unsure[name] = told.words
            time.sleep(PAUSE)
        if failed >= MOST_TRIES:
            self.given_up = f"writer {number} gave up after {failed} tries"

    def count(self):
        with self.lock:
            return len(self.acknowledged)

    def stop(self):
        self.is_over.set()
        for thread in self.threads:
            thread.join()
