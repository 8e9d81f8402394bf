//! Settings, validated once at start.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Everything that can be set. Defaults run one machine on embedded parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Folder of everything the installation keeps: database, sealed objects, tiles, keys.
    pub data: PathBuf,
    /// `sqlite:<path>` or `postgres://…`; empty for SQLite inside the data folder.
    pub database: String,
    /// Where to listen.
    pub listen: std::net::SocketAddr,
    /// A folder of packs that replaces the built-in ones; empty for the built-in ones.
    pub packs: PathBuf,
    /// The pack this installation runs under.
    pub jurisdiction: String,
    /// The ledger's origin line; it must never change once records exist.
    pub origin: String,
    /// Where people reach it, for example `https://data.example.cn`, for links that leave the browser; empty to take what
    /// the browser asked for.
    pub address: String,
    /// Cookies are marked `Secure`. Off only for plain HTTP on the loopback.
    pub secure_cookies: bool,
    /// Start the fake clock at this instant (microseconds) instead of using the system's.
    pub fake_clock: Option<i64>,
    /// Socket of a ClamAV daemon that looks at social data on their way in; empty for none.
    pub scanner: PathBuf,
    /// The program to start zone workers with; empty for this program itself.
    pub worker_program: PathBuf,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data: PathBuf::from("data"),
            database: String::new(),
            listen: std::net::SocketAddr::from(([127, 0, 0, 1], 8080)),
            packs: PathBuf::new(),
            jurisdiction: String::new(),
            origin: "shuyu.local/journal".to_owned(),
            address: String::new(),
            secure_cookies: false,
            fake_clock: None,
            scanner: PathBuf::new(),
            worker_program: PathBuf::new(),
        }
    }
}

impl Config {
    /// The database to open.
    #[must_use]
    pub fn database_url(&self) -> String {
        if self.database.is_empty() {
            format!("sqlite:{}", self.data.join("shuyu.db").display())
        } else {
            self.database.clone()
        }
    }

    /// Sealed objects.
    #[must_use]
    pub fn objects_dir(&self) -> PathBuf {
        self.data.join("objects")
    }

    /// Tiles and checkpoint.
    #[must_use]
    pub fn ledger_dir(&self) -> PathBuf {
        self.data.join("ledger")
    }

    /// Root key and ledger key.
    #[must_use]
    pub fn keys_dir(&self) -> PathBuf {
        self.data.join("keys")
    }

    /// Sockets of zone workers.
    #[must_use]
    pub fn run_dir(&self) -> PathBuf {
        self.data.join("run")
    }
}
