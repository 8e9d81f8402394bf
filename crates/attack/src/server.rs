//! The server under attack: started in a fresh folder with the demonstration's people and a few more engineers.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::story::demo_folder;

/// Accounts that the attacks need beside the demonstration's own: a second engineer of the operator, and an engineer of the
/// other one.
const MORE_PEOPLE: &str = "\
- {account: operator.second, name: 罗拟川, unit: huzhou-shuyun, roles: [operator_engineer], duty: 数据工程师, duty_en: engineer}
- {account: other.engineer, name: 梁例山, unit: other-operator, roles: [operator_engineer], duty: 数据工程师, duty_en: engineer}
";

/// What the server says.
const LOG: &str = "attack-server.log";
const LOOKED_AT_EVERY: Duration = Duration::from_millis(200);

/// A server of ours; it ends with this value.
pub(crate) struct Server {
    child: Child,
    folder: PathBuf,
    keep: bool,
}

impl Server {
    /// Starts the binary on a free port with a clock that stands still. Answers with its address.
    pub(crate) fn start(binary: &Path, folder: &Path, county: &str, keep: bool) -> Result<(Self, String)> {
        std::fs::create_dir_all(folder)?;
        let people = demo_folder().join(county).join("people.yaml");
        let mut people = std::fs::read_to_string(&people).with_context(|| people.display().to_string())?;
        people.push_str(MORE_PEOPLE);
        std::fs::write(folder.join("people.yaml"), people)?;
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let log = std::fs::File::create(folder.join(LOG))?;
        let child = Command::new(binary)
            .args(["demo", "serve", "--fake-clock", "--quiet", "--county", county])
            .arg("--data")
            .arg(folder)
            .args(["--listen", &format!("127.0.0.1:{port}")])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .with_context(|| format!("{} does not start", binary.display()))?;
        let server = Self { child, folder: folder.to_owned(), keep };
        Ok((server, format!("http://127.0.0.1:{port}")))
    }

    /// Waits until the server ends by itself, and says what it said last.
    pub(crate) async fn ended(&mut self) -> anyhow::Error {
        loop {
            tokio::time::sleep(LOOKED_AT_EVERY).await;
            let status = match self.child.try_wait() {
                Ok(None) => continue,
                Ok(Some(status)) => status.to_string(),
                Err(error) => error.to_string(),
            };
            let log = std::fs::read_to_string(self.folder.join(LOG)).unwrap_or_default();
            return anyhow::anyhow!("the server has ended ({status}): {}", log.trim());
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A child that has gone already, or a folder that is not there, is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if !self.keep {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}
