#!/usr/bin/env bash
# Installs what is missing, builds, and runs the wire benchmark: about a quarter of an hour on a quiet machine.
# Options go to bench/wire/run.py, such as --rounds 3 or --only relay,process. Writes bench/RESULTS.md.
set -euo pipefail
cd "$(dirname "$0")"
deploy/install.sh
cmake --preset release >/dev/null
cmake --build --preset release --target wire_benchmark | { grep --line-buffered -E '^\[[0-9]+/[0-9]+\]|error|warning' || true; } |
  awk '{ if (/error|warning/ || systime() - last >= 2) { print; fflush(); last = systime() } }'
[ "${PIPESTATUS[0]}" -eq 0 ]
exec python3 bench/wire/run.py build/bin "$@"
