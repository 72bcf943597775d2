# Runs verify.py over the cases on standard input, one a line; prints 1 or 0 for each.
import base64
import sys

from verify import verify

NAMES = ["webhook-id", "webhook-timestamp", "webhook-signature"]
for line in sys.stdin:
    cells = [base64.b64decode(cell) for cell in line.rstrip("\n").split("\t")]
    secrets, *headers, target, body, now = cells
    given = {name: value.decode() for name, value in zip(NAMES, headers) if value}
    good = verify(secrets.decode().split(), given, target.decode(), body, int(now))
    print(1 if good else 0)
