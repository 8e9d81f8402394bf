#!/usr/bin/env bash
# Builds everything for release and measures. Parts: start journal lookup masking masks detect guard ledger tpch scale; all
# of them without an argument. SF=10 benches/run.sh tpch; SCALE_EVENTS=50 benches/run.sh scale; MASK_ROWS=10000000
# benches/run.sh masks; see benches/src/setup.rs for what else can be set.
set -euo pipefail
cd "$(dirname "$0")/.."
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$HOME/.cache/shuyu/target}"
cargo build --release -p server -p bench -p bench_http -p bench_county --bins
BENCH_COMMIT="$(git rev-parse --short HEAD 2>/dev/null || true)$(git diff --quiet HEAD 2>/dev/null || echo +changes)"
export BENCH_COMMIT
exec "$CARGO_TARGET_DIR/release/bench" "$@"
