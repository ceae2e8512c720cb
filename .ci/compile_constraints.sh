#!/usr/bin/env bash
# Writes constraints.txt: the newest versions for every Python and system, without addresses.
# torch, torchvision and what torch brings stay out: whoever installs takes a pair that match.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

compiled=$(.venv/bin/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 \
  --upgrade --quiet --no-emit-index-url --no-emit-find-links --no-annotate --no-header)
grep -vE '^(torch|torchvision|triton|nvidia-[a-z0-9-]+|cuda-[a-z-]+)==' <<<"$compiled" >constraints.txt
