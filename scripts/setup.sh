#!/usr/bin/env bash
# Installs from the system's packages what the tests need: PostgreSQL, Chromium with its driver, a Chinese font, bubblewrap
# for the namespaces of workers, and ClamAV's daemon (only the program: the tests bring a signature of their own).
# Does nothing where they are there already. `setup.sh bench` also makes a Python environment with DuckDB and pandas.
set -euo pipefail

sudo=""
[ "$(id -u)" -eq 0 ] || sudo="sudo"
missing=()
[ -x /usr/bin/bwrap ] || missing+=(bubblewrap)
[ -x /usr/sbin/clamd ] || missing+=(clamav-daemon)
compgen -G "/usr/lib/postgresql/*/bin/initdb" >/dev/null || missing+=(postgresql)
command -v chromium >/dev/null || command -v chromium-browser >/dev/null || missing+=(chromium)
command -v chromedriver >/dev/null || missing+=(chromium-driver)
fc-list :lang=zh 2>/dev/null | grep -q . || missing+=(fonts-noto-cjk fontconfig)

install() {
  # Ubuntu names the browser packages differently.
  if ! apt-cache show chromium-driver >/dev/null 2>&1; then
    set -- "${@/chromium-driver/chromium-chromedriver}"
    set -- "${@/#chromium/chromium-browser}"
  fi
  DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y --no-install-recommends "$@"
}
if [ "${#missing[@]}" -gt 0 ]; then
  command -v apt-get >/dev/null || {
    echo "please install: ${missing[*]} (this script knows Debian and Ubuntu only)" >&2
    exit 1
  }
  $sudo apt-get update
  install "${missing[@]}"
fi

if [ "${1:-}" = bench ]; then
  venv="${SHUYU_CACHE:-$HOME/.cache/shuyu}/bench-venv"
  if [ ! -x "$venv/bin/python" ]; then
    python3 -m venv "$venv" || { $sudo apt-get update && install python3-venv && python3 -m venv "$venv"; }
  fi
  "$venv/bin/python" -c 'import duckdb, pandas, pyarrow' 2>/dev/null || "$venv/bin/pip" install --quiet duckdb pandas pyarrow
fi
