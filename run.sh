#!/usr/bin/env bash
# Installs what is missing, builds, and runs the demo: exchange stand-in, keeper, gateway and ten seconds
# of order flow, then the summary. --stay keeps everything running. Exit 0 only if the summary is all true.
set -euo pipefail
cd "$(dirname "$0")"
deploy/install.sh
cmake --preset release >/dev/null
cmake --build --preset release --target programs | { grep --line-buffered -E '^\[[0-9]+/[0-9]+\]|error|warning' || true; } |
  awk '{ if (/error|warning/ || systime() - last >= 2) { print; fflush(); last = systime() } }'
[ "${PIPESTATUS[0]}" -eq 0 ]
exec python3 deploy/demo.py "$@"
