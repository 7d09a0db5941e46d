"""Speaks to the ABIS with programs that we did not write: abis.py PROGRAM WORK

`nistitl` writes and reads the transactions; `wsq` (NBIS) codes the image of one of them. OSIA is spoken with bare HTTP.
"""

import base64
import io
import json
import pathlib
import re
import struct
import subprocess
import sys
import time
import urllib.error
import urllib.request

import nistitl
import wsq  # noqa: F401  registers the format with Pillow
from PIL import Image

program, work = sys.argv[1], pathlib.Path(sys.argv[2])
data, folder = work / "abis", work / "exchange"
prints = pathlib.Path("examples/images/prints")
token = subprocess.run([program, "abis", "token", "--data", data, "interop"], check=True, capture_output=True, text=True)
token = token.stdout.strip()
server = subprocess.Popen(
    [program, "abis", "serve", "--data", data, "--listen", "127.0.0.1:0", "--folder", folder],
    stdout=subprocess.PIPE, text=True,
)
try:
    address = re.search(r"http://\S+", server.stdout.readline()).group()

    def ask(method, path, body, kind="application/json"):
        request = urllib.request.Request(address + path, data=body, method=method)
        request.add_header("Authorization", f"Bearer {token}")
        request.add_header("Content-Type", kind)
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read()

    def transaction(kind, case, record):
        message = nistitl.Message()
        message.TOT = kind
        message[0].DAT, message[0].DAI, message[0].ORI, message[0].TCN = "20261122", "AFIS", "POLICE", case
        message[0].NSR = message[0].NTR = "19.69"
        user = nistitl.AsciiRecord(2)
        user.IDC = 0
        user += nistitl.Field(2, 3, case)
        message += user
        record.IDC = 1
        message += record
        return message.NIST

    def found(answer):
        message = nistitl.Message()
        message.parse(answer)
        text = [field for field in answer.split(b"\x1d") if field.startswith(b"2.059:")]
        cases = text[0][6:].rstrip(b"\x1c").split(b"\x1e") if text else []
        return message.TOT, [case.split(b"\x1f")[0].decode() for case in cases if case]

    def image_record(person, coded):
        picture = Image.open(prints / person / "right-index.png").convert("L")
        bytes_ = picture.tobytes()
        if coded:
            file = io.BytesIO()
            picture.save(file, "WSQ")
            bytes_ = file.getvalue()
        return picture, bytes_

    # Type-14 with WSQ of NBIS, enrolled; Type-4 with pixels, searched.
    picture, coded = image_record("person-1", True)
    record = nistitl.AsciiRecord(14)
    for tag, value in ((3, "0"), (4, "POLICE"), (5, "20261122"), (6, picture.width), (7, picture.height), (8, 1), (9, 500),
                       (10, 500), (11, "WSQ20"), (12, 8), (13, 2)):
        record += nistitl.Field(14, tag, str(value))
    record += nistitl.BinaryField(14, 999, coded)
    status, answer = ask("POST", "/nist", transaction("CPNU", "case-1", record), "application/octet-stream")
    assert (status, found(answer)) == (200, ("SRE", [])), (status, answer)
    legacy = nistitl.BinaryRecord(4)
    legacy.pack("!B6sBHHB", 0, bytes([2, 255, 255, 255, 255, 255]), 1, picture.width, picture.height, 0, picture.tobytes())
    request = transaction("SRCH", "case-2", legacy)
    status, answer = ask("POST", "/nist", request, "application/octet-stream")
    assert (status, found(answer)) == (200, ("SRE", ["case-1"])), (status, answer)
    print("nistitl enrols with Type-14 and finds with Type-4")

    # Minutiae of our own template, as somebody else would write them.
    said = subprocess.run(
        [program, "identify", "template", f"right-index={prints / 'person-1' / 'right-index.png'}", "--out", work / "a.fmr",
         "--json"], check=True, capture_output=True)
    minutiae = json.loads(said.stdout)["minutiae"]
    record = nistitl.AsciiRecord(9)
    record += nistitl.Field(9, 4, "U")
    units = lambda pixels: str(round(pixels * 5.08))
    size = nistitl.SubField()
    size.add_values(units(picture.width), units(picture.height))
    region = nistitl.Field(9, 300)
    region.add_subfields(size)
    record += region
    record += nistitl.Field(9, 302, "2")
    listed = nistitl.Field(9, 331)
    for minutia in minutiae:
        subfield = nistitl.SubField()
        turn = round(-minutia["direction"] * 180 / 3.14159265) % 360
        subfield.add_values(units(minutia["x"]), units(minutia["y"]), str(turn), "X")
        listed.add_subfields(subfield)
    record += listed
    status, answer = ask("POST", "/nist", transaction("SRCH", "case-3", record), "application/octet-stream")
    assert (status, found(answer)) == (200, ("SRE", ["case-1"])), (status, answer)
    print(f"{len(minutiae)} minutiae of a Type-9 record find the same finger")

    # Folders, and what cannot be used.
    (folder / "in").mkdir(parents=True, exist_ok=True)
    for name, body in (("good", request), ("bad", b"nothing")):
        (folder / "in" / f"{name}.part").write_bytes(body)
        (folder / "in" / f"{name}.part").rename(folder / "in" / f"{name}.nist")
    for _ in range(100):
        if (folder / "out" / "good.nist").exists() and (folder / "out" / "bad.nist").exists():
            break
        time.sleep(0.1)
    assert found((folder / "out" / "good.nist").read_bytes()) == ("SRE", ["case-1"])
    assert found((folder / "out" / "bad.nist").read_bytes())[0] == "ERR"
    print("transactions in a folder are answered")

    # OSIA.
    def finger(person):
        image = (prints / person / "right-index.png").read_bytes()
        return [{"biometricType": "FINGER", "biometricSubType": "RIGHT_INDEX", "image": base64.b64encode(image).decode()}]

    for person in ("person-2", "person-3"):
        body = {"status": "ACTIVE", "encounterType": "test", "galleries": ["g"], "biometricData": finger(person)}
        status, answer = ask("POST", f"/v1/persons/{person}/encounters/e?transactionId=1", json.dumps(body).encode())
        assert status == 200, (status, answer)
    body = {"filter": {}, "biometricData": finger("person-3")}
    status, answer = ask("POST", "/v1/identify/g?transactionId=2", json.dumps(body).encode())
    assert status == 200 and [one["personId"] for one in json.loads(answer)] == ["person-3"], answer
    print("OSIA ABIS keeps and identifies")
finally:
    server.terminate()
    server.wait()
