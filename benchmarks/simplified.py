"""Writes the table of traditional characters and their simplified forms that features read.

python benchmarks/simplified.py pipeline/zhengwen/stages/features/simplified.txt

The forms are those of OpenCC (`pip install "opencc>=1.4"`, Apache License 2.0), one character at a time; kept are those
of the basic plane that become another character of it. Needed only when OpenCC's dictionaries change.
"""

import argparse
from pathlib import Path

WIDTH = 40
"""Pairs on a line."""
RANGES = ((0x3400, 0xA000), (0xF900, 0xFB00))


def pairs() -> list[str]:
    """Each traditional character with its simplified form behind it."""
    from opencc import OpenCC

    convert = OpenCC("t2s").convert
    characters = (chr(code) for low, high in RANGES for code in range(low, high))
    found = ((one, convert(one)) for one in characters)
    return [one + other for one, other in found if one != other and len(other) == 1 and other < "\U00010000"]


def main() -> None:
    """Writes the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    a = parser.parse_args()
    found = pairs()
    lines = ["".join(found[i : i + WIDTH]) for i in range(0, len(found), WIDTH)]
    a.file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{len(found):,} pairs")


if __name__ == "__main__":
    main()
