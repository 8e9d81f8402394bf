//! The command line of `shuyu`.

mod admin;
pub mod demo;
pub(crate) mod embedded;
mod ledger;
mod pack;
mod pack_tools;
mod pack_versions;
mod run;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{Args, Parser, Subcommand, ValueEnum};

/// Authorised operation of public data.
#[derive(Debug, Parser)]
#[command(name = "shuyu", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve pages and interfaces.
    Serve(Settings),
    /// Serve one zone; started by `serve`, not by people.
    #[command(hide = true)]
    Worker {
        /// The unix socket to listen on; without one it tells how it would be isolated, and ends.
        #[arg(long)]
        socket: Option<PathBuf>,
        /// The folder of sealed objects, the only one it keeps.
        #[arg(long)]
        objects: PathBuf,
    },
    /// Bring the database to this release's schema.
    Migrate(Settings),
    /// Write a backup into a new folder: database, ledger and sealed objects.
    Backup {
        /// The folder, which must be empty or not there yet.
        folder: PathBuf,
        /// Put root key and ledger key into the backup too. Whoever holds such a backup can read everything.
        #[arg(long)]
        with_keys: bool,
        #[command(flatten)]
        settings: Settings,
    },
    /// Fill an empty data folder from a backup. Keys that were left out of it are put into `keys/` by hand, all files of
    /// that folder: it remembers what was destroyed since.
    Restore {
        /// The backup's folder.
        folder: PathBuf,
        /// A newer copy of the installation's ledger: what it says was destroyed since does not come back.
        #[arg(long)]
        ledger: Option<PathBuf>,
        /// The ledger's public key, in the verifier key format. Without it, that of the data folder or of the backup.
        #[arg(long, requires = "ledger")]
        key: Option<String>,
        #[command(flatten)]
        settings: Settings,
    },
    /// The transparency log.
    #[command(subcommand)]
    Ledger(Ledger),
    /// Accounts.
    #[command(subcommand)]
    Account(Account),
    /// Regulation packs.
    #[command(subcommand)]
    Pack(Pack),
    /// The demonstration county.
    #[command(subcommand)]
    Demo(demo::Demo),
}

impl Command {
    /// What is logged unless `SHUYU_LOG` says otherwise. A demonstration that shows its own progress is not mixed with
    /// the server's.
    const fn log_filter(&self) -> &'static str {
        match self {
            Self::Demo(demo) if demo.is_quiet() => "warn",
            _ => "warn,app=info,server=info",
        }
    }
}

/// Settings that the command line overrides.
#[derive(Debug, Clone, Default, Args)]
struct Settings {
    /// A YAML file of settings.
    #[arg(long)]
    config: Option<PathBuf>,
    /// The data folder.
    #[arg(long)]
    data: Option<PathBuf>,
    /// `sqlite:<path>` or `postgres://…`; SQLite inside the data folder without it. A password is better given by the
    /// environment or the settings file than here, where other users of the machine can see it.
    #[arg(long, env = "SHUYU_DATABASE", hide_env_values = true)]
    database: Option<String>,
    /// Address and port to listen on.
    #[arg(long)]
    listen: Option<SocketAddr>,
    /// Id of the pack this installation runs under.
    #[arg(long)]
    jurisdiction: Option<String>,
}

impl Settings {
    fn config(&self) -> Result<app::Config> {
        let mut config = match &self.config {
            None => app::Config::default(),
            Some(path) => {
                let text = std::fs::read_to_string(path)
                    .with_context(|| format!("cannot read {}", path.display()))?;
                serde_saphyr::from_str(&text).with_context(|| format!("settings in {}", path.display()))?
            }
        };
        if let Some(data) = &self.data {
            config.data.clone_from(data);
        }
        if let Some(database) = &self.database {
            config.database.clone_from(database);
        }
        if let Some(listen) = self.listen {
            config.listen = listen;
        }
        if let Some(jurisdiction) = &self.jurisdiction {
            config.jurisdiction.clone_from(jurisdiction);
        }
        Ok(config)
    }
}

#[derive(Debug, Subcommand)]
enum Ledger {
    /// Verify a whole data folder offline. Exit code 1 if anything is wrong.
    Verify {
        #[command(flatten)]
        settings: Settings,
        /// The public key to trust, in the verifier key format. Without it, the data folder's own is used.
        #[arg(long)]
        key: Option<String>,
        /// Language of the summary.
        #[arg(long, value_enum, default_value_t = Lang::Zh)]
        lang: Lang,
        /// Print the report as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Check the document of a certificate of destruction, offline. Exit code 1 if it does not prove that nothing is left.
    Certificate {
        /// The document, as the certificate's page hands it out.
        file: PathBuf,
        /// The public key to trust, in the verifier key format. Without it, the data folder's own is used.
        #[arg(long)]
        key: Option<String>,
        #[command(flatten)]
        settings: Settings,
        /// Language of the summary.
        #[arg(long, value_enum, default_value_t = Lang::Zh)]
        lang: Lang,
    },
    /// Print the public key.
    Key(Settings),
}

/// Language of printed text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Lang {
    /// Chinese.
    Zh,
    /// English.
    En,
}

