//! How much of the machine a worker may take: a control group of the kernel's (version 2) for each, where the folder of
//! this process's own group was given to it (systemd: `Delegate=memory pids cpu`, best with `DelegateSubgroup=server`).
//!
//! A worker is put into its group before it gets a key, and starts no process afterwards. Where there are no groups to
//! make, the bounds of the engine and of `setrlimit` remain, and the isolation page says so.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use secure_domain::isolation::Holds;
use secure_domain::protocol::ZoneKind;

use crate::clock::random_bytes;

/// What is bounded, in the kernel's words.
const CONTROLLERS: [&str; 3] = ["memory", "pids", "cpu"];
/// The group that this process moves to: one that has processes cannot share out to others.
const OWN: &str = "server";
/// Groups of workers begin so.
const WORKER: &str = "worker-";
/// Threads and processes of one worker.
const TASKS_MAX: u32 = 1_024;
/// Share of the processors against the server's 100, where both want them.
const CPU_WEIGHT: u32 = 50;
/// How often the processes of a worker are looked for: one may start another meanwhile.
const LOOKS: usize = 4;

/// Memory of one worker. *Units*: bytes; twice what its engine plans with and more, so that honest work does not meet it.
const fn memory_max(zone: ZoneKind) -> u64 {
    const GIB: u64 = 1 << 30;
    match zone {
        ZoneKind::Prod => 6 * GIB,
        ZoneKind::Intake => 4 * GIB,
        ZoneKind::Dev | ZoneKind::Ledger => 2 * GIB,
    }
}

/// The folder below which groups of workers are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Groups {
    parent: PathBuf,
}

impl Groups {
    /// Looks for it, and prepares it. The error says what is missing.
    pub(super) fn find() -> Result<Self, String> {
        let read = |path: &str| std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"));
        let own = own_folder(&read("/proc/self/mountinfo")?, &read("/proc/self/cgroup")?);
        let own = own.ok_or_else(|| "no control groups of version 2".to_owned())?;
        Self::below(&own, std::process::id())
    }

    /// The same for a process in a given group.
    fn below(own: &Path, process: u32) -> Result<Self, String> {
        let told = |error: std::io::Error| format!("{}: {error}", own.display());
        let parent = match (own.file_name().is_some_and(|name| name == OWN), own.parent()) {
            (true, Some(parent)) => parent.to_owned(),
            _ => own.to_owned(),
        };
        let there = std::fs::read_to_string(parent.join("cgroup.controllers")).map_err(told)?;
        if !CONTROLLERS.iter().any(|wanted| there.split_whitespace().any(|one| one == *wanted)) {
            return Err(format!("{}: no controllers", parent.display()));
        }
        if parent == own {
            let all = processes(own).map_err(told)?;
            if all != [process] {
                return Err(format!("{}: the group is shared with other processes", own.display()));
            }
            let room = own.join(OWN);
            make(&room).map_err(told)?;
            std::fs::write(room.join("cgroup.procs"), process.to_string()).map_err(told)?;
        }
        for wanted in CONTROLLERS.iter().filter(|wanted| there.split_whitespace().any(|one| one == **wanted))
        {
            std::fs::write(parent.join("cgroup.subtree_control"), format!("+{wanted}")).map_err(told)?;
        }
        let groups = Self { parent };
        groups.sweep();
        Ok(groups)
    }

    /// Groups of an earlier process that ended without tidying up; one with a process in it stays.
    fn sweep(&self) {
        let Ok(found) = std::fs::read_dir(&self.parent) else { return };
        for entry in found.flatten() {
            if entry.file_name().to_string_lossy().starts_with(WORKER) {
                let _busy = std::fs::remove_dir(entry.path());
            }
        }
    }

    /// A group for a worker, with its limits.
    pub(super) fn make(&self, zone: ZoneKind) -> std::io::Result<Group> {
        let name = format!("{WORKER}{:016x}", u64::from_be_bytes(random_bytes()));
        let group = Group { folder: self.parent.join(name), holds: Holds::Not };
        std::fs::create_dir(&group.folder)?;
        Ok(Group { holds: group.limit(zone), ..group })
    }
}

/// The group of one worker.
#[derive(Debug)]
pub(super) struct Group {
    folder: PathBuf,
    /// How many of its limits are set.
    holds: Holds,
}

