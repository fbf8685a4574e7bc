#!/usr/bin/env bash
# Installs what is missing, builds everything and runs all tests; --long adds the long parts.
# Sanitizer builds (ASan with UBSan, TSan) run the unit tests as well.
set -euo pipefail
cd "$(dirname "$0")"
long=0
[ "${1:-}" = "--long" ] && long=1
deploy/install.sh --lint
jobs=$(nproc)

build() {  # build PRESET [TARGET]
  echo "== building $1"
  cmake --preset "$1" >/dev/null
  cmake --build --preset "$1" -j "$jobs" ${2:+--target "$2"} |
    awk '/error|warning|FAILED/ || systime() - last >= 10 { print; fflush(); last = systime() }'
}

echo "== format"
git ls-files '*.cpp' '*.hpp' | xargs clang-format --dry-run --Werror

build release
FAIRLEAD_LONG=$long ctest --test-dir build --output-on-failure -j 1

for preset in asan tsan; do
  build "$preset" unit_tests
  FAIRLEAD_LONG=0 ctest --test-dir "build/$preset" --output-on-failure -L unit -j "$jobs"
done
