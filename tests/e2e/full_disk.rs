//! The disk fills up while the county works: commands are refused with a stable code, what was acknowledged stays, reading
//! goes on, and once there is room again everything goes on without a restart.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::json;

use crate::harness::{Desk, Server, free_port};
use crate::hostile::{announcement, resource};

/// Bytes of the small disk.
const DISK: u64 = 32 << 20;

/// A file system of its own in memory, in a mount namespace of its own. It ends with the process that mounted it.
struct SmallDisk {
    holder: Child,
    /// Where it lies for those inside.
    at: PathBuf,
    /// The same folder as seen from here.
    root: PathBuf,
}

impl SmallDisk {
    /// `None` where this machine allows nobody a mount of his own.
    fn mount(at: &Path) -> Option<Self> {
        let script = format!("mount -t tmpfs -o size={DISK} none \"$1\" && echo ready && cat >/dev/null");
        let mut holder = Command::new("unshare")
            .args(["--user", "--map-root-user", "--mount", "sh", "-c", &script, "sh"])
            .arg(at)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .ok()?;
        let mut line = String::new();
        BufReader::new(holder.stdout.take()?).read_line(&mut line).ok()?;
        let root = PathBuf::from(format!("/proc/{}/root{}", holder.id(), at.display()));
        (line.trim() == "ready").then_some(Self { holder, at: at.to_owned(), root })
    }

    /// Runs the binary inside: SQLite resolves links by itself and would not find the way through `/proc`.
    fn shuyu(&self) -> Command {
        let mut command = Command::new("nsenter");
        command.args([
            "--target",
            &self.holder.id().to_string(),
            "--user",
            "--mount",
            "--preserve-credentials",
        ]);
        command.arg("--").arg(env!("CARGO_BIN_EXE_shuyu"));
        command
    }

    /// Takes up what is left, but for some bytes.
    fn fill(&self, but: u64) {
        let path = self.root.join("filler");
        let mut file = fs::File::create(&path).expect("filler");
        while file.write_all(&[0; 4096]).is_ok() {}
        let full = file.metadata().expect("filler").len();
        file.set_len(full.saturating_sub(but)).expect("filler");
    }

    fn clear(&self) {
        fs::remove_file(self.root.join("filler")).expect("filler");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_loses_nothing_and_is_said() {
    // A socket's path has to be short.
    let folder = tempfile::Builder::new().prefix("sy").tempdir_in("/tmp").expect("folder");
    let Some(disk) = SmallDisk::mount(folder.path()) else {
        println!("not tried: this machine allows no private mount (unshare --user --mount)");
        return;
    };
    let data = disk.at.join("data");
    let mut server = Server::run(disk.shuyu(), &data, free_port(), None);
    server.client().wait_until_up(Duration::from_secs(60)).await.expect("the server answers");
    let mut desk = Desk::new(&server);
    let officer = Some("bureau.officer");
    desk.sign_in("bureau.officer").await;
    let made = desk.json(Some("market.officer"), "POST /api/v1/resources", &resource("companies")).await;
    let companies = made.json()["id"].as_str().expect("id").to_owned();
    let upload = format!("POST /api/v1/resources/{companies}/uploads?format=csv");

    disk.fill(256 << 10);
    let (mut acknowledged, mut refused) = (Vec::new(), 0);
    for number in 0..400 {
        let title = format!("公告 {number}");
        let answer = desk.json(officer, "POST /api/v1/cases", &announcement(&title)).await;
        if answer.status == 201 {
            acknowledged.push(answer.json()["id"].as_str().expect("id").to_owned());
            continue;
        }
        assert_eq!((answer.status, &answer.json()["code"]), (503, &json!("storage.full")), "{answer:?}");
        refused += 1;
        if refused == 5 {
            break;
        }
    }
    assert!(refused == 5, "{} acknowledged and the disk never full", acknowledged.len());
    let rows: String = (0..40_000).map(|row| format!("{row},公司{row}\n")).collect();
    let rows = format!("credit_code,name\n{rows}");
    let csv = || Some(("text/csv", rows.clone().into_bytes()));
    let answer = desk.send(Some("market.officer"), &upload, csv(), None).await;
    assert_eq!((answer.status, &answer.json()["code"]), (503, &json!("storage.full")), "{answer:?}");
    let attach = "POST /api/v1/attachments?name=plan.md";
    let attachment = || Some(("text/markdown", vec![b'x'; 1 << 20]));
    let answer = desk.send(officer, attach, attachment(), None).await;
    assert_eq!((answer.status, &answer.json()["code"]), (503, &json!("storage.full")), "{answer:?}");
    for id in &acknowledged {
        let view = desk.get(officer, &format!("/api/v1/cases/{id}")).await;
        assert_eq!(view.status, 200, "reading goes on: {view:?}");
    }

    disk.clear();
    let answer = desk.json(officer, "POST /api/v1/cases", &announcement("有空间了")).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    assert!(desk.send(officer, attach, attachment(), None).await.status < 300);
    let answer = desk.send(Some("market.officer"), &upload, csv(), None).await;
    assert!(answer.status < 300, "{answer:?}");
    let listed = desk.get(officer, "/api/v1/cases?box=mine&limit=500").await.json();
    let found = listed["items"].as_array().map_or(0, Vec::len);
    assert!(found > acknowledged.len(), "{found} of {} cases", acknowledged.len() + 1);
    server.kill();
    let mut verify = disk.shuyu();
    verify.args(["ledger", "verify", "--data"]).arg(&data).stdin(Stdio::null());
    let verified = verify.output().expect("the binary starts");
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
}
