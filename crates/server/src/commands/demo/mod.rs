//! The demonstration county: its data, its people, its story.

mod client;
mod people;
mod play;
mod player;
mod registers;
mod story;

use std::fs::File;
use std::io::BufWriter;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use app::App;
use clap::{Args, Subcommand};
use serde_json::json;
use tokio::net::TcpListener;

use super::{Lang, embedded};
use crate::serve;

pub use client::{Answer, Call, Client};
pub use people::{Member, PASSWORD, People};
pub use player::{Acknowledged, Audience, Player};
pub use registers::Sizes;
pub use story::{Chapter, Saved, Step, Story, Words, read as read_story};

/// The demonstration's commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Demo {
    /// Generate the registers of enterprises and persons as CSV.
    Registers {
        /// The folder to write to.
        #[arg(long)]
        out: PathBuf,
        #[command(flatten)]
        sizes: SizeOptions,
    },
    /// Serve the demonstration county; an empty data folder is filled with its units and people first.
    Serve(ServeOptions),
    /// Play the whole story with a fake clock, verify the ledger offline, and stay up to look at.
    Play {
        #[command(flatten)]
        options: ServeOptions,
        /// Stop after the story instead of staying up.
        #[arg(long)]
        exit: bool,
        /// A story file; the built-in one without it.
        #[arg(long)]
        story: Option<PathBuf>,
        /// End the story after so many chapters: the whole one ends with everything destroyed.
        #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
        until: Option<u16>,
        /// Language of what is shown.
        #[arg(long, value_enum, default_value_t = Lang::Zh)]
        lang: Lang,
    },
}

impl Demo {
    /// Whether the log stays out of the way.
    pub(super) const fn is_quiet(&self) -> bool {
        match self {
            Self::Registers { .. } | Self::Play { .. } => true,
            Self::Serve(options) => options.quiet,
        }
    }
}

/// How large the registers are.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct SizeOptions {
    /// Rows of the enterprise register.
    #[arg(long, default_value_t = Sizes::default().enterprises)]
    enterprises: u32,
    /// Rows of the person register.
    #[arg(long, default_value_t = Sizes::default().persons)]
    persons: u32,
}

impl SizeOptions {
    fn sizes(self) -> Sizes {
        Sizes { enterprises: self.enterprises, persons: self.persons, ..Sizes::default() }
    }
}

/// How to serve the demonstration.
#[derive(Debug, Clone, Args)]
pub(crate) struct ServeOptions {
    /// The data folder.
    #[arg(long, default_value = "data/demo")]
    data: PathBuf,
    /// `sqlite:<path>` or `postgres://…`; SQLite inside the data folder without it.
    #[arg(long, env = "SHUYU_DATABASE", hide_env_values = true, conflicts_with = "fresh")]
    database: Option<String>,
    /// Which demonstration: the folder's name below `demo/`. Without it, the one the data folder holds already, or the
    /// first.
    #[arg(long)]
    county: Option<String>,
    /// Address and port to listen on; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Run on a clock that stands still until it is moved, from this moment (`YYYY-MM-DD HH:MM`).
    #[arg(long, num_args = 0..=1, default_missing_value = "")]
    fake_clock: Option<String>,
    #[command(flatten)]
    sizes: SizeOptions,
    /// Print nothing.
    #[arg(long)]
    quiet: bool,
    /// Empty the data folder first.
    #[arg(long)]
    fresh: bool,
}

/// The demonstration's marker in a data folder: only what bears it is ever emptied.
const MARKER: &str = "demonstration";

/// The demonstration a data folder holds, or the first one.
fn county_of(data: &Path) -> Result<String> {
    let held = std::fs::read_to_string(data.join(MARKER)).unwrap_or_default();
    let held = held.trim();
    let county = if held.is_empty() { embedded::demo_text("county")? } else { held.to_owned() };
    Ok(county.trim().to_owned())
}

/// Whether a data folder holds the demonstration.
#[must_use]
pub fn is_demonstration(data: &Path) -> bool {
    data.join(MARKER).is_file()
}