impl Lang {
    /// The text in this language.
    pub(crate) const fn pick<'a>(self, zh: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::Zh => zh,
            Self::En => en,
        }
    }
}

#[derive(Debug, Subcommand)]
enum Account {
    /// Add an account, and its unit if the unit is new. The password is read from standard input.
    Add {
        #[command(flatten)]
        settings: Settings,
        /// Account name.
        account: String,
        /// Person's name.
        #[arg(long)]
        name: String,
        /// Code of the unit.
        #[arg(long)]
        unit: String,
        /// Name of the unit, if it is new.
        #[arg(long)]
        unit_name: Option<String>,
        /// Role; may be given several times.
        #[arg(long = "role", required = true)]
        roles: Vec<String>,
    },
}

#[derive(Debug, Subcommand)]
enum Pack {
    /// Check a pack's folder; its parents are looked for beside it, then among the built-in packs. Exit code 1 if
    /// something stands against activating it.
    Check {
        /// The folder.
        folder: PathBuf,
        /// Language of the messages.
        #[arg(long, value_enum, default_value_t = Lang::Zh)]
        lang: Lang,
    },
    /// Run a pack's scenarios through the kernel. Exit code 1 if one of them does not hold.
    Test {
        /// The folder.
        folder: PathBuf,
        /// Language of the messages.
        #[arg(long, value_enum, default_value_t = Lang::Zh)]
        lang: Lang,
    },
    /// Count a pack's clauses by how they are carried. Exit code 1 if one is neither carried nor
    /// excused, or not proven.
    Coverage {
        /// The folder.
        folder: PathBuf,
        /// Language of the table.
        #[arg(long, value_enum, default_value_t = Lang::Zh)]
        lang: Lang,
    },
    /// Write the folder of a new pack below a parent. Overwrites nothing.
    New(pack_tools::New),
    /// Say what is left to do in a pack that was begun with `new`. Exit code 1 while there is something.
    Todo {
        /// The folder.
        folder: PathBuf,
        /// Language of the list.
        #[arg(long, value_enum, default_value_t = Lang::Zh)]
        lang: Lang,
    },
    /// Print a pack as Markdown, each rule beside its clause.
    Print {
        /// The folder, or the id of a built-in pack.
        pack: PathBuf,
        /// Language of the print.
        #[arg(long, value_enum, default_value_t = Lang::Zh)]
        lang: Lang,
    },
    /// Compare two packs as Markdown.
    Diff {
        /// A folder, or the id of a built-in pack.
        first: PathBuf,
        /// Another.
        second: PathBuf,
        /// Language of the comparison.
        #[arg(long, value_enum, default_value_t = Lang::Zh)]
        lang: Lang,
    },
    /// Print which duties are owed from one day to another.
    Calendar {
        /// The folder, or the id of a built-in pack.
        pack: PathBuf,
        /// First day, `YYYY-MM-DD`; an agreement signed that day is the example for duties counted from one.
        #[arg(long)]
        from: base::Date,
        /// Last day.
        #[arg(long)]
        until: base::Date,
        /// Table or iCalendar file.
        #[arg(long, value_enum, default_value_t = pack_tools::CalendarFormat::Table)]
        format: pack_tools::CalendarFormat,
        /// Language of the words.
        #[arg(long, value_enum, default_value_t = Lang::Zh)]
        lang: Lang,
    },
    /// List the versions of an installation's pack.
    Versions(Settings),
    /// Propose a changed folder as the next version. The password is read from standard input.
    Propose {
        /// The folder.
        folder: PathBuf,
        #[command(flatten)]
        who: pack_versions::Who,
    },
    /// Take a version that the installation supplied as a proposal. The password is read from standard input.
    Confirm {
        /// Its digest, or the beginning of it.
        version: String,
        #[command(flatten)]
        who: pack_versions::Who,
    },
    /// Withdraw a proposal. The password is read from standard input.
    Withdraw {
        /// Its digest, or the beginning of it.
        version: String,
        #[command(flatten)]
        who: pack_versions::Who,
    },
    /// Put a proposed version into force, by another account than the one that proposed it. Without `--seen` it says what
    /// that would change and which digest to give. The password is read from standard input. Not while a server runs on
    /// the data folder: use its page then.
    Activate {
        /// Its digest, or the beginning of it.
        version: String,
        /// The digest of the effect on running cases that was looked at.
        #[arg(long)]
        seen: Option<base::Digest>,
        #[command(flatten)]
        who: pack_versions::Who,
    },
    /// Draw procedures: one to standard output, or all into a folder.
    Graph {
        /// The folder, or the id of a built-in pack.
        pack: PathBuf,
        /// The procedure's name.
        #[arg(long)]
        procedure: Option<String>,
        /// A folder to write into.
        #[arg(long)]
        out: Option<PathBuf>,
        /// Picture or text.
        #[arg(long, value_enum, default_value_t = pack_tools::GraphFormat::Svg)]
        format: pack_tools::GraphFormat,
        /// Language of the words.
        #[arg(long, value_enum, default_value_t = Lang::Zh)]
        lang: Lang,
    },
}

