//! How long a second start takes until the first answer, and what an idle server holds.

use std::time::Duration;

use anyhow::Result;
use serde_json::json;

use crate::lookup::JURISDICTION;
use crate::process::{Memory, Server, county, free_address};
use crate::report::{Pair, Report};
use crate::setup::Setup;

/// Left alone for so long before its memory is read.
const IDLE: Duration = Duration::from_secs(5);
/// Second starts; the fastest counts.
const TURNS: usize = 3;

/// Runs the part.
///
/// # Errors
/// If a program is missing or does not start.
pub(crate) fn run(setup: &Setup, report: &mut Report) -> Result<()> {
    let scratch = setup.scratch("start")?;
    let data = scratch.path().join("data");
    let address = free_address()?;
    county(&data, address, &scratch.path().join("targets.json"))?;
    report.title(
        "Start and idle memory",
        &[
            "From starting the process to the first answer of /health; ours on a folder that has been used before.",
            "Memory: resident, with child processes, five seconds after the start. Peer: axum alone.",
        ],
    );
    let first = Server::shuyu(&data, address, JURISDICTION)?;
    let first_millis = millis(first.started_in);
    first.stop()?;
    let (mut second_millis, mut memory) = (f64::INFINITY, Memory { resident: 0, children: 0 });
    for _ in 0..TURNS {
        let server = Server::shuyu(&data, address, JURISDICTION)?;
        second_millis = second_millis.min(millis(server.started_in));
        std::thread::sleep(IDLE);
        memory = server.memory()?;
        server.stop()?;
    }
    let peer = Server::peer(&["serve", "bare"])?;
    let peer_millis = millis(peer.started_in);
    std::thread::sleep(IDLE);
    let peer_memory = peer.memory()?;
    peer.stop()?;
    let start = [Pair {
        what: "second start to first answer",
        ours: second_millis,
        peer: "axum",
        theirs: peer_millis,
    }];
    report.pairs("start", "ms", &start)?;
    let idle = [Pair { what: "idle, resident", ours: mib(memory), peer: "axum", theirs: mib(peer_memory) }];
    report.pairs("start", "MiB", &idle)?;
    println!(
        "   first start on the prepared folder {first_millis:.0} ms; {} child processes when idle",
        memory.children
    );
    report.line(&json!({ "part": "start", "first_millis": first_millis, "children": memory.children }))
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

fn mib(memory: Memory) -> f64 {
    f64::from(u32::try_from(memory.resident >> 10).unwrap_or(u32::MAX)) / 1024.0
}
