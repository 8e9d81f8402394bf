//! The worker process itself: its program, its socket, its end.

use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use secure_domain::client::ZoneClient;
use secure_domain::isolation::{Holds, Isolation, Layer};
use secure_domain::protocol::{Init, ZoneKind};
use tokio::process::{Child, Command};
use tokio::time::Instant;

use super::groups::{Group, Groups};
use super::not_started;
use crate::clock::random_bytes;
use crate::{App, Result};

/// How long a worker may take until it listens.
const LISTENING: Duration = Duration::from_secs(20);
/// Between two looks at whether it listens.
const AGAIN: Duration = Duration::from_millis(3);
/// Bytes a socket's path may have: the kernel's limit is 108, with some room.
const PATH_BYTES_MAX: usize = 100;

/// How often a group is tried to be removed while its processes end, and the wait between.
const DISSOLVE_TRIES: u32 = 20;
const DISSOLVE_WAIT: Duration = Duration::from_millis(20);

/// The program that makes namespaces.
const BUBBLEWRAP: &str = "/usr/bin/bwrap";
/// Where a worker finds its own program.
const INSIDE: &str = "/shuyu";

/// A running worker.
pub(super) enum Worker {
    /// A process of its own, in a group of its own where there is one.
    Process {
        /// The process.
        child: Box<Child>,
        /// The group.
        group: Option<Group>,
        /// How far its limits hold.
        limited: Holds,
    },
    /// A task of this process; only tests do this.
    #[cfg(test)]
    Task(tokio::task::JoinHandle<()>),
}

impl Worker {
    /// Ends it for sure.
    pub(super) async fn end(self) {
        match self {
            Self::Process { mut child, group, .. } => {
                // A worker whose connection closed ends by itself; kill covers the rest.
                if let Err(error) = child.kill().await {
                    tracing::warn!(error = ?error, "zone worker cannot be killed");
                }
                if let Some(group) = group {
                    dissolve(&group).await;
                }
            }
            #[cfg(test)]
            Self::Task(task) => task.abort(),
        }
    }

    fn is_gone(&mut self) -> bool {
        match self {
            Self::Process { child, .. } => !matches!(child.try_wait(), Ok(None)),
            #[cfg(test)]
            Self::Task(task) => task.is_finished(),
        }
    }
}

impl Worker {
    /// How far it is kept from taking more of the machine than its share.
    pub(super) fn limited(&self) -> Holds {
        match self {
            Self::Process { limited, .. } => *limited,
            #[cfg(test)]
            Self::Task(_) => Holds::Not,
        }
    }

    /// Into its group with all that it is made of, before it gets a key.
    fn confine(&mut self) {
        let Self::Process { child, group: Some(group), limited } = self else { return };
        *limited = child.id().map_or(Holds::Not, |process| group.admit(process));
        if *limited == Holds::Not {
            tracing::warn!("a worker could not be taken into its control group");
        }
    }
}

/// Removes a group whose processes are ending.
async fn dissolve(group: &Group) {
    for _ in 0..DISSOLVE_TRIES {
        if group.remove().is_ok() {
            return;
        }
        tokio::time::sleep(DISSOLVE_WAIT).await;
    }
    tracing::warn!("a control group stays until the next start");
}

/// Where groups of workers are made; said once where they are not.
pub(super) fn groups(app: &App) -> Option<&Groups> {
    let found = app.zones().groups.get_or_init(|| match Groups::find() {
        Ok(groups) => Some(groups),
        Err(reason) => {
            tracing::warn!(
                reason,
                "workers get no control groups: their memory is bounded by their engines only"
            );
            None
        }
    });
    found.as_ref()
}

fn group(app: &App, zone: ZoneKind) -> Option<Group> {
    let made = groups(app)?.make(zone);
    made.inspect_err(|error| tracing::warn!(error = ?error, "a control group could not be made")).ok()
}

/// Starts a worker and opens its zone.
pub(super) async fn start(app: &App, init: &Init) -> Result<(ZoneClient, Worker)> {
    let socket = socket_path(app)?;
    let mut worker = spawn(app, &socket, init.zone).await?;
    let connected = connect(&socket, init, &mut worker).await;
    if connected.is_err() {
        // The worker removes its socket once it was reached; one that never was leaves it behind.
        let _absent = std::fs::remove_file(&socket);
    }
    match connected {
        Ok(client) => Ok((client, worker)),
        Err(error) => {
            worker.end().await;
            Err(error)
        }
    }
}

async fn connect(socket: &Path, init: &Init, worker: &mut Worker) -> Result<ZoneClient> {
    let begun = Instant::now();
    while !socket.exists() {
        if worker.is_gone() || begun.elapsed() > LISTENING {
            return Err(not_started("the worker does not listen"));
        }
        tokio::time::sleep(AGAIN).await;
    }
    worker.confine();
    loop {
        match ZoneClient::connect(socket, init).await {
            Ok(client) => return Ok(client),
            // Bound, and not yet listening.
            Err(secure_domain::Error::Io(error))
                if error.kind() == std::io::ErrorKind::ConnectionRefused && begun.elapsed() < LISTENING =>
            {
                tokio::time::sleep(AGAIN).await;
            }
            Err(error) => return Err(not_started(error)),
        }
    }
}