/// Runs the program.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_env("SHUYU_LOG")
                .unwrap_or_else(|_| cli.command.log_filter().into()),
        )
        .init();
    // A worker gives up what it has no use for while it is one thread.
    let door = match &cli.command {
        Command::Worker { socket: Some(socket), objects } => match app::ZoneDoor::open(socket, objects) {
            Ok(door) => Some(door),
            Err(error) => {
                eprintln!("shuyu worker: {error}");
                return ExitCode::FAILURE;
            }
        },
        _ => None,
    };
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    if door.is_some() {
        runtime.thread_stack_size(app::ZoneDoor::STACK_BYTES);
    }
    let runtime = match runtime.enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("shuyu: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(run(cli.command, door)) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("shuyu: {error:#}");
            if let Some(diagnostics) = pack::diagnostics_of(&error, Lang::Zh) {
                eprintln!("{diagnostics}");
            }
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command, door: Option<app::ZoneDoor>) -> Result<ExitCode> {
    match command {
        Command::Serve(settings) => run::serve(settings.config()?).await?,
        Command::Worker { objects, .. } => match door {
            Some(door) => door.serve().await?,
            None => println!("{}", serde_json::to_string(&app::probe_isolation(&objects)?)?),
        },
        Command::Migrate(settings) => admin::migrate(&settings.config()?).await?,
        Command::Backup { folder, with_keys, settings } => {
            let keys = if with_keys { app::backup::Keys::Included } else { app::backup::Keys::LeftOut };
            admin::backup(settings.config()?, &folder, keys).await?;
        }
        Command::Restore { folder, ledger, key, settings } => {
            admin::restore(&settings.config()?, &folder, ledger, key.as_deref()).await?;
        }
        Command::Ledger(Ledger::Certificate { file, key, settings, lang }) => {
            return ledger::certificate(&settings.config()?, &file, key.as_deref(), lang);
        }
        Command::Ledger(Ledger::Verify { settings, key, lang, json }) => {
            return ledger::verify(&settings.config()?, key.as_deref(), lang, json).await;
        }
        Command::Ledger(Ledger::Key(settings)) => {
            println!("{}", app::ledger::public_key(&settings.config()?)?);
        }
        Command::Account(Account::Add { settings, account, name, unit, unit_name, roles }) => {
            let unit = admin::UnitOf { code: unit, name: unit_name };
            admin::add_account(settings.config()?, &account, &name, unit, &roles).await?;
        }
        Command::Pack(Pack::Check { folder, lang }) => return pack::check(&folder, lang),
        Command::Pack(Pack::Test { folder, lang }) => return pack::test(&folder, lang),
        Command::Pack(Pack::Coverage { folder, lang }) => return pack::coverage(&folder, lang),
        Command::Pack(Pack::New(asked)) => return pack_tools::new(&asked),
        Command::Pack(Pack::Todo { folder, lang }) => return pack_tools::todo(&folder, lang),
        Command::Pack(Pack::Print { pack, lang }) => return pack_tools::print(&pack, lang),
        Command::Pack(Pack::Diff { first, second, lang }) => return pack_tools::diff(&first, &second, lang),
        Command::Pack(Pack::Calendar { pack, from, until, format, lang }) => {
            return pack_tools::calendar(&pack, (from, until), format, lang);
        }
        Command::Pack(Pack::Versions(settings)) => return pack_versions::list(&settings).await,
        Command::Pack(Pack::Propose { folder, who }) => return pack_versions::propose(&who, &folder).await,
        Command::Pack(Pack::Confirm { version, who }) => return pack_versions::confirm(&who, &version).await,
        Command::Pack(Pack::Withdraw { version, who }) => {
            return pack_versions::withdraw(&who, &version).await;
        }
        Command::Pack(Pack::Activate { version, seen, who }) => {
            return pack_versions::activate(&who, &version, seen).await;
        }
        Command::Pack(Pack::Graph { pack, procedure, out, format, lang }) => {
            return pack_tools::graph(&pack, procedure.as_deref(), out.as_deref(), format, lang);
        }
        Command::Demo(demo) => return demo::run(demo).await,
    }
    Ok(ExitCode::SUCCESS)
}
