# The commands of the project. Everything a fresh machine needs beyond rustup, gcc and make is installed by
# scripts/setup.sh from the system's packages.
SHELL := /bin/bash
export CARGO_TARGET_DIR ?= $(HOME)/.cache/shuyu/target
export CARGO_TERM_COLOR ?= auto

.PHONY: run test check doc bench demo fmt attack attack-stage

# Build and start the demonstration county at http://127.0.0.1:8080.
run:
	cargo build --bin shuyu
	$(CARGO_TARGET_DIR)/debug/shuyu demo serve --data $${SHUYU_DATA:-data/demo}

# Play the whole story with a fake clock, verify the ledger offline and stay up to look at. JURISDICTION=yanan plays
# another text's; `ls demo` shows which there are. UNTIL=10 ends after ten chapters, while the domain can be worked in.
demo:
	cargo build --bin shuyu
	$(CARGO_TARGET_DIR)/debug/shuyu demo play --fresh --data $${SHUYU_DATA:-data/story} $(if $(JURISDICTION),--county $(JURISDICTION)) $(if $(UNTIL),--until $(UNTIL))

# Every test, with PostgreSQL and Chromium.
test:
	scripts/setup.sh
	cargo test --no-fail-fast

# What must be clean before a change lands.
check:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --document-private-items

# Ratios against peers, in the same run.
bench:
	scripts/setup.sh bench
	benches/run.sh

# Our own attacks on a server of their own, each with its benign twin. Fails if a bit is learnt or a twin is refused.
# ATTACK='--only D,Q1 --seed 7' passes options on.
attack:
	cargo build --bin shuyu --bin attack
	$(CARGO_TARGET_DIR)/debug/attack --binary $(CARGO_TARGET_DIR)/debug/shuyu $(ATTACK)

# The stage without the attacks: two authorised operators with a planted population, for other suites (docs/domain-api.md).
attack-stage:
	cargo build --bin shuyu --bin attack
	$(CARGO_TARGET_DIR)/debug/attack --binary $(CARGO_TARGET_DIR)/debug/shuyu --stage $(ATTACK)

# The reference of every crate, private items too.
doc:
	cargo doc --no-deps --document-private-items

fmt:
	cargo fmt --all