impl Group {
    fn limit(&self, zone: ZoneKind) -> Holds {
        let set = |file: &str, value: &str| {
            let path = self.folder.join(file);
            // The kernel makes these files; where one is not there, it has no such limit.
            path.exists() && std::fs::write(path, value).is_ok()
        };
        // All of a worker ends at once, and nothing of its memory goes to disk.
        let _where_known = [set("memory.oom.group", "1"), set("memory.swap.max", "0")];
        let wanted = [
            set("memory.max", &memory_max(zone).to_string()),
            set("pids.max", &TASKS_MAX.to_string()),
            set("cpu.weight", &CPU_WEIGHT.to_string()),
        ];
        match wanted.into_iter().filter(|set| *set).count() {
            0 => Holds::Not,
            all if all == wanted.len() => Holds::Fully,
            _ => Holds::Partly,
        }
    }

    /// How many of its limits are set.
    pub(super) const fn holds(&self) -> Holds {
        self.holds
    }

    /// Takes a process in with all that it has started. Answers how far the limits hold for it.
    pub(super) fn admit(&self, process: u32) -> Holds {
        for _ in 0..LOOKS {
            let family = family(process);
            let inside = processes(&self.folder).unwrap_or_default();
            let outside: Vec<u32> = family.into_iter().filter(|one| !inside.contains(one)).collect();
            if outside.is_empty() {
                return if inside.is_empty() { Holds::Not } else { self.holds };
            }
            for one in outside {
                // One that has ended meanwhile is not looked for again.
                let _ended = std::fs::write(self.folder.join("cgroup.procs"), one.to_string());
            }
        }
        Holds::Not
    }

    /// Removes the group once its processes are gone.
    pub(super) fn remove(&self) -> std::io::Result<()> {
        std::fs::remove_dir(&self.folder)
    }
}

fn make(folder: &Path) -> std::io::Result<()> {
    match std::fs::create_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        made => made,
    }
}

/// The processes of a group.
fn processes(group: &Path) -> std::io::Result<Vec<u32>> {
    let text = std::fs::read_to_string(group.join("cgroup.procs"))?;
    Ok(text.lines().filter_map(|line| line.trim().parse().ok()).collect())
}

/// A process and all that come from it, as far as this process sees them.
fn family(process: u32) -> Vec<u32> {
    let mut parents = BTreeMap::new();
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(id) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        let status = std::fs::read_to_string(entry.path().join("status")).unwrap_or_default();
        let parent = status.lines().find_map(|line| line.strip_prefix("PPid:"));
        if let Some(parent) = parent.and_then(|text| text.trim().parse::<u32>().ok()) {
            parents.insert(id, parent);
        }
    }
    let mut found: Vec<u32> = Some(process).filter(|one| parents.contains_key(one)).into_iter().collect();
    let mut place = 0;
    while let Some(one) = found.get(place).copied() {
        found.extend(parents.iter().filter(|(_, parent)| **parent == one).map(|(id, _)| *id));
        place += 1;
    }
    found
}

