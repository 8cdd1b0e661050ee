import os
import signal
import sys

from waitress import serve

from . import app

# The first process of a container gets no signal that it has no handler for.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
serve(app, host="127.0.0.1", port=int(os.environ["PORT"]))
