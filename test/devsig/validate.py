"""Asks patatt itself: validate.py all|trim KEYRING FILE… prints a line of JSON a file."""

import json
import sys

import patatt

trim, keyring = sys.argv[1] == "trim", sys.argv[2]
for name in sys.argv[3:]:
    with open(name, "rb") as file:
        data = file.read()
    try:
        results = patatt.validate_message(data, [keyring], trim_body=trim)
        answer = [[identity, code] for code, identity, *_ in results]
    except Exception as error:  # whatever it is, patatt has not said "valid"
        answer = repr(error)
    print(json.dumps(answer))
