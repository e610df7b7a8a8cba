"""Starts the tool and reads what it prints."""

import contextlib
import os
import queue
import subprocess
import tempfile
import threading

from frame import Wrong

TOOL = os.environ["NATS_CLI"]
# The tool keeps its contexts in the home directory; nobody's own are to be used here.
HOME = tempfile.mkdtemp(prefix="compat-cli-")
SETTINGS = {**os.environ, "HOME": HOME, "XDG_CONFIG_HOME": HOME, "TZ": "UTC", "NO_COLOR": "1"}


def command(world, arguments):
    """Returns the whole command line."""
    return [TOOL, "--server", world.url, "--timeout", "20s", *arguments]


def nats(world, *arguments, text=None, fails=None):
    """Runs the tool and returns its standard output; with `fails`, it must fail with an error that holds that text."""
    done = subprocess.run(
        command(world, arguments), input=text, capture_output=True, text=True, timeout=50, env=SETTINGS, check=False
    )
    if fails is None and done.returncode != 0:
        raise Wrong(f"nats {' '.join(arguments)}: {done.stderr.strip()}")
    if fails is not None and (done.returncode == 0 or fails not in done.stderr):
        raise Wrong(f"nats {' '.join(arguments)}: expected the error {fails!r}, got {done.stderr.strip()!r}")
    return done.stdout


def block(output):
    """Returns the rows `name: value` of a status block."""
    return {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in output.splitlines())}


def rows(output):
    """Returns the cells of a table, row by row, the headings first."""
    lines = [line for line in output.splitlines() if line.startswith("│")]
    return [[cell.strip() for cell in line.strip("│").split("│")] for line in lines if line.count("│") > 2]


class Running:
    """The tool while it runs: what it prints is read line by line."""

    def __init__(self, world, *arguments):
        self.process = subprocess.Popen(
            command(world, arguments), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=SETTINGS
        )
        self.lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line.rstrip("\n"))

    def line(self):
        """Returns the next line that is not empty."""
        while True:
            try:
                line = self.lines.get(timeout=20)
            except queue.Empty as fault:
                raise Wrong("the tool prints nothing") from fault
            if line.strip():
                return line


@contextlib.contextmanager
def running(world, *arguments):
    """Runs the tool for the length of a block."""
    started = Running(world, *arguments)
    try:
        yield started
    finally:
        started.process.kill()
        started.process.wait()
