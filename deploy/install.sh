#!/usr/bin/env bash
# Installs what building and running need, from Debian 12's own packages, with --lint also what testing
# needs, with --fuzz what fuzzing needs; does nothing when all is there. Called by run.sh and test.sh; needs root (or sudo) only when something is missing.
set -euo pipefail
packages=(
  g++ cmake ninja-build ccache pkg-config python3 strace valgrind
  libboost-dev libboost-system-dev libquickfix-dev libspdlog-dev libconcurrentqueue-dev
  libbenchmark-dev catch2 libtomlplusplus-dev libcli11-dev libsodium-dev nlohmann-json3-dev
  libzstd-dev libsqlite3-dev sqlite3 libssl-dev openssl libseccomp-dev libnats-dev nats-server mandoc
)
[ "${1:-}" = "--lint" ] && packages+=(clang-format clang-tidy chromium fonts-noto-cjk)
[ "${1:-}" = "--fuzz" ] && packages+=(clang libclang-rt-14-dev)
missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
# The console is built from the npm registry, and three tests use it. Node may have been installed with an npm of its own.
for tool in node npm; do
  command -v "$tool" >/dev/null || missing+=("${tool/%node/nodejs}")
done
[ ${#missing[@]} -eq 0 ] && exit 0
echo "installing: ${missing[*]}"
as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(sudo)
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
# Tests start NATS servers of their own; the one that Debian starts listens to the world, and nobody asked for it.
case " ${missing[*]} " in
  *" nats-server "*) "${as_root[@]}" systemctl disable --now nats-server >/dev/null 2>&1 || true ;;
esac
