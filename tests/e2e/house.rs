//! Holds the crate graph to the table in ARCHITECTURE.md. Change the table when the design changes, with an ADR.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, MetadataCommand};

/// Crate → the crates of ours it may import.
const EDGES: &[(&str, &[&str])] = &[
    ("base", &[]),
    ("regulation", &["base"]),
    ("ledger", &["base"]),
    ("vault", &["base"]),
    ("privacy", &["base"]),
    ("access", &["base"]),
    ("products", &["base"]),
    ("catalog", &["base", "privacy"]),
    ("documents", &["base", "regulation"]),
    ("storage", &["base", "regulation", "ledger", "vault", "access", "products", "catalog"]),
    ("secure_domain", &["base", "privacy", "catalog", "access", "vault"]),
    (
        "app",
        &[
            "base",
            "regulation",
            "ledger",
            "vault",
            "privacy",
            "access",
            "products",
            "catalog",
            "documents",
            "storage",
            "secure_domain",
        ],
    ),
    ("server", &["base", "app"]),
    ("bench", &["base", "access", "privacy", "storage", "secure_domain"]),
    ("bench_http", &[]),
    ("bench_county", &["base", "access", "vault", "privacy", "products", "storage", "secure_domain", "app"]),
];

/// Crates that are never shipped: they hold the peers that ours are measured against, so no external crate is pinned
/// away from them.
const NOT_SHIPPED: &[&str] = &["bench", "bench_http", "bench_county"];

/// External crate → the only crates of ours that may import it.
const PINNED: &[(&str, &[&str])] = &[
    ("axum", &["server"]),
    ("tower-http", &["server"]),
    ("minijinja", &["server"]),
    ("fluent-bundle", &["server"]),
    ("rust-embed", &["server"]),
    ("clap", &["server"]),
    ("anyhow", &["server"]),
    ("sqlx", &["storage"]),
    ("datafusion", &["secure_domain"]),
    ("parquet", &["secure_domain"]),
    ("object_store", &["secure_domain"]),
    ("typst", &["documents"]),
    ("cedar-policy", &["access"]),
    ("argon2", &["access"]),
    ("aes-gcm", &["vault"]),
    ("ed25519-dalek", &["ledger"]),
    ("reqwest", &["app"]),
    ("rand", &["app", "secure_domain"]),
    ("serde-saphyr", &["regulation", "server"]),
    ("tokio", &["storage", "secure_domain", "app", "server"]),
];

/// Pure crates: none of these may be imported there.
const PURE: &[&str] = &["base", "regulation", "ledger", "vault", "privacy", "access", "products", "catalog"];
const IMPURE: &[&str] =
    &["tokio", "tracing", "rand", "getrandom", "reqwest", "hyper", "sqlx", "object_store"];

#[test]
fn the_crate_graph_is_the_one_in_the_design() {
    let metadata = MetadataCommand::new()
        .manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml"))
        .no_deps()
        .other_options(vec!["--offline".to_owned()])
        .exec()
        .expect("cargo metadata");
    let edges: BTreeMap<&str, BTreeSet<&str>> =
        EDGES.iter().map(|(name, to)| (*name, to.iter().copied().collect())).collect();
    let ours: BTreeSet<String> = metadata.packages.iter().map(|package| package.name.to_string()).collect();
    let mut wrong = Vec::new();
    for package in &metadata.packages {
        let name = package.name.as_str();
        let Some(allowed) = edges.get(name) else {
            wrong.push(format!("crate {name} is not in the table"));
            continue;
        };
        for dependency in &package.dependencies {
            if dependency.kind != DependencyKind::Normal {
                continue;
            }
            let to = dependency.name.as_str();
            if ours.contains(to) && !allowed.contains(to) {
                wrong.push(format!("{name} → {to} is not in the table"));
            }
            let pinned = PINNED.iter().any(|(pinned, to_whom)| *pinned == to && !to_whom.contains(&name));
            if pinned && !NOT_SHIPPED.contains(&name) {
                wrong.push(format!("{name} imports {to}, which belongs to another crate"));
            }
            if PURE.contains(&name) && IMPURE.contains(&to) {
                wrong.push(format!("{name} is pure and imports {to}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
