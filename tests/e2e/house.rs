//! Holds the crate graph to the table in ARCHITECTURE.md. Change the table when the design changes, with an ADR.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::harness::root;

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
    ("attack", &["base"]),
    ("bench", &["base", "access", "privacy", "storage", "secure_domain"]),
    ("bench_http", &[]),
    ("bench_county", &["base", "access", "vault", "privacy", "products", "storage", "secure_domain", "app"]),
];

/// Crates that are never shipped: they hold the peers that ours are measured against, or attack us from outside, so no
/// external crate is pinned away from them.
const NOT_SHIPPED: &[&str] = &["attack", "bench", "bench_http", "bench_county"];

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
    ("resvg", &["documents"]),
    ("typst", &["documents"]),
    ("typst-layout", &["documents"]),
    ("typst-pdf", &["documents"]),
    ("qrcodegen", &["documents"]),
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
const PURE: &[&str] =
    &["base", "regulation", "ledger", "vault", "privacy", "access", "products", "catalog", "documents"];
const IMPURE: &[&str] =
    &["tokio", "tracing", "rand", "getrandom", "reqwest", "hyper", "sqlx", "object_store"];

#[test]
fn the_crate_graph_is_the_one_in_the_design() {
    let metadata = std::process::Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root())
        .output()
        .expect("cargo metadata");
    let metadata: Value = serde_json::from_slice(&metadata.stdout).expect("metadata");
    let packages = metadata["packages"].as_array().expect("packages");
    let edges: BTreeMap<&str, BTreeSet<&str>> =
        EDGES.iter().map(|(name, to)| (*name, to.iter().copied().collect())).collect();
    let ours: BTreeSet<&str> = packages.iter().map(|package| text(package, "name")).collect();
    let mut wrong = Vec::new();
    for package in packages {
        let name = text(package, "name");
        let Some(allowed) = edges.get(name) else {
            wrong.push(format!("crate {name} is not in the table"));
            continue;
        };
        for dependency in package["dependencies"].as_array().expect("dependencies") {
            // `null` is a normal one; the others are for tests and build scripts.
            if !dependency["kind"].is_null() {
                continue;
            }
            let to = text(dependency, "name");
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

fn text<'a>(of: &'a Value, name: &str) -> &'a str {
    of[name].as_str().expect("a text")
}

/// What stands before a stable code where an error is made.
const MAKERS: [&str; 8] = [
    "Conflict(\"",
    "Forbidden(\"",
    "NotFound(\"",
    "Limited(\"",
    "Unavailable(\"",
    "Unauthenticated(\"",
    "invalid(\"",
    "=> \"",
];

#[test]
fn every_stable_code_has_words_in_both_languages() {
    let words = ["zh-CN", "en"].map(|language| {
        fs::read_to_string(root().join(format!("web/locales/{language}.ftl"))).expect("locale")
    });
    let mut missing = BTreeSet::new();
    let mut found = BTreeSet::new();
    for path in sources() {
        let text = fs::read_to_string(&path).expect("source");
        let text = text.split("#[cfg(test)]").next().unwrap_or_default();
        for maker in MAKERS {
            for rest in text.split(maker).skip(1) {
                let code = rest.split('"').next().unwrap_or_default();
                if is_code(code) && found.insert(code.to_owned()) {
                    let (key, family) =
                        (code.replace(['.', '_'], "-"), code.split('.').next().unwrap_or_default());
                    let known = |words: &String| {
                        [&key, family].iter().any(|key| words.contains(&format!("\nerror-{key} = ")))
                    };
                    if !words.iter().all(known) {
                        missing.insert(format!("{code} ({})", path.display()));
                    }
                }
            }
        }
    }
    assert!(found.len() > 150, "codes are found: {}", found.len());
    assert!(missing.is_empty(), "{missing:#?}");
}

/// `family.what_is_wrong`.
fn is_code(text: &str) -> bool {
    let family = text.split('.').next().unwrap_or_default();
    text.contains('.')
        && !family.is_empty()
        && text
            .split('.')
            .all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'))
}

/// The source files of what is shipped, tests left out.
fn sources() -> Vec<PathBuf> {
    let mut folders = vec![root().join("crates")];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("folder") {
            let path = entry.expect("entry").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() && name != "tests" && name != "conformance" {
                folders.push(path);
            } else if name.ends_with(".rs") && !name.starts_with("tests") {
                files.push(path);
            }
        }
    }
    files
}
