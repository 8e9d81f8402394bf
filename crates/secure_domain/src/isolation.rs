//! What a worker takes from itself before it holds a key, and the canary that proves it.
//!
//! The server starts a worker inside namespaces of its own where it can (`bwrap`: no network, no process of others, an
//! empty root with the program read-only). Then the worker, while it is still one thread, gives up the rest:
//! - *landlock*: of all files it keeps its folder of objects and the folder of its socket;
//! - *seccomp*: no new sockets, no programs, no processes, no tracing, no mounts, no kernel keys;
//! - *limits*: no core files, open files and processes bounded.
//!
//! A canary then tries what must not work. What an active layer should have stopped and did not ends the worker: it never
//! holds a key. A layer that the kernel does not have is reported, not hidden.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::ErrorKind;
use std::net::{TcpStream, UdpSocket};
use std::path::Path;
use std::time::Duration;

use landlock::{
    ABI, Access, AccessFs, AccessNet, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetStatus, Scope,
    path_beneath_rules,
};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch,
};
use serde::{Deserialize, Serialize};

use crate::Error;

/// Files a worker may hold open: a table is one file, and there are at most a few thousand.
const FILES_MAX: u64 = 16_384;
/// Flag of `clone` that makes a thread and not a process.
const CLONE_THREAD: u64 = 0x0001_0000;

/// How far a layer holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Holds {
    /// All that is asked of it.
    Fully,
    /// The kernel knows a part of it.
    Partly,
    /// Not there.
    Not,
}

/// A layer around a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    /// Namespaces of its own: no network device but the loop, no other processes, an empty root.
    Namespaces,
    /// Files.
    Landlock,
    /// System calls.
    Seccomp,
    /// Resources.
    Limits,
    /// No variable of the server's environment.
    Environment,
    /// A control group with limits of memory, processes and processor share; told by the server, who makes it. It keeps
    /// the machine from a worker, and no data.
    Groups,
}

/// What the canary tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attempt {
    /// Opening a network socket.
    Socket,
    /// Reading a file outside its folder.
    ReadOutside,
    /// Listing the data folder, where keys and database lie.
    ListData,
    /// Writing a file outside its folder.
    WriteOutside,
    /// Starting a program.
    Program,
}

/// The state of a worker's isolation, as it told when it began.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Isolation {
    /// The layers.
    pub layers: BTreeMap<Layer, Holds>,
    /// What the canary tried, and whether it was stopped.
    pub attempts: BTreeMap<Attempt, bool>,
}

impl Isolation {
    /// Is every layer there that keeps data in, and was every attempt stopped?
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let mut keeping = self.layers.iter().filter(|(layer, _)| **layer != Layer::Groups);
        !self.layers.is_empty()
            && keeping.all(|(_, holds)| *holds == Holds::Fully)
            && self.attempts.values().all(|stopped| *stopped)
    }
}

/// Gives everything up but a folder of objects and a folder for the socket, and proves it. To be called while the process
/// has one thread: threads that are there already would keep what they have.
///
/// # Errors
/// `domain.isolation` if an active layer does not hold what it promises.
pub fn enter(objects_dir: &Path, socket_dir: &Path) -> Result<Isolation, Error> {
    let mut layers = BTreeMap::new();
    layers.insert(Layer::Namespaces, if alone_on_the_network() { Holds::Fully } else { Holds::Not });
    let bare = std::env::vars_os().all(|(name, _)| name == "RUST_LOG" || name == "PWD");
    layers.insert(Layer::Environment, if bare { Holds::Fully } else { Holds::Not });
    layers.insert(Layer::Limits, limits());
    layers.insert(Layer::Landlock, landlock(objects_dir, socket_dir));
    layers.insert(Layer::Seccomp, seccomp());
    let isolation = Isolation { attempts: probe(objects_dir), layers };
    let holds = |layer: Layer| isolation.layers.get(&layer) == Some(&Holds::Fully);
    let stopped = |attempt: Attempt| isolation.attempts.get(&attempt) == Some(&true);
    let files = [Attempt::ReadOutside, Attempt::ListData, Attempt::WriteOutside].into_iter().all(stopped);
    let calls = [Attempt::Socket, Attempt::Program].into_iter().all(stopped);
    if (holds(Layer::Landlock) && !files) || (holds(Layer::Seccomp) && !calls) {
        return Err(Error::Isolation);
    }
    Ok(isolation)
}

/// No network device but the loop.
fn alone_on_the_network() -> bool {
    let Ok(devices) = std::fs::read_to_string("/proc/self/net/dev") else { return false };
    devices.lines().skip(2).all(|line| line.trim_start().starts_with("lo:"))
}