/// The folder of a process's own group, from what `/proc` says of its mounts and its groups.
fn own_folder(mounts: &str, groups: &str) -> Option<PathBuf> {
    let path = groups.lines().find_map(|line| line.strip_prefix("0::"))?;
    let mount = mounts.lines().find_map(|line| {
        let (before, after) = line.split_once(" - ")?;
        let mut fields = before.split(' ').skip(3);
        let (root, point) = (fields.next()?, fields.next()?);
        (after.split(' ').next()? == "cgroup2").then(|| (root.to_owned(), point.to_owned()))
    })?;
    let (root, point) = mount;
    let below = path.strip_prefix(root.trim_end_matches('/')).filter(|rest| rest.starts_with('/'))?;
    let below = below.trim_start_matches('/');
    // `..` leads outside what this process sees.
    let sound = !below.split('/').any(|part| part == "..");
    sound.then(|| if below.is_empty() { PathBuf::from(point) } else { Path::new(&point).join(below) })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "23 28 0:21 / /proc rw - proc proc rw\n\
                          31 23 0:27 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";

    #[test]
    fn the_own_group_is_found_below_the_mount() {
        let own = |mounts, groups| own_folder(mounts, groups).map(|path| path.display().to_string());
        let folder = |text: &str| Some(text.to_owned());
        assert_eq!(
            own(MOUNTS, "0::/system.slice/shuyu.service/server\n"),
            folder("/sys/fs/cgroup/system.slice/shuyu.service/server")
        );
        assert_eq!(own(MOUNTS, "9:pids:/x\n0::/\n"), folder("/sys/fs/cgroup"));
        assert_eq!(own(MOUNTS, "0::/../other\n"), None, "another namespace's");
        assert_eq!(own(MOUNTS, "4:memory:/a\n"), None, "version 1 only");
        assert_eq!(own("23 28 0:21 / /proc rw - proc proc rw\n", "0::/\n"), None);
        let bound = "31 23 0:27 /box /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
        assert_eq!(own(bound, "0::/box/shuyu\n"), folder("/sys/fs/cgroup/shuyu"));
        assert_eq!(own(bound, "0::/elsewhere\n"), None);
        assert_eq!(own(bound, "0::/boxes/shuyu\n"), None);
    }

    /// The files that the kernel would have made, in a folder of ours: what is written where.
    #[test]
    fn limits_are_written_where_the_kernel_has_them() {
        let folder = tempfile::tempdir().unwrap();
        let put = |path: &str, text: &str| std::fs::write(folder.path().join(path), text).unwrap();
        let get = |path: &str| std::fs::read_to_string(folder.path().join(path)).unwrap();
        put("cgroup.controllers", "cpuset cpu io memory pids\n");
        put("cgroup.subtree_control", "");
        put("cgroup.procs", "77\n78\n");
        assert!(Groups::below(folder.path(), 77).unwrap_err().contains("shared"), "somebody else is there");
        assert!(!folder.path().join(OWN).exists());
        put("cgroup.procs", "77\n");
        let groups = Groups::below(folder.path(), 77).unwrap();
        assert_eq!(get("server/cgroup.procs"), "77", "this process moves out of the way");
        assert_eq!(get("cgroup.subtree_control"), "+cpu", "each by itself, the last one is left here");
        // Given with a group of our own already: nobody moves.
        assert_eq!(Groups::below(&folder.path().join(OWN), 77).unwrap(), groups);
        // A kernel that makes no file has no limit, and it is not said to hold.
        let group = groups.make(ZoneKind::Prod).unwrap();
        assert_eq!(group.holds, Holds::Not);
        let file = |name: &str| std::fs::write(group.folder.join(name), "max").unwrap();
        file("memory.max");
        assert_eq!(group.limit(ZoneKind::Prod), Holds::Partly);
        file("pids.max");
        file("cpu.weight");
        assert_eq!(group.limit(ZoneKind::Prod), Holds::Fully);
        let wrote = |name: &str| std::fs::read_to_string(group.folder.join(name)).unwrap();
        assert_eq!(
            [wrote("memory.max"), wrote("pids.max"), wrote("cpu.weight")],
            ["6442450944", "1024", "50"]
        );
        assert_eq!(group.admit(std::process::id()), Holds::Not, "no kernel that would take a process in");
        put("cgroup.controllers", "cpuset io\n");
        assert!(Groups::below(folder.path(), 77).unwrap_err().contains("no controllers"));
    }

    /// On the machine as it is: where groups can be made a process is in one with its limits, elsewhere the reason is told.
    #[test]
    fn a_process_is_in_a_group_with_limits_or_it_is_said_that_it_is_not() {
        let mut sleeper = std::process::Command::new("sh").args(["-c", "sleep 60; true"]).spawn().unwrap();
        match Groups::find() {
            Ok(groups) => {
                let group = groups.make(ZoneKind::Prod).unwrap();
                assert_ne!(group.admit(sleeper.id()), Holds::Not);
                let inside = std::fs::read_to_string(format!("/proc/{}/cgroup", sleeper.id())).unwrap();
                assert!(inside.contains(WORKER), "{inside}");
                let memory = std::fs::read_to_string(group.folder.join("memory.max"));
                assert!(memory.is_err() || memory.unwrap().trim() == memory_max(ZoneKind::Prod).to_string());
                assert!(group.remove().is_err(), "somebody is in it");
                for process in family(sleeper.id()) {
                    let _ended = std::process::Command::new("kill").arg(process.to_string()).status();
                }
                sleeper.wait().unwrap();
                let gone = (0..100).any(|_| {
                    std::thread::sleep(std::time::Duration::from_millis(20));
                    group.remove().is_ok()
                });
                assert!(gone);
            }
            Err(reason) => assert!(!reason.is_empty()),
        }
        let all = family(sleeper.id());
        for process in all {
            let _ended = std::process::Command::new("kill").arg(process.to_string()).status();
        }
        let _ended = sleeper.wait();
    }

    #[test]
    fn a_family_is_a_process_with_its_children() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let own = family(std::process::id());
        assert!(own.first() == Some(&std::process::id()) && own.contains(&child.id()), "{own:?}");
        assert_eq!(family(child.id()), [child.id()]);
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(family(child.id()), Vec::<u32>::new());
    }
}
