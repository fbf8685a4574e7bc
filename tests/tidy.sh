#!/usr/bin/env bash
# clang-tidy over every source file of ours, with the compile commands of a build directory (default build);
# fails when there is a finding. Part of ./test.sh --long: it takes about as long as a build.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-build}
git ls-files 'risk/*.cpp' 'audit/*.cpp' 'config/*.cpp' 'gateway/*.cpp' 'bench/*.cpp' |
  xargs -P "$(nproc)" -n 1 clang-tidy -p "$build" --quiet --extra-arg=-Wno-unknown-warning-option
