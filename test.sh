#!/usr/bin/env bash
# Installs what is missing, builds everything and runs all tests; --long adds the long parts.
# ASan with UBSan runs the unit tests as well, TSan those with threads.
set -euo pipefail
cd "$(dirname "$0")"
long=0
[ "${1:-}" = "--long" ] && long=1
deploy/install.sh --lint
jobs=$(nproc)

build() {  # build PRESET [TARGETS...]
  local preset=$1
  shift
  echo "== building $preset"
  cmake --preset "$preset" >/dev/null
  cmake --build --preset "$preset" -j "$jobs" ${1:+--target "$@"} |
    awk '/error|warning|FAILED/ || systime() - last >= 10 { print; fflush(); last = systime() }'
}

echo "== format"
git ls-files '*.cpp' '*.hpp' | xargs clang-format --dry-run --Werror

build release
echo "== tests"
# Programs that run beside each other would wait for each other's processors; unit tests do not mind.
FAIRLEAD_LONG=$long ctest --test-dir build --output-on-failure -L '^unit$' -j "$jobs"
FAIRLEAD_LONG=$long ctest --test-dir build --output-on-failure -LE '^unit$' -j 1

# Counted for one instruction set, so that the figures kept beside the test mean the same everywhere.
build budget order_budget
echo "== what an order costs"
ctest --test-dir build/budget --output-on-failure -R '^order_budget_(tls_)?test$'

build asan unit_tests
echo "== unit tests under AddressSanitizer and UndefinedBehaviorSanitizer"
FAIRLEAD_LONG=0 ctest --test-dir build/asan --output-on-failure -L unit -j "$jobs"

# Where threads meet: the front and its readers, the keeper and who signs, logon checks and the control socket.
threaded=(audit_front_test audit_keeper_test audit_checkpoint_test audit_read_ahead_test control_test)
build tsan "${threaded[@]}"
echo "== threaded tests under ThreadSanitizer"
FAIRLEAD_LONG=0 ctest --test-dir build/tsan --output-on-failure -j 1 -R "^($(IFS='|'; echo "${threaded[*]}"))\$"

if [ "$long" = 1 ]; then
  echo "== fuzzing"
  deploy/install.sh --fuzz
  build fuzz fuzz_targets
  python3 tests/fuzz/fuzz.py build/fuzz
  # Another compiler gives the same digests: of the Ledger's known state, and of journals that were written before.
  build clang risk_test fairlead-examine
  echo "== digests of a build by Clang"
  ctest --test-dir build/clang --output-on-failure -R '^(risk_test|golden_test)$'
  echo "== clang-tidy"
  tests/tidy.sh build
fi
