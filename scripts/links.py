#!/usr/bin/env python3
"""Checks the links of the book and of the Markdown files at the root, without building the book.

A relative link must name a file that exists, its `#anchor` a heading of that file; every page of the book must stand in SUMMARY.md.

    python3 scripts/links.py
"""

import re
import sys
import unicodedata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BOOK = ROOT / "book/src"
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def without_code(text):
    """Blanks code blocks and code spans: what stands in them is no link.

    >>> without_code("a `[b](c)` d")
    'a  d'
    """
    text = re.sub(r"^(```|~~~).*?^\1", "", text, flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"`[^`\n]*`", "", text)


def anchor(heading):
    """The anchor mdBook gives to a heading.

    >>> anchor("Bốn ô của bảng theo dõi")
    'bốn-ô-của-bảng-theo-dõi'
    >>> anchor("Backup, restore")
    'backup-restore'
    """
    kept = []
    for character in unicodedata.normalize("NFC", heading.strip().lower()):
        if character.isalnum() or character in "_-":
            kept.append(character)
        elif character.isspace():
            kept.append("-")
    return "".join(kept)


def anchors(path):
    text = re.sub(r"^(```|~~~).*?^\1", "", path.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    return {anchor(line.lstrip("#").replace("`", "")) for line in text.splitlines() if line.startswith("#")}


def problems_of(path):
    problems = []
    for target in LINK.findall(without_code(path.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, fragment = target.partition("#")
        file = (path.parent / name).resolve() if name else path
        where = path.relative_to(ROOT)
        if not file.exists():
            problems.append(f"{where}: {target} does not exist")
        elif fragment and file.suffix == ".md" and fragment not in anchors(file):
            problems.append(f"{where}: {target} has no such heading")
    return problems


def main():
    pages = sorted(BOOK.rglob("*.md"))
    files = pages + sorted(ROOT.glob("*.md")) + sorted((ROOT / "tests/ui").glob("*.md"))
    problems = [problem for file in files for problem in problems_of(file)]
    summary = (BOOK / "SUMMARY.md").read_text(encoding="utf-8")
    listed = {(BOOK / target).resolve() for target in LINK.findall(summary)}
    for page in pages:
        if page.name != "SUMMARY.md" and page.resolve() not in listed:
            problems.append(f"{page.relative_to(ROOT)}: not listed in SUMMARY.md")
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"links: {len(files)} files checked, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
