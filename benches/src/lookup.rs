//! Product lookups over HTTP: the real server, a bare handler, a handler with one insert.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};

use crate::process::{Load, Server, county, fire, free_address, program};
use crate::report::{Pair, Report};
use crate::setup::Setup;

/// Connections of the load.
const CONNECTIONS: usize = 64;
/// Of each, the best counts.
const TURNS: usize = 2;
/// The built-in pack that the server runs under.
pub(crate) const JURISDICTION: &str = "deqing";

/// Runs the part.
///
/// # Errors
/// If a program is missing or a call is refused.
pub(crate) fn run(setup: &Setup, report: &mut Report) -> Result<()> {
    let scratch = setup.scratch("lookup")?;
    let at = |name: &str| scratch.path().join(name);
    let address = free_address()?;
    county(&at("data"), address, &at("targets.json"))?;
    report.title(
        "Product lookups per second over HTTP (64 connections on the loopback, server and load on the same threads)",
        &[
            "Ours: the real server on a prepared folder: key, quota, permit by policy, lookup among 10 000 keys, sealed",
            "journal row and meter row on the disk before the answer. Peers: axum with a constant; axum with one insert",
            "of 450 bytes into SQLite, synced (FULL) and not (NORMAL).",
            &format!("Server: {}", program("shuyu")?.display()),
        ],
    );
    let server = Server::shuyu(&at("data"), address, JURISDICTION)?;
    let ours = loaded(&server, &at("targets.json"), &at("ours.json"), setup.each)?;
    server.stop()?;
    let mut peers = Vec::new();
    for kind in ["bare", "sqlite-full", "sqlite-normal"] {
        let file = at(&format!("{kind}.db")).display().to_string();
        let server = Server::peer(&["serve", kind, &file])?;
        peers.push(loaded(&server, &at("targets.json"), &at("peer.json"), setup.each)?);
        server.stop()?;
    }
    print(report, &ours, &peers)
}

/// Loads a server with the calls, sent to its own address.
fn loaded(server: &Server, calls: &Path, targets: &Path, each: Duration) -> Result<Load> {
    let mut calls: Value = serde_json::from_slice(&std::fs::read(calls)?)?;
    calls["address"] = json!(server.address.to_string());
    std::fs::write(targets, serde_json::to_vec(&calls)?)?;
    let mut best = fire(targets, each, CONNECTIONS)?;
    for _ in 1..TURNS {
        let next = fire(targets, each, CONNECTIONS)?;
        if next.per_second > best.per_second {
            best = next;
        }
    }
    Ok(best)
}

fn print(report: &mut Report, ours: &Load, peers: &[Load]) -> Result<()> {
    let names = ["axum, constant answer", "axum + SQLite insert, FULL", "axum + SQLite insert, NORMAL"];
    let pairs: Vec<Pair<'_>> = names
        .into_iter()
        .zip(peers)
        .map(|(peer, load)| Pair {
            what: "product lookup",
            ours: ours.per_second,
            peer,
            theirs: load.per_second,
        })
        .collect();
    report.pairs("lookup", "per second", &pairs)?;
    for (name, load) in std::iter::once(("product lookup", ours)).chain(names.into_iter().zip(peers)) {
        println!("   {name:<44} median {:>7} µs, 99th percentile {:>7} µs", load.p50_micros, load.p99_micros);
        report.line(&json!({
            "part": "lookup", "who": name, "per_second": load.per_second,
            "p50_micros": load.p50_micros, "p99_micros": load.p99_micros,
        }))?;
    }
    Ok(())
}
