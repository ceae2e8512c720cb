"""Checks the packages of constraints.txt for known vulnerabilities (`make audit`).

Exit code 1 where a vulnerability is known, or where some packages could not be looked up. Where
none could, there is no network, or a registry in between that knows none: told, and code 0.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
COMMAND = [
    "tool",
    "run",
    "--quiet",
    "pip-audit",
    "--requirement",
    "constraints.txt",
    "--require-hashes",
    "--disable-pip",
    "--format",
    "json",
    "--progress-spinner",
    "off",
]


def audit(uv: str) -> int:
    """Run pip-audit, say what it found, and give the exit code."""
    done = subprocess.run([uv, *COMMAND], cwd=ROOT, capture_output=True, text=True, check=False)
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError, TypeError):
        lines = done.stderr.strip().splitlines() or [f"pip-audit ended with {done.returncode}"]
        return say(f"skipped, as pip-audit could not ask: {lines[-1]}", 0)
    known = [package for package in packages if package.get("vulns")]
    unknown = [package["name"] for package in packages if "skip_reason" in package]
    for package in known:
        say(describe(package))
    if known:
        return say(f"{len(known)} of {len(packages)} packages have known vulnerabilities", 1)
    if len(unknown) == len(packages):
        return say("skipped, as the service that knows vulnerabilities cannot be reached", 0)
    if unknown:
        return say(f"could not be looked up: {', '.join(unknown)}", 1)
    return say(f"no known vulnerabilities in {len(packages)} packages", 0)


def describe(package: dict[str, Any]) -> str:
    """A package with its vulnerabilities and the versions that lack them."""
    found = (
        f"{one['id']} (mended in {', '.join(one['fix_versions']) or 'no version'})"
        for one in package["vulns"]
    )
    return f"{package['name']} {package['version']}: {'; '.join(found)}"


def say(line: str, code: int = 0) -> int:
    """Print a line, and pass an exit code on."""
    sys.stderr.write(f"audit: {line}\n")
    return code


if __name__ == "__main__":
    sys.exit(audit(str(ROOT / ".venv" / "bin" / "uv")))
