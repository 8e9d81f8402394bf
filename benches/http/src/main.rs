//! Two peers of a product call and the client that loads them and the real server.
//!
//! - `bench_http serve bare` answers every call from a constant: the floor of the framework.
//! - `bench_http serve sqlite-full FILE` and `sqlite-normal FILE` insert one row per call, durable or not.
//! - `bench_http fire TARGETS SECONDS CONNECTIONS` sends the calls of a file round and round and prints one JSON line.
//!
//! Peers print `listening ADDRESS` and run until their standard input ends, so that none outlives the benchmark.

mod fire;
mod peers;

use anyhow::{Context as _, Result, bail};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    match words.as_slice() {
        ["serve", kind, rest @ ..] => runtime.block_on(peers::serve(kind, rest.first().copied())),
        ["fire", targets, seconds, connections] => {
            let seconds = seconds.parse().context("seconds")?;
            let connections = connections.parse().context("connections")?;
            runtime.block_on(fire::fire(targets, seconds, connections))
        }
        _ => bail!("usage: bench_http serve KIND [FILE] | fire TARGETS SECONDS CONNECTIONS"),
    }
}
