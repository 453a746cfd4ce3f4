#!/usr/bin/env python3
"""Counts syllable pairs in a Vietnamese corpus (JSON lines, plain or gzip, with a text member) and prints the frequent ones.

    python3 scripts/pairs.py CORPUS.jsonl.gz > catalogue/text/pairs.tsv

Output: one line per first syllable: first <TAB> second count second count ...  Syllables are lower case NFC; pairs across punctuation do not count.
The counts are facts about the language; the corpus itself is not kept.
"""
import collections
import gzip
import json
import re
import sys
import unicodedata

LEAST = 4


def texts(path):
    opened = gzip.open(path, "rt", encoding="utf-8") if path.endswith(".gz") else open(path, encoding="utf-8")
    with opened as lines:
        for line in lines:
            record = json.loads(line)
            yield " . ".join(str(value) for value in record.values() if isinstance(value, str))


def main():
    pairs = collections.Counter()
    for text in texts(sys.argv[1]):
        text = unicodedata.normalize("NFC", text).lower()
        for run in re.split(r"[^\w ]+|\d+|_", text):
            syllables = [part for part in run.split() if part.isalpha() and len(part) <= 7]
            pairs.update(zip(syllables, syllables[1:]))
    following = collections.defaultdict(list)
    for (first, second), count in pairs.items():
        if count >= LEAST:
            following[first].append((second, count))
    for first in sorted(following):
        rest = " ".join(f"{second} {count}" for second, count in sorted(following[first]))
        print(f"{first}\t{rest}")


if __name__ == "__main__":
    main()
