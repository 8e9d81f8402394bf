//! A PostgreSQL of our own that syncs what it commits, for the parts that compare the two databases.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};

/// The shell starts the server in a new folder on the disk and stops it when its input ends, however this program ends.
const SCRIPT: &str = r#"
set -e
bin=$1
dir=$(mktemp -d /var/tmp/shuyu-bench-pg-XXXXXX)
trap '"$bin/pg_ctl" -D "$dir/data" -m immediate stop >"$dir/stop" 2>&1 || true; rm -rf "$dir"' EXIT
"$bin/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C >"$dir/init" 2>&1 || { cat "$dir/init" >&2; exit 1; }
"$bin/pg_ctl" -D "$dir/data" -l "$dir/log" -w -o "-k $dir -c listen_addresses= -c max_wal_size=4GB" start >"$dir/start" 2>&1 || { cat "$dir/log" >&2; exit 1; }
echo "$dir"
cat >/dev/null
"#;

/// The server: with the settings it has when it is installed, but for the room of its log.
#[derive(Debug)]
pub(crate) struct Postgres {
    bin: PathBuf,
    folder: PathBuf,
    shell: Child,
}

impl Postgres {
    /// Starts it.
    ///
    /// # Errors
    /// If it is not installed or does not start.
    pub(crate) fn start() -> Result<Self> {
        let bin = newest_binaries()?;
        // PostgreSQL refuses to run as root.
        let root =
            std::fs::metadata("/proc/self").is_ok_and(|meta| std::os::unix::fs::MetadataExt::uid(&meta) == 0);
        let mut command = if root {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--", "sh"]);
            command
        } else {
            Command::new("sh")
        };
        command.args(["-c", SCRIPT, "sh"]).arg(&bin).current_dir("/");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut shell = command.spawn().context("a shell as user postgres")?;
        let mut line = String::new();
        BufReader::new(shell.stdout.take().context("no pipe")?).read_line(&mut line)?;
        if line.is_empty() {
            let mut reason = String::new();
            shell.stderr.take().context("no pipe")?.read_to_string(&mut reason)?;
            bail!("PostgreSQL did not start: {reason}");
        }
        Ok(Self { bin, folder: PathBuf::from(line.trim()), shell })
    }

    /// A new database; its URL.
    ///
    /// # Errors
    /// If the server refuses.
    pub(crate) fn create(&self, name: &str) -> Result<String> {
        self.sql("postgres", &format!("CREATE DATABASE {name}"))?;
        Ok(format!("postgres:///{name}?host={}&user=postgres", self.folder.display()))
    }

    /// Does what the server does by itself after some time: statistics and the map of what all can see.
    ///
    /// # Errors
    /// If the server refuses.
    pub(crate) fn settle(&self, name: &str) -> Result<()> {
        self.sql(name, "VACUUM ANALYZE")?;
        self.sql(name, "CHECKPOINT")
    }

    /// Removes a database.
    ///
    /// # Errors
    /// If the server refuses.
    pub(crate) fn remove(&self, name: &str) -> Result<()> {
        self.sql("postgres", &format!("DROP DATABASE {name}"))
    }

    /// Bytes of a database.
    ///
    /// # Errors
    /// If the server refuses.
    pub(crate) fn bytes(&self, name: &str) -> Result<u64> {
        let output = self.psql(name, &format!("SELECT pg_database_size('{name}')"))?;
        Ok(output.trim().parse()?)
    }

    fn sql(&self, database: &str, statement: &str) -> Result<()> {
        self.psql(database, statement).map(|_| ())
    }

    fn psql(&self, database: &str, statement: &str) -> Result<String> {
        let output = Command::new(self.bin.join("psql"))
            .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-d", database, "-h"])
            .arg(&self.folder)
            .args(["-c", statement])
            .stderr(Stdio::inherit())
            .output()?;
        ensure!(output.status.success(), "psql: {}", output.status);
        Ok(String::from_utf8(output.stdout)?)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // The shell sees the end of its input, stops the server and removes the folder.
        drop(self.shell.stdin.take());
        let _ended = self.shell.wait();
    }
}

/// The folder of the newest installed version's programs.
fn newest_binaries() -> Result<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/usr/lib/postgresql").context("PostgreSQL is not installed")? {
        let entry = entry?;
        let version: Option<u32> = entry.file_name().to_str().and_then(|name| name.parse().ok());
        found.extend(version.map(|version| (version, entry.path().join("bin"))));
    }
    found.retain(|(_, bin)| bin.join("initdb").exists());
    found.sort();
    found.pop().map(|(_, bin)| bin).context("PostgreSQL is not installed")
}