async fn spawn(app: &App, socket: &Path, zone: ZoneKind) -> Result<Worker> {
    #[cfg(test)]
    if app.config().worker_program.as_os_str().is_empty() {
        let socket = socket.to_owned();
        return Ok(Worker::Task(tokio::spawn(async move {
            if let Err(error) = secure_domain::worker::serve(&socket).await {
                tracing::error!(error = ?error, "worker ended");
            }
        })));
    }
    let run_dir = socket.parent().unwrap_or(socket);
    // First of all: what is started before this process has moved to a group of its own would be in its way.
    let group = group(app, zone);
    let mut command = command(app, run_dir).await?;
    command.arg("--socket").arg(socket).stdin(Stdio::null()).stdout(Stdio::null());
    let child = command.stderr(Stdio::inherit()).kill_on_drop(true).spawn().map_err(not_started)?;
    Ok(Worker::Process { child: Box::new(child), group, limited: Holds::Not })
}

/// How a worker would be isolated: one is started that tells it and ends.
pub(super) async fn probe(app: &App) -> Result<Isolation> {
    #[cfg(test)]
    if app.config().worker_program.as_os_str().is_empty() {
        return Ok(Isolation::default());
    }
    let socket = socket_path(app)?;
    let group = group(app, ZoneKind::Prod);
    let mut command = command(app, socket.parent().unwrap_or(&socket)).await?;
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).kill_on_drop(true).output();
    let output = tokio::time::timeout(LISTENING, output).await.map_err(not_started)?.map_err(not_started)?;
    let mut isolation: Isolation = serde_json::from_slice(&output.stdout).map_err(not_started)?;
    let limited = group.as_ref().map_or(Holds::Not, Group::holds);
    isolation.layers.insert(Layer::Groups, limited);
    if let Some(group) = group {
        dissolve(&group).await;
    }
    Ok(isolation)
}

/// The program of a worker up to the name of its socket: in namespaces of its own where the system lets us, and without
/// anything of the server's environment, some of which is secret.
async fn command(app: &App, run_dir: &Path) -> Result<Command> {
    let configured = &app.config().worker_program;
    // The running program itself, even where an upgrade has replaced its file: server and workers are of one release, or
    // they do not understand each other.
    let program = if configured.as_os_str().is_empty() { Path::new("/proc/self/exe") } else { configured };
    let objects = app.config().objects_dir();
    let objects = std::path::absolute(&objects).unwrap_or(objects);
    // A file that an upgrade has replaced can be run, but not be shown to another root.
    let file = std::fs::read_link(program).unwrap_or_else(|_| program.to_owned());
    let mut command = match app.zones().namespaces.get_or_init(namespaces).await {
        true if file.is_file() => {
            let mut command = Command::new(BUBBLEWRAP);
            command.args([
                "--unshare-all",
                "--die-with-parent",
                "--new-session",
                "--proc",
                "/proc",
                "--dev",
                "/dev",
            ]);
            for libraries in ["/usr/lib", "/usr/lib64", "/lib", "/lib64"] {
                command.args(["--ro-bind-try", libraries, libraries]);
            }
            command.arg("--ro-bind").arg(&file).arg(INSIDE);
            command.arg("--bind").arg(&objects).arg(&objects).arg("--bind").arg(run_dir).arg(run_dir);
            command.args(["--chdir", "/", "--", INSIDE]);
            command
        }
        _ => Command::new(if program.exists() { program.to_owned() } else { file }),
    };
    command.env_clear();
    if let Some(filter) = std::env::var_os("RUST_LOG") {
        command.env("RUST_LOG", filter);
    }
    command.arg("worker").arg("--objects").arg(objects);
    Ok(command)
}

/// Can a program be started in namespaces of its own here? Not without `bwrap`, nor where the kernel keeps them from us.
async fn namespaces() -> bool {
    let mut command = Command::new(BUBBLEWRAP);
    command.args(["--unshare-all", "--die-with-parent", "--ro-bind", "/", "/", "--", "/bin/true"]);
    let ended = command.env_clear().stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    let able = matches!(ended.await, Ok(status) if status.success());
    if !able {
        tracing::warn!(
            "workers get no namespaces of their own: bwrap is missing, or the kernel does not allow it"
        );
    }
    able
}

/// A fresh path for a socket, in a folder that only this user can enter.
fn socket_path(app: &App) -> Result<PathBuf> {
    let name = format!("{:016x}.sock", u64::from_be_bytes(random_bytes()));
    let usual = std::path::absolute(app.config().run_dir()).map_err(not_started)?;
    let fits = |dir: &Path| dir.as_os_str().len() + name.len() < PATH_BYTES_MAX;
    let dir = if fits(&usual) {
        usual
    } else {
        // A data folder deep in the tree: the path of a socket is short by the kernel's law.
        std::env::temp_dir().join(format!("shuyu-{:016x}", path_hash(&usual)))
    };
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&dir).map_err(not_started)?;
    let mode = std::fs::metadata(&dir).map_err(not_started)?.permissions().mode();
    if mode & 0o077 != 0 {
        std::fs::set_permissions(&dir, std::fs::Permissions::from_mode(0o700)).map_err(not_started)?;
    }
    Ok(dir.join(name))
}

fn path_hash(path: &Path) -> u64 {
    let base::Digest(bytes) = base::Digest::of(path.as_os_str().as_encoded_bytes());
    bytes.iter().take(8).fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}
