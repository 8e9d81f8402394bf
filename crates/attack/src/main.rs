//! `make attack`: our own attacks on the running server, over its public interfaces only.
//!
//! A run starts a server in an empty folder (or takes one that runs, `--url`), sets the stage as the people of the
//! demonstration would, plants a population of invented persons with secret bits, and attacks it. Each attack computes its
//! guesses from what it was answered; each has a benign twin that must pass. `docs/domain-api.md` tells what is used.

mod algebra;
mod attack;
mod classes;
mod client;
mod delivery;
mod estate;
mod lab;
mod population;
mod random;
mod read;
mod report;
mod rewrites;
mod runner;
mod score;
mod search;
mod server;
mod stage;
mod story;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use clap::Parser;
use futures::StreamExt as _;

use crate::attack::{Attack, Scene};
use crate::client::Client;
use crate::lab::Lab;
use crate::population::Population;
use crate::report::Report;
use crate::server::Server;

/// Plots behind those of the attacks: the search's own, and the register on which masks are attacked.
const SEARCH_PLOTS: usize = 1;
const REGISTER_PLOTS: usize = 12;

/// Attacks on a running server over its public interfaces.
#[derive(Debug, Parser)]
struct Options {
    /// The server's binary. Started in an empty folder that goes with the run.
    #[arg(long, default_value = "target/debug/shuyu", conflicts_with = "url")]
    binary: PathBuf,
    /// A server that runs already: the demonstration on a fake clock, without tables of an earlier run of this seed.
    #[arg(long)]
    url: Option<String>,
    /// The data folder of the started server; a temporary one without it.
    #[arg(long)]
    data: Option<PathBuf>,
    /// Leave the data folder behind.
    #[arg(long)]
    keep: bool,
    /// The demonstration that is served.
    #[arg(long, default_value = "deqing")]
    county: String,
    /// Password of the demonstration's accounts.
    #[arg(long, default_value = "Sample-County-2026")]
    password: String,
    /// The population's seed; another one each run without it.
    #[arg(long)]
    seed: Option<u64>,
    /// Only attacks whose id begins with one of these.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Only set the stage, print what a harness needs as JSON, and leave a started server up until interrupted.
    #[arg(long)]
    stage: bool,
    /// Write everything as JSON to standard output, and the table to standard error.
    #[arg(long)]
    json: bool,
    /// Attacks made at once.
    #[arg(long, default_value_t = 4)]
    jobs: usize,
    /// Starts of the search.
    #[arg(long, default_value_t = 24)]
    starts: usize,
}

