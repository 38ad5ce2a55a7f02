"""Running the client programs in processes that do not have this library."""

import json
import os
import pathlib
import re
import subprocess
import sys

import numpy as np

HERE = pathlib.Path(__file__).parent


def checks(client):
    """Names of a program's checks."""
    text = (HERE / client).read_text(encoding="utf-8")
    return re.findall(r"^def (check_\w+)", text, re.MULTILINE)


def run(client, exports, expected, scratch):
    """Returns {check: "ok" or the traceback}."""
    np.savez(scratch / "expected.npz", **expected)
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    script, out = HERE / client, scratch / "out"
    command = [sys.executable, "-P", script, exports, scratch / "expected.npz", out]
    done = subprocess.run(command, cwd=scratch, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(out.read_text(encoding="utf-8"))
