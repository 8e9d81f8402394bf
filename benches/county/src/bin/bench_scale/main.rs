//! Grows an installation to so many open cases and measures what its people do all day; for the part `scale` of `bench`.
//!
//! `bench_scale grow DATA DATABASE CASES EVENTS` fills an empty folder and an empty database, `bench_scale measure DATA
//! DATABASE CASES` measures them in a process of its own, so that starting and memory are measured as well. Each prints
//! one JSON object.

mod grow;
mod law;
mod measure;
mod story;

use std::path::Path;

use anyhow::{Result, bail};
use app::regulation::case::Actor;
use base::{Digest, Id, Kind, Timestamp, kind};

/// When the cases are looked at: Wednesday 2026-09-16, ten in the morning in China.
const NOW: Timestamp = Timestamp::from_micros(1_789_524_000_000_000);
/// When the first case's id was made.
const BEGIN: Timestamp = Timestamp::from_micros(1_780_000_000_000_000);
/// The pack of the installation; the cases are under those of other counties.
const JURISDICTION: &str = "deqing";
/// Cases of one county: a hundred open ones.
const CASES_EACH: u32 = 100;
/// The unit that sees most: nearly every procedure passes its desk.
const BUREAU: &str = "bigdata-bureau";
/// Every so manieth case has a long history …
const LONG_EACH: u32 = 1_000;
/// … and every so manieth has something due on the next day.
const DUE_EACH: u32 = 100;

#[tokio::main(flavor = "multi_thread")]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["grow", data, database, cases, events] => {
            grow::run(Path::new(data), database, cases.parse()?, events.parse()?).await?
        }
        ["measure", data, database, cases] => measure::run(Path::new(data), database, cases.parse()?).await?,
        _ => bail!("usage: bench_scale grow DATA DATABASE CASES EVENTS | measure DATA DATABASE CASES"),
    };
    println!("{done}");
    Ok(())
}

/// An id that both programs make from the same words.
fn id_of<K: Kind>(at: Timestamp, name: &str) -> Id<K> {
    let mut random = [0; 10];
    for (byte, from) in random.iter_mut().zip(Digest::of(name.as_bytes()).0) {
        *byte = from;
    }
    Id::new(at, random)
}

/// The id of a case; they were opened one after the other.
fn case_id(number: u32) -> Id<kind::Case> {
    id_of(BEGIN.plus_seconds(i64::from(number)), &format!("case {number}"))
}

/// The county of a case.
const fn counties(cases: u32) -> u32 {
    if cases < CASES_EACH { 1 } else { cases / CASES_EACH }
}

/// The operator of a county.
fn operator(county: u32) -> String {
    format!("operator-{county:05}")
}

const fn is_long(number: u32) -> bool {
    number % LONG_EACH == LONG_EACH / 2
}

const fn is_due(number: u32) -> bool {
    number % DUE_EACH == DUE_EACH / 3
}

/// Somebody of a unit.
fn somebody(unit: &str) -> Actor {
    Actor {
        person: id_of(BEGIN, &format!("person of {unit}")),
        unit: unit.to_owned(),
        unit_name: unit.to_owned(),
        person_name: unit.to_owned(),
    }
}
