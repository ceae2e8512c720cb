"""Turns off the usage reports of third-party libraries."""

import os

# A library that reports gets a line here. Each reads its variable when it is first imported, and
# other values than "1" leave ONNX Runtime's reports on.
SWITCHES = {
    "ORT_DISABLE_TELEMETRY": "1",  # ONNX Runtime: a device id, the CPU, the interpreter's path
    "HF_HUB_DISABLE_TELEMETRY": "1",  # huggingface_hub, also for transformers and faster-whisper
    "DO_NOT_TRACK": "1",  # what follows the common convention
}


def switch_off_telemetry() -> None:
    """Set the variables by which libraries are told to report nothing, whatever they were."""
    os.environ.update(SWITCHES)
