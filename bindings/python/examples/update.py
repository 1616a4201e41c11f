"""Switch SendGrid's open tracking on or off, or show how it stands.

SENDGRID_API_KEY=SG... python3 update.py [--eu] on|off|show [ON_BEHALF_OF]
"""

import argparse
import os
import sys

from sg_open_tracking import Client, OpenTrackingError, Region

parser = argparse.ArgumentParser(
    description="Switch SendGrid's open tracking on or off, or show how it stands."
)
parser.add_argument("--eu", action="store_true", help="the account lives in the EU")
parser.add_argument("what", choices=["on", "off", "show"])
parser.add_argument("on_behalf_of", nargs="?", help="a subuser's name, or 'account-id ID'")
args = parser.parse_args()

try:
    with Client(os.environ.get("SENDGRID_API_KEY", ""), Region.EU if args.eu else Region.GLOBAL) as client:
        if args.what == "show":
            result = client.get(on_behalf_of=args.on_behalf_of)
        else:
            result = client.update(args.what == "on", on_behalf_of=args.on_behalf_of)
except OpenTrackingError as error:
    sys.exit(f"{type(error).__name__}: {error}")
print("open tracking is", "on" if result.enabled else "off")
