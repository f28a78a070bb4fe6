"""How much the tests try: enough for somebody who waits, and more where CI is set."""

import os

THOROUGH = bool(os.environ.get("CI"))
