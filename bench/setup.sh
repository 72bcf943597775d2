#!/usr/bin/env bash
# What `npm run bench -- delivery` compares with: nginx, Redis and PostgreSQL from Debian's packages (only those
# that are missing), and the queues of bench/peers from npm. Not part of CI. The bench starts its own copies on
# loopback with folders of their own; no service of the machine is used.
set -euo pipefail
cd "$(dirname "$0")"

missing=()
[ -x /usr/sbin/nginx ] || missing+=(nginx-light)
[ -x /usr/bin/redis-server ] || [ -x /usr/local/bin/redis-server ] || missing+=(redis-server)
ls /usr/lib/postgresql/*/bin/postgres > /dev/null 2>&1 || missing+=(postgresql)

if [ ${#missing[@]} -gt 0 ]; then
  as_root=()
  [ "$(id -u)" -eq 0 ] || as_root=(sudo)
  if ! command -v apt-get > /dev/null || ! command -v "${as_root[0]:-true}" > /dev/null; then
    echo "Expected apt-get, and to be root or have sudo, to install: ${missing[*]}." >&2
    echo "Install them by your system's own means, so that they lie where bench/delivery/machines.ts looks." >&2
    exit 1
  fi
  "${as_root[@]}" apt-get update -q
  # RUNLEVEL=1: installed, but not started as services.
  "${as_root[@]}" env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive \
    apt-get install -q -y --no-install-recommends "${missing[@]}"
fi

export PATH="$PWD/../node_modules/.bin:$PATH"
cd peers
# Not `npm ci`: some versions of npm refuse a lock file that lacks the binaries of other platforms.
npm install --no-save --no-fund --no-audit --ignore-scripts
echo "Ready: npm run build && npm run bench -- delivery"
