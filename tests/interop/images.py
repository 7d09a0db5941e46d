#!/usr/bin/env python3
"""Programs we did not write decode the images on issued chips: images.py DIR...

Prints: the PyPI package `wsq` (NBIS), compared with the source of the example. Portrait: OpenJPEG's opj_decompress.
Signature: Pillow's JPEG. The data groups are walked here with a TLV reader of this script's own.
"""

import io
import json
import math
import pathlib
import subprocess
import sys
import tempfile

from PIL import Image
import wsq  # noqa: F401  registers the format with Pillow


def elements(data):
    at = 0
    while at < len(data):
        start, tag = at, data[at]
        at += 1
        if tag & 0x1F == 0x1F:
            while data[at] & 0x80:
                at += 1
            at += 1
        tag = data[start:at].hex()
        length = data[at]
        at += 1
        if length & 0x80:
            count = length & 0x7F
            length = int.from_bytes(data[at : at + count], "big")
            at += count
        yield tag, data[at : at + length]
        at += length


def find(data, *path):
    """Every value at the end of a path of tags."""
    for tag, value in elements(data):
        if tag == path[0]:
            if len(path) == 1:
                yield value
            else:
                yield from find(value, *path[1:])


def psnr(one, two):
    error = sum((a - b) ** 2 for a, b in zip(one, two)) / len(one)
    return 99.0 if error == 0 else 10 * math.log10(255 * 255 / error)


def prints(folder, sources):
    file = folder / "chip" / "DG3.bin"
    if not file.exists():
        return
    names = {2: "right-index", 7: "left-index", 1: "right-thumb", 6: "left-thumb", 3: "right-middle", 8: "left-middle"}
    for record in find(file.read_bytes(), "63", "7f61", "7f60", "5f2e"):
        assert record[:8] == b"FIR\0" b"010\0", record[:8]
        assert int.from_bytes(record[8:14], "big") == len(record)
        assert record[29] == 2, "WSQ"
        finger, quality = record[36], record[39]
        width, height = (int.from_bytes(record[at : at + 2], "big") for at in (41, 43))
        picture = Image.open(io.BytesIO(record[46:]))
        picture.load()
        assert picture.size == (width, height) and picture.mode == "L"
        source = Image.open(next(s for s in sources if s.name == f"{names[finger]}.png")).convert("L")
        likeness = psnr(list(picture.getdata()), list(source.getdata()))
        assert likeness > 20, likeness
        assert len(record) <= 18 * 1024 + 46
        print(f"    {names[finger]}: WSQ {len(record) - 46} bytes, {likeness:.1f} dB, quality {quality}")


def portrait(folder):
    (record,) = find((folder / "chip" / "DG2.bin").read_bytes(), "75", "7f61", "7f60", "5f2e")
    assert record[:8] == b"FAC\0" b"010\0" and int.from_bytes(record[8:12], "big") == len(record)
    assert record[35] == 1, "JPEG 2000"
    width, height = (int.from_bytes(record[at : at + 2], "big") for at in (36, 38))
    with tempfile.TemporaryDirectory() as temporary:
        coded, plain = pathlib.Path(temporary, "p.jp2"), pathlib.Path(temporary, "p.png")
        coded.write_bytes(record[46:])
        subprocess.run(["opj_decompress", "-i", coded, "-o", plain], check=True, capture_output=True)
        picture = Image.open(plain)
        assert picture.size == (width, height) and picture.mode == "RGB"
    assert len(record) - 46 <= 17 * 1024
    print(f"    portrait: JPEG 2000 {width} x {height}, {len(record) - 46} bytes")


def signature(folder):
    file = folder / "chip" / "DG7.bin"
    if file.exists():
        (coded,) = find(file.read_bytes(), "67", "5f43")
        picture = Image.open(io.BytesIO(coded))
        picture.load()
        print(f"    signature: {picture.format} {picture.size[0]} x {picture.size[1]}")


def proof(folder):
    text = subprocess.run(
        ["pdftotext", "-layout", folder / "card" / "proof.pdf", "-"], check=True, capture_output=True, text=True
    ).stdout
    for line in json.loads((folder / "document.json").read_text())["mrz"]:
        assert line in text, f"{line} is not in the text of the proof"
    print("    proof: the MRZ reads as text")


if __name__ == "__main__":
    examples = pathlib.Path(__file__).resolve().parents[2] / "examples" / "images" / "prints"
    people = [sorted(person.glob("*.png")) for person in sorted(examples.iterdir())]
    for argument in sys.argv[1:]:
        folder = pathlib.Path(argument)
        print(folder)
        portrait(folder)
        signature(folder)
        proof(folder)
        for sources in people:
            try:
                prints(folder, sources)
                break
            except AssertionError as wrong:
                if sources is people[-1]:
                    raise wrong
