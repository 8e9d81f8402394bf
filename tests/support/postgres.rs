//! A throw-away PostgreSQL cluster for tests, on a socket of its own. Test binaries that need one include this file.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

/// The cluster: its folder, and the shell that keeps it. The shell reads a pipe whose other end this process holds, so
/// when the tests end, however they end, it stops the server and removes the folder.
pub(crate) struct Cluster {
    pub(crate) folder: PathBuf,
    _shell: Child,
}

const SCRIPT: &str = r#"
set -e
bin=$1
dir=$(mktemp -d /tmp/shuyu-pg-XXXXXX)
trap '"$bin/pg_ctl" -D "$dir/data" -m immediate stop >"$dir/stop" 2>&1 || true; rm -rf "$dir"' EXIT
"$bin/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C --no-sync >"$dir/init" 2>&1 || { cat "$dir/init" >&2; exit 1; }
"$bin/pg_ctl" -D "$dir/data" -l "$dir/log" -w -o "-k $dir -c listen_addresses= -c fsync=off -c max_connections=400" start >"$dir/start" 2>&1 || { cat "$dir/log" >&2; exit 1; }
echo "$dir"
cat >/dev/null
"#;

/// The one cluster of this test binary, started when first asked for. Blocks until it accepts connections.
pub(crate) fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(|| {
        let bin = newest_binaries();
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
        command.args(["-c", SCRIPT, "sh"]).arg(bin).current_dir("/tmp");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut shell = command.spawn().expect("cannot run a shell as user postgres");
        let mut line = String::new();
        BufReader::new(shell.stdout.take().expect("the shell that keeps PostgreSQL"))
            .read_line(&mut line)
            .expect("the shell that keeps PostgreSQL");
        if line.is_empty() {
            let mut reason = String::new();
            shell
                .stderr
                .take()
                .expect("the shell that keeps PostgreSQL")
                .read_to_string(&mut reason)
                .expect("the shell that keeps PostgreSQL");
            panic!("the test cluster of PostgreSQL did not start: {reason}");
        }
        Cluster { folder: PathBuf::from(line.trim()), _shell: shell }
    })
}

/// The folder of the newest installed version's programs.
pub(crate) fn newest_binaries() -> PathBuf {
    let versions =
        std::fs::read_dir("/usr/lib/postgresql").map(Iterator::collect::<Vec<_>>).unwrap_or_default();
    let mut found: Vec<(u32, PathBuf)> = versions
        .into_iter()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .filter(|(_, bin)| bin.join("initdb").exists())
        .collect();
    found.sort();
    let (_, bin) = found.pop().expect(
        "PostgreSQL is not installed: these tests need /usr/lib/postgresql/*/bin (Debian, Ubuntu: apt-get install postgresql)",
    );
    bin
}
