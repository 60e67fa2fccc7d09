"""Asks patatt itself: validate.py KEYRING FILE… prints a line of JSON a file."""

import json
import sys

import patatt

for name in sys.argv[2:]:
    with open(name, "rb") as file:
        data = file.read()
    try:
        results = patatt.validate_message(data, [sys.argv[1]])
        answer = [[identity, code] for code, identity, *_ in results]
    except Exception as error:  # whatever it is, patatt has not said "valid"
        answer = repr(error)
    print(json.dumps(answer))
