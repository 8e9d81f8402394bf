//! Starts the real binary on a free port with its own data folder.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use server::commands::demo::{Client, Player, Story};

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("repository root")
}

/// A port nobody listens on at the moment.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port()
}

/// A running server; killed when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) port: u16,
    pub(crate) data: PathBuf,
}

impl Server {
    /// Starts `shuyu demo serve` on a data folder and waits until it answers.
    pub(crate) async fn start(data: &Path, port: u16) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_shuyu"))
            .args(["demo", "serve", "--fake-clock", "--persons", "3000", "--enterprises", "600", "--quiet"])
            .arg("--data")
            .arg(data)
            .args(["--listen", &format!("127.0.0.1:{port}")])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .expect("the binary starts");
        let server = Self { child, port, data: data.to_owned() };
        server.client().wait_until_up(Duration::from_secs(60)).await.expect("the server answers");
        server
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(&self.url())
    }

    pub(crate) fn player(&self, run: &str) -> Player {
        Player::new(self.client(), root().join("demo"), server::commands::demo::PASSWORD, run)
    }

    /// Kills the process at once, as a power cut would.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("kill");
        self.child.wait().expect("wait");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The demonstration story.
pub(crate) fn story() -> Story {
    let text = std::fs::read_to_string(root().join("demo/story.yaml")).expect("story file");
    server::commands::demo::read_story(&text).expect("story")
}
