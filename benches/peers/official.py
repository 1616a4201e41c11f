"""SendGrid's official Python client, run like the programs of main.c: official.py times|peak CALLS."""

import os
import sys
from itertools import pairwise
from time import perf_counter_ns

import sendgrid

what, calls = sys.argv[1], int(sys.argv[2])
key = "SG.bbbbbbbbbbbbbbbbbbbbbb.ccccccccccccccccccccccccccccccccccccccccccc"
ends = [perf_counter_ns()]
client = sendgrid.SendGridAPIClient(key, host=os.environ["SG_OPEN_TRACKING_BASE_URL"]).client
for _ in range(calls):
    reply = client.tracking_settings.open.patch(request_body={"enabled": False})
    if reply.status_code != 200 or reply.to_dict != {"enabled": False}:
        sys.exit("a call failed")
    ends.append(perf_counter_ns())
if what == "times":
    for begun, ended in pairwise(ends):
        print(ended - begun)
else:
    with open("/proc/self/status") as status:
        print(next(line.split()[1] for line in status if line.startswith("VmHWM:")))
