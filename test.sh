#!/usr/bin/env bash
# Installs what is missing, builds, and runs the tests. The short form runs each test once: unit tests with
# AddressSanitizer and UndefinedBehaviorSanitizer, some (PLAIN in CMakeLists.txt) without, threads with
# ThreadSanitizer, and the real programs two tests at a time with order threads that sleep; meanwhile what the
# sanitizers need is built.
# --long runs the unit tests both ways, the simulator with a sanitizer, the long tests (label long), every test's longer
# form with order threads that spin, fuzzing, another compiler and clang-tidy.
set -euo pipefail
cd "$(dirname "$0")"
long=0
[ "${1:-}" = "--long" ] && long=1
deploy/install.sh --lint
jobs=$(nproc)
begun=$(date +%s)

say() { echo "== $* ($(($(date +%s) - begun)) s)"; }

build() {  # build PRESET [TARGETS...]
  local preset=$1
  shift
  say "building $preset"
  cmake --preset "$preset" >/dev/null
  cmake --build --preset "$preset" -j "$jobs" ${1:+--target "$@"} |
    awk '/error|warning|FAILED/ || systime() - last >= 10 { print; fflush(); last = systime() }'
}

tests() {  # tests DIRECTORY LONG CTEST'S ARGUMENTS...
  local directory=$1 form=$2
  shift 2
  local limit=1500  # seconds for one test
  [ "$form" = 0 ] || limit=14400
  FAIRLEAD_LONG=$form ctest --test-dir "$directory" --output-on-failure --no-tests=error --timeout "$limit" "$@"
}

# Where threads meet: the front and its readers, the keeper and who signs; with --long logon checks and the control
# socket as well.
threaded=(audit_front_test audit_keeper_test audit_checkpoint_test audit_read_ahead_test)
[ "$long" = 0 ] || threaded+=(control_test)

build_the_rest() {  # build_the_rest UNIT_TESTS
  build asan "$1" && build tsan "${threaded[@]}"
}

say "format"
git ls-files '*.cpp' '*.hpp' | xargs clang-format --dry-run --Werror

if [ "$long" = 1 ]; then
  build release
  say "unit tests"
  tests build 1 -L '^unit$' -j "$jobs"
  say "tests on the real programs"
  tests build 1 -LE '^unit$' -j 2
else
  build release short_suite
  say "unit tests without a sanitizer"
  tests build 0 -L '^plain$' -j "$jobs"
  # Most tests on the real programs wait most of the time.
  (renice -n 19 $BASHPID >/dev/null; build_the_rest sanitized_tests) >build/rest.log 2>&1 &
  rest=$!
  say "tests on the real programs"
  good=1
  FAIRLEAD_POLLING=false tests build 0 -LE '^(unit|long)$' -j 2 || good=0
  say "what the sanitizers need, built meanwhile"
  wait "$rest" || { cat build/rest.log; good=0; }
  [ "$good" = 1 ]
fi
[ "$long" = 0 ] || build_the_rest unit_tests

say "unit tests under AddressSanitizer and UndefinedBehaviorSanitizer"
if [ "$long" = 1 ]; then
  tests build/asan 0 -L '^unit$' -j "$jobs"
else
  tests build/asan 0 -L '^unit$' -LE '^plain$' -j "$jobs"
fi

say "threaded tests under ThreadSanitizer"
tests build/tsan 0 -j "$jobs" -R "^($(IFS='|'; echo "${threaded[*]}"))\$"

if [ "$long" = 1 ]; then
  say "fuzzing"
  deploy/install.sh --fuzz
  build fuzz fuzz_targets
  python3 tests/fuzz/fuzz.py build/fuzz
  # Another compiler gives the same digests: of the Ledger's known state, and of journals that were written before.
  build clang risk_test fairlead-examine
  say "digests of a build by Clang"
  tests build/clang 0 -R '^(risk_test|golden_test)$'
  say "clang-tidy"
  tests/tidy.sh build/tidy
fi
say "all passed"