/// The value behind a lock, whatever happened to who held it before.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let options = Options::parse();
    let seed = options.seed.unwrap_or_else(rand::random);
    let (mut server, url) = match &options.url {
        Some(url) => (None, url.clone()),
        None => {
            let folder = options
                .data
                .clone()
                .unwrap_or_else(|| std::env::temp_dir().join(format!("shuyu-attack-{}", std::process::id())));
            let (server, url) = Server::start(&options.binary, &folder, &options.county, options.keep)?;
            (Some(server), url)
        }
    };
    // However this ends, a started server ends with it.
    let own = server.is_some();
    let ended = async {
        match server.as_mut() {
            Some(server) => server.ended().await,
            None => std::future::pending().await,
        }
    };
    let report = tokio::select! {
        report = work(&options, seed, &url, own) => report,
        why = ended => Err(why),
        stopped = stopped() => stopped.map(|()| None),
    };
    drop(server);
    let Some(report) = report? else {
        return Ok(if options.stage { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    };
    if options.json {
        eprint!("{}", report.table());
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print!("{}", report.table());
    }
    Ok(if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Sets the stage, and stays where a server is to be kept up; or attacks and says how it went.
async fn work(options: &Options, seed: u64, url: &str, started: bool) -> Result<Option<Report>> {
    if !options.stage {
        return run(options, seed, url).await.map(Some);
    }
    let told = prepare(options, seed, url).await?;
    println!("{}", serde_json::to_string_pretty(&told)?);
    if started {
        std::future::pending::<()>().await;
    }
    Ok(None)
}

/// Somebody wants this to end.
async fn stopped() -> Result<()> {
    let mut terminated = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted?,
        _ = terminated.recv() => {}
    }
    Ok(())
}

async fn run(options: &Options, seed: u64, url: &str) -> Result<Report> {
    let begun = Instant::now();
    let client = Client::new(url, &options.password);
    client.wait_until_up(Duration::from_secs(120)).await?;
    let attacks = classes::all();
    let own = attacks.len() * 2;
    let register = own + SEARCH_PLOTS..own + SEARCH_PLOTS + REGISTER_PLOTS;
    let population = Population::new(seed, register.end);
    let stage = stage::set(&client, &options.county, &population, register).await.context("the stage")?;
    eprintln!("stage set after {:.0} s", begun.elapsed().as_secs_f64());
    client.watch(population.people(0..population.plots.len()).map(|(_, person)| person.id_number.clone()));
    let lab = Lab::new(&client, &stage);
    let (before, after): (Vec<_>, Vec<_>) = attacks
        .iter()
        .enumerate()
        .filter(|(_, attack)| wanted(options, attack))
        .partition(|(_, attack)| !classes::in_turn(attack));
    // Times are read while nothing else goes on.
    let (alone, together): (Vec<_>, Vec<_>) =
        before.into_iter().partition(|(_, attack)| matches!(attack.kind, attack::Kind::Timing(_)));
    let mut verdicts = Vec::new();
    for (number, attack) in alone {
        verdicts.push(made(attack, number, &lab, &population).await);
    }
    let (lab, population) = (&lab, &population);
    let making = together.into_iter().map(|(number, attack)| made(attack, number, lab, population));
    verdicts.extend(
        futures::stream::iter(making).buffer_unordered(options.jobs.max(1)).collect::<Vec<_>>().await,
    );
    verdicts.sort_by_key(|verdict| (verdict.class, verdict.id));
    let plot = population.plots.get(own).context("no plot for the search")?;
    let starts = if options.only.is_empty() || options.only.iter().any(|id| id == "search") {
        options.starts
    } else {
        0
    };
    let search = search::climb(&Scene { lab, population, plot }, seed, starts).await?;
    for (number, attack) in after {
        verdicts.push(made(attack, number, lab, population).await);
    }
    Ok(Report {
        seed,
        seconds: begun.elapsed().as_secs_f64(),
        set_up: lab.stage.done.clone(),
        verdicts,
        search,
        spills: client.spills(),
        absent: classes::ABSENT,
    })
}

/// The stage alone, in the words of a harness.
async fn prepare(options: &Options, seed: u64, url: &str) -> Result<serde_json::Value> {
    let client = Client::new(url, &options.password);
    client.wait_until_up(Duration::from_secs(120)).await?;
    let register = SEARCH_PLOTS..SEARCH_PLOTS + REGISTER_PLOTS;
    let population = Population::new(seed, register.end);
    let stage = stage::set(&client, &options.county, &population, register).await.context("the stage")?;
    Ok(serde_json::json!({
        "url": url, "seed": seed, "tenant": stage.tenant, "other": stage.other, "tables": stage.tables,
        "resources": stage.resources, "districts": population.plots.iter().map(|plot| &plot.district).collect::<Vec<_>>(),
        "done": stage.done,
    }))
}

async fn made(attack: &Attack, number: usize, lab: &Lab<'_>, population: &Population) -> attack::Verdict {
    let verdict = runner::judge(attack, number, lab, population).await;
    let mark = if verdict.blocked { "blocked" } else { "THROUGH" };
    let twin = if verdict.twin_passed { "twin passed" } else { "TWIN FAILED" };
    eprintln!("{:<5} {mark} {twin} {:>5.1} s  {}", verdict.id, verdict.seconds, verdict.title);
    verdict
}

fn wanted(options: &Options, attack: &Attack) -> bool {
    options.only.is_empty() || options.only.iter().any(|id| attack.id.starts_with(id.as_str()))
}