pub(crate) async fn run(demo: Demo) -> Result<ExitCode> {
    match demo {
        Demo::Registers { out, sizes } => {
            write_registers(&out, sizes.sizes())?;
            println!("{}", out.display());
        }
        Demo::Serve(options) => {
            let (app, listener, people) = open(&options).await?;
            announce(&options, &listener, &people)?;
            serve::serve(app, listener, serve::told_to_stop()).await?;
        }
        Demo::Play { mut options, exit, story, until, lang } => {
            options.fake_clock.get_or_insert_default();
            let until = until.map_or(usize::MAX, usize::from);
            return play::play(&options, exit, story.as_deref(), until, lang).await;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Opens the demonstration's installation and its listener.
async fn open(options: &ServeOptions) -> Result<(App, TcpListener, People)> {
    let own = People::own(&options.data)?;
    if options.fresh {
        empty(&options.data)?;
    }
    let county = options.county()?;
    let people = own.map_or_else(|| People::of(&county), Ok)?;
    std::fs::create_dir_all(&options.data)?;
    std::fs::write(options.data.join(MARKER), &county)?;
    let fake_clock = match options.fake_clock.as_deref() {
        None => None,
        Some("") => Some(people.clock_start()?),
        Some(moment) => Some(people::moment(moment)?),
    };
    let config = app::Config {
        data: options.data.clone(),
        database: options.database.clone().unwrap_or_default(),
        listen: options.listen,
        jurisdiction: people.jurisdiction.clone(),
        fake_clock: fake_clock.map(base::Timestamp::micros),
        ..app::Config::default()
    };
    if options.database.is_some() {
        app::migrate(&config).await.context("the database cannot be migrated")?;
    }
    let app = super::run::open(config).await?;
    people.enrol(&app).await?;
    let listener = TcpListener::bind(options.listen)
        .await
        .with_context(|| format!("cannot listen on {}", options.listen))?;
    Ok((app, listener, people))
}

impl ServeOptions {
    /// As [`Self::county`], for a folder that may be emptied first.
    fn asked(&self) -> Result<String> {
        match &self.county {
            Some(asked) => Ok(asked.clone()),
            None if self.fresh => Ok(embedded::demo_text("county")?.trim().to_owned()),
            None => self.county(),
        }
    }

    /// The demonstration asked for; a folder that holds one is not started as another.
    fn county(&self) -> Result<String> {
        let held = county_of(&self.data)?;
        match &self.county {
            Some(asked) if is_demonstration(&self.data) && *asked != held => {
                bail!(
                    "{} holds the demonstration `{held}`; start `{asked}` in another folder or with --fresh",
                    self.data.display()
                )
            }
            Some(asked) => Ok(asked.clone()),
            None => Ok(held),
        }
    }
}

fn empty(data: &Path) -> Result<()> {
    let mut entries = match std::fs::read_dir(data) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        other => other?,
    };
    if data.join(MARKER).is_file() {
        std::fs::remove_dir_all(data).with_context(|| format!("cannot empty {}", data.display()))
    } else if entries.next().is_some() {
        bail!("{} is not empty and not a demonstration's; it stays as it is", data.display())
    } else {
        Ok(())
    }
}

fn announce(options: &ServeOptions, listener: &TcpListener, people: &People) -> Result<()> {
    if options.quiet {
        return Ok(());
    }
    println!("http://{}\n", listener.local_addr()?);
    print!("{}", people.table());
    println!("\n口令 password: {PASSWORD}");
    Ok(())
}

fn write_registers(out: &Path, sizes: Sizes) -> Result<()> {
    std::fs::create_dir_all(out)?;
    let create = |name: &str| File::create(out.join(name)).with_context(|| format!("cannot write {name}"));
    registers::write_enterprises(sizes, &mut BufWriter::new(create("enterprises.csv")?))?;
    registers::write_persons(sizes, &mut BufWriter::new(create("persons.csv")?))?;
    Ok(())
}

/// Makes the folder a [`Player`] reads its files from: the demonstration's own and the registers.
///
/// # Errors
/// When the folder cannot be written.
pub fn prepare_folder(folder: &Path, sizes: Sizes) -> Result<()> {
    embedded::unpack_demo(folder)?;
    write_registers(&folder.join("data"), sizes)
}

/// What a story may use before it has saved anything: sizes of the registers and enterprises of known standing.
///
/// # Errors
/// When the generator makes no such enterprise at this size.
pub fn known(sizes: Sizes) -> Result<Saved> {
    let mut csv = Vec::new();
    registers::write_enterprises(sizes, &mut csv)?;
    let csv = String::from_utf8(csv)?;
    let mut lines = csv.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let header = lines.next().context("no header")?;
    let status = header.iter().position(|name| *name == "licence_status").context("no licence status")?;
    let (mut licensed, mut lapsed) = (None, None);
    for line in lines {
        let (Some(code), Some(found)) = (line.first(), line.get(status)) else { continue };
        let slot = if *found == registers::ACTIVE { &mut licensed } else { &mut lapsed };
        slot.get_or_insert_with(|| (*code).to_owned());
        if licensed.is_some() && lapsed.is_some() {
            break;
        }
    }
    Ok(Saved::from([
        ("persons".to_owned(), json!(sizes.persons)),
        ("enterprises".to_owned(), json!(sizes.enterprises)),
        ("licensed_code".to_owned(), json!(licensed.context("no enterprise with a licence")?)),
        ("lapsed_code".to_owned(), json!(lapsed.context("no enterprise without a licence")?)),
        ("unknown_code".to_owned(), json!(registers::credit_code(sizes.enterprises + 1))),
    ]))
}