fn limits() -> Holds {
    let wanted =
        [(rlimit::Resource::CORE, 0), (rlimit::Resource::NOFILE, FILES_MAX), (rlimit::Resource::MEMLOCK, 0)];
    let set = wanted.into_iter().filter(|(resource, most)| {
        let most = resource.get_hard().map_or(*most, |hard| hard.min(*most));
        resource.set(most, most).is_ok()
    });
    match set.count() {
        0 => Holds::Not,
        all if all == wanted.len() => Holds::Fully,
        _ => Holds::Partly,
    }
}

/// Everything the kernel can watch is watched; allowed is the folder of objects, and taking its socket away.
fn landlock(objects_dir: &Path, socket_dir: &Path) -> Holds {
    const KNOWN: ABI = ABI::V6;
    let restricted = Ruleset::default()
        .handle_access(AccessFs::from_all(KNOWN))
        .and_then(|rules| rules.handle_access(AccessNet::from_all(KNOWN)))
        .and_then(|rules| rules.scope(Scope::from_all(KNOWN)))
        .and_then(Ruleset::create)
        .and_then(|rules| {
            let files = AccessFs::from_all(KNOWN) & !AccessFs::Execute;
            rules.add_rules(path_beneath_rules([objects_dir], files))
        })
        .and_then(|rules| rules.add_rules(path_beneath_rules([socket_dir], AccessFs::RemoveFile)))
        .and_then(landlock::RulesetCreated::restrict_self);
    match restricted.map(|status| status.ruleset) {
        Ok(RulesetStatus::FullyEnforced) => Holds::Fully,
        Ok(RulesetStatus::PartiallyEnforced) => Holds::Partly,
        Ok(_) => Holds::Not,
        Err(error) => {
            tracing::warn!(error = ?error, "landlock");
            Holds::Not
        }
    }
}

/// System calls that a worker has no use for once it listens.
const REFUSED: &[i64] = &[
    libc::SYS_socket,
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_pidfd_getfd,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_setns,
    libc::SYS_unshare,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_io_uring_setup,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_keyctl,
    libc::SYS_kexec_load,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_open_by_handle_at,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_fork,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_vfork,
];

fn seccomp() -> Holds {
    match filters() {
        Ok(filters) if filters.iter().all(|filter| seccompiler::apply_filter(filter).is_ok()) => Holds::Fully,
        _ => Holds::Not,
    }
}

fn filters() -> Result<[BpfProgram; 2], seccompiler::BackendError> {
    let arch = TargetArch::try_from(std::env::consts::ARCH)?;
    let program = |rules: BTreeMap<i64, Vec<SeccompRule>>, errno: i32| {
        let refuse = SeccompAction::Errno(errno.unsigned_abs());
        SeccompFilter::new(rules, SeccompAction::Allow, refuse, arch).and_then(BpfProgram::try_from)
    };
    let mut refused: BTreeMap<i64, Vec<SeccompRule>> =
        REFUSED.iter().map(|call| (*call, Vec::new())).collect();
    let process = SeccompCondition::new(0, SeccompCmpArgLen::Qword, SeccompCmpOp::MaskedEq(CLONE_THREAD), 0)?;
    refused.insert(libc::SYS_clone, vec![SeccompRule::new(vec![process])?]);
    // Its flags lie in memory, where a filter cannot look. Where it is not known, threads are made with `clone`.
    let unknown = BTreeMap::from([(libc::SYS_clone3, Vec::new())]);
    Ok([program(unknown, libc::ENOSYS)?, program(refused, libc::EPERM)?])
}

/// Tries what must not work; true where it was stopped.
fn probe(objects_dir: &Path) -> BTreeMap<Attempt, bool> {
    let denied = |kind: ErrorKind| matches!(kind, ErrorKind::PermissionDenied | ErrorKind::NotFound);
    let nowhere = Duration::from_millis(50);
    let connected = TcpStream::connect_timeout(&([127, 0, 0, 1], 9).into(), nowhere);
    // Refused by who is not there would mean that the call itself was let through.
    let tcp = connected.is_err_and(|error| error.kind() == ErrorKind::PermissionDenied);
    let udp = UdpSocket::bind("127.0.0.1:0").is_err_and(|error| error.kind() == ErrorKind::PermissionDenied);
    let data = objects_dir.parent().unwrap_or(objects_dir);
    let outside = data.join(format!(".canary-{}", std::process::id()));
    let written = File::create(&outside);
    if written.is_ok() {
        // The worker ends, or says that nothing stops it; the file is not to stay either way.
        let _gone = std::fs::remove_file(&outside);
    }
    let program = std::process::Command::new("/bin/true").spawn();
    let started = program.map(|mut child| child.wait());
    BTreeMap::from([
        (Attempt::Socket, tcp && udp),
        (Attempt::ReadOutside, File::open("/etc/passwd").is_err_and(|error| denied(error.kind()))),
        (Attempt::ListData, std::fs::read_dir(data).is_err_and(|error| denied(error.kind()))),
        (Attempt::WriteOutside, written.is_err_and(|error| error.kind() != ErrorKind::StorageFull)),
        (Attempt::Program, started.is_err()),
    ])
}
