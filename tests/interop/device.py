"""Speaks to the simulated capture device with programs that we did not write: device.py PROGRAM WORK

`PyJWT` and `cryptography` verify what the device signs; `wsq` (NBIS) decodes the picture of the finger.
"""

import base64
import hashlib
import http.client
import io
import json
import pathlib
import struct
import subprocess
import sys

import jwt
import wsq  # noqa: F401  registers the format with Pillow
from cryptography import x509
from PIL import Image

program, work = sys.argv[1], pathlib.Path(sys.argv[2])
device = subprocess.Popen(
    [program, "device", "--person", "2", "--trust", work / "device.cer"], stdout=subprocess.PIPE, text=True)
try:
    port = int(device.stdout.readline().rsplit(":", 1)[1])
    provider = x509.load_der_x509_certificate((work / "device.cer").read_bytes())

    def ask(method, path, body):
        connection = http.client.HTTPConnection("127.0.0.1", port)
        connection.request(method, path, json.dumps(body), {"Content-Type": "application/json"})
        return json.loads(connection.getresponse().read())

    def opened(block):
        certificate = x509.load_der_x509_certificate(base64.b64decode(jwt.get_unverified_header(block)["x5c"][0]))
        certificate.verify_directly_issued_by(provider)
        return jwt.decode(block, certificate.public_key(), algorithms=["RS256"])

    found = ask("MOSIPDISC", "/device", {"type": "Finger"})[0]
    assert found["deviceStatus"] == "Ready" and found["error"]["errorCode"] == "0", found
    info = opened(ask("MOSIPDINFO", "/info", {})[0]["deviceInfo"])
    assert opened(info["digitalId"])["type"] == "Finger"
    names = ["Right IndexFinger", "Right MiddleFinger"]
    request = {
        "env": "Developer", "purpose": "Registration", "specVersion": "0.9.5", "timeout": "5000",
        "captureTime": "2026-11-22T09:00:00Z", "transactionId": "interop-1", "bio": [{
            "type": "Finger", "count": "2", "bioSubType": names, "requestedScore": "40",
            "deviceId": info["deviceId"], "deviceSubId": "2", "previousHash": ""}],
    }
    answer = ask("RCAPTURE", "/capture", request)["biometrics"]
    before = hashlib.sha256(b"").digest()
    for item, name in zip(answer, names, strict=True):
        data = opened(item["data"])
        assert (data["bioSubType"], data["transactionId"]) == (name, "interop-1"), data
        record = base64.urlsafe_b64decode(data["bioValue"] + "==")
        before = hashlib.sha256(before + hashlib.sha256(record).digest()).digest()
        assert item["hash"] == before.hex().upper()
        # ISO/IEC 19794-4:2011: the image is the end of the record, after its length.
        assert record[:8] == b"FIR\x00020\x00" and struct.unpack(">I", record[8:12])[0] == len(record)
        start = record.index(b"\xff\xa0")
        assert struct.unpack(">I", record[start - 4:start])[0] == len(record) - start
        picture = Image.open(io.BytesIO(record[start:]))
        assert struct.unpack(">HH", record[start - 8:start - 4]) == picture.size, picture.size
    print(f"{len(answer)} fingers are captured, signed and chained")
finally:
    device.terminate()
    device.wait()
