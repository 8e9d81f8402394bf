//! Other programs of the benchmark and the server itself: starting, asking, stopping.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;

/// How long a program may take until it listens.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long it may take to stop before it is killed.
const STOPPING: Duration = Duration::from_secs(10);
/// How often it is looked at. *Units*: 1 ms, the accuracy of a start time.
const PAUSE: Duration = Duration::from_millis(1);

/// Where a program lies: beside this one, or where `SHUYU_BIN`, `BENCH_HTTP_BIN` and so on say.
///
/// # Errors
/// If it is not there.
pub(crate) fn program(name: &str) -> Result<PathBuf> {
    let variable = format!("{}_BIN", name.to_uppercase());
    let path = match std::env::var_os(&variable) {
        Some(path) => PathBuf::from(path),
        None => std::env::current_exe()?.with_file_name(name),
    };
    ensure!(path.is_file(), "there is no {} (set {variable})", path.display());
    Ok(path)
}

/// A program that listens; killed when dropped.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// From the start of the process to its first answer.
    pub(crate) started_in: Duration,
}

/// Memory of a process and its children. *Units*: bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Memory {
    /// Resident.
    pub(crate) resident: u64,
    /// Child processes.
    pub(crate) children: usize,
}

impl Server {
    /// Starts a peer and waits for its first answer.
    ///
    /// # Errors
    /// If it does not start.
    pub(crate) fn peer(arguments: &[&str]) -> Result<Self> {
        let start = Instant::now();
        let mut child = Command::new(program("bench_http")?)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("no pipe")?).read_line(&mut line)?;
        let address = line.trim().strip_prefix("listening ").context("the peer did not start")?.parse()?;
        Self::wait(child, address, start)
    }

    /// Starts the server on a data folder and waits for its first answer.
    ///
    /// # Errors
    /// If it does not start.
    pub(crate) fn shuyu(data: &Path, address: SocketAddr, jurisdiction: &str) -> Result<Self> {
        let log = std::fs::File::create(data.with_extension("log"))?;
        let start = Instant::now();
        let child = Command::new(program("shuyu")?)
            .arg("serve")
            .arg("--data")
            .arg(data)
            .args(["--listen", &address.to_string(), "--jurisdiction", jurisdiction])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()?;
        let started = Self::wait(child, address, start);
        started.with_context(|| std::fs::read_to_string(data.with_extension("log")).unwrap_or_default())
    }

    fn wait(child: Child, address: SocketAddr, start: Instant) -> Result<Self> {
        let mut server = Self { child, address, started_in: Duration::ZERO };
        while start.elapsed() < PATIENCE {
            if health(address).is_ok() {
                server.started_in = start.elapsed();
                return Ok(server);
            }
            if let Some(status) = server.child.try_wait()? {
                bail!("ended with {status}");
            }
            std::thread::sleep(PAUSE);
        }
        bail!("did not answer within {PATIENCE:?}")
    }

    /// What it holds in memory now.
    ///
    /// # Errors
    /// Where there is no `/proc`.
    pub(crate) fn memory(&self) -> Result<Memory> {
        let main = self.child.id();
        let children =
            std::fs::read_to_string(format!("/proc/{main}/task/{main}/children")).unwrap_or_default();
        let children: Vec<u32> = children.split_whitespace().filter_map(|id| id.parse().ok()).collect();
        let mut resident = resident(main)?;
        for child in &children {
            // A child may have ended since.
            resident += self::resident(*child).unwrap_or(0);
        }
        Ok(Memory { resident, children: children.len() })
    }

    /// Asks it to stop and waits; says so if it has to be killed.
    ///
    /// # Errors
    /// If it cannot be asked.
    pub(crate) fn stop(mut self) -> Result<()> {
        // A peer ends with its standard input, the server at SIGTERM.
        drop(self.child.stdin.take());
        let _ended = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status()?;
        let start = Instant::now();
        while start.elapsed() < STOPPING {
            if self.child.try_wait()?.is_some() {
                return Ok(());
            }
            std::thread::sleep(PAUSE);
        }
        println!("   (did not stop within {STOPPING:?} of SIGTERM and was killed)");
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It has ended already after `stop`.
        let _gone = self.child.kill();
        let _gone = self.child.wait();
    }
}

fn resident(process: u32) -> Result<u64> {
    Ok(kib(&process.to_string(), "VmRSS:")? * 1024)
}

/// The largest resident memory that a process has had; `self` is this one. *Units*: KiB.
///
/// # Errors
/// Where there is no `/proc`.
pub(crate) fn peak_kib(process: &str) -> Result<u64> {
    kib(process, "VmHWM:")
}

fn kib(process: &str, name: &'static str) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)).context(name)?;
    Ok(line.trim().trim_end_matches("kB").trim().parse()?)
}

fn health(address: SocketAddr) -> Result<()> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_millis(200))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(stream, "GET /health HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n")?;
    let mut answer = [0; 12];
    stream.read_exact(&mut answer)?;
    ensure!(answer.ends_with(b" 200"), "not healthy");
    Ok(())
}

/// An address that nobody uses now.
///
/// # Errors
/// If there is none.
pub(crate) fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// Fills a data folder with a product and writes the calls to it.
///
/// # Errors
/// If the folder cannot be filled.
pub(crate) fn county(data: &Path, address: SocketAddr, targets: &Path) -> Result<()> {
    let status =
        Command::new(program("bench_county")?).arg(data).arg(address.to_string()).arg(targets).status()?;
    ensure!(status.success(), "bench_county failed");
    Ok(())
}

/// What a load saw.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Load {
    pub(crate) per_second: f64,
    pub(crate) p50_micros: u32,
    pub(crate) p99_micros: u32,
    refused: std::collections::BTreeMap<u16, u64>,
    example: Option<String>,
}

/// Sends the calls of a file for some seconds over some connections. Any refusal fails the measurement.
///
/// # Errors
/// If the server refuses a call or breaks off.
pub(crate) fn fire(targets: &Path, each: Duration, connections: usize) -> Result<Load> {
    let output = Command::new(program("bench_http")?)
        .arg("fire")
        .arg(targets)
        .args([each.as_secs().to_string(), connections.to_string()])
        .stderr(Stdio::inherit())
        .output()?;
    ensure!(output.status.success(), "the load broke off: {}", output.status);
    let load: Load = serde_json::from_slice(&output.stdout)?;
    ensure!(load.refused.is_empty(), "refused: {:?} {}", load.refused, load.example.unwrap_or_default());
    Ok(load)
}
