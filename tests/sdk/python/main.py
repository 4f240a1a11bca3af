"""Runs the cases that the test names, one by one, until it has no more."""

import os
import sys
import traceback
from pathlib import Path

import stage

# The modules of the client under test make their cases known.
CLIENT = Path(__file__).parent / os.environ["CLIENT"]
sys.path.insert(0, str(CLIENT))
for module in sorted(CLIENT.glob("*.py")):
    __import__(module.stem)


def run(name):
    if name not in stage.CASES:
        return {"failed": f"there is no such case in Python's {CLIENT.name}"}
    try:
        stage.CASES[name]()
    except Exception:
        return {"failed": traceback.format_exc()}
    return {"passed": True}


stage.say({"ready": True})
while message := stage.hear():
    stage.say(run(message["case"]))
