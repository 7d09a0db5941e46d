"""Reads what the circuit tells others with programs that we did not write: circuit.py OPENAPI TRANSACTION"""

import json
import sys

import nistitl
from openapi_spec_validator import validate

with open(sys.argv[1]) as file:
    description = json.load(file)
validate(description)
assert len(description["paths"]) > 60, "every command and query has its path"

message = nistitl.Message()
with open(sys.argv[2], "rb") as file:
    message.parse(file.read())
assert message.TOT == "CPNU" and len(message) == 3, (message.TOT, len(message))
assert b"14.013:2\x1d" in message.NIST and b"\x89PNG\x1c\x1d\x1e\x1f" in message.NIST
