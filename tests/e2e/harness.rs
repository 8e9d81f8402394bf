//! Starts the real binary on a free port with its own data folder.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use server::commands::demo::{
    Answer, Audience, Call, Client, PASSWORD, Player, Sizes, Story, Words, known, prepare_folder, read_story,
};

use crate::postgres;

/// Registers small enough for a test, large enough for every threshold of the story.
pub(crate) const SIZES: Sizes = Sizes { enterprises: 600, persons: 3_000, seed: 20_230_901 };

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
    database: Option<String>,
}

impl Server {
    /// Starts `shuyu demo serve` on a data folder and waits until it answers.
    pub(crate) async fn start(data: &Path, port: u16) -> Self {
        let server = Self::spawn(data, port);
        server.client().wait_until_up(Duration::from_secs(60)).await.expect("the server answers");
        server
    }

    /// Starts it without waiting.
    pub(crate) fn spawn(data: &Path, port: u16) -> Self {
        Self::run(Command::new(env!("CARGO_BIN_EXE_shuyu")), data, port, None)
    }

    /// As [`Server::start`], on a new and empty database of PostgreSQL.
    pub(crate) async fn start_on_postgres(data: &Path, port: u16) -> Self {
        let database = new_database();
        let server = Self::run(Command::new(env!("CARGO_BIN_EXE_shuyu")), data, port, Some(database));
        server.client().wait_until_up(Duration::from_secs(60)).await.expect("the server answers");
        server
    }

    /// Starts the binary by a command that may put something around it.
    pub(crate) fn run(mut command: Command, data: &Path, port: u16, database: Option<String>) -> Self {
        command.args(["demo", "serve", "--fake-clock", "--quiet"]).arg("--data").arg(data);
        command.args(["--listen", &format!("127.0.0.1:{port}")]);
        if let Some(database) = &database {
            command.args(["--database", database]);
        }
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().expect("the binary starts");
        Self { child, port, data: data.to_owned(), database }
    }

    /// Runs `shuyu ledger verify` on its folder and database: whether it is content, and what it says.
    pub(crate) fn verify(&self) -> (bool, String) {
        verify_with(&self.data, self.database.as_deref())
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(&self.url())
    }

    /// A player of stories, with the demonstration's files and small registers beside the data folder.
    pub(crate) fn player(&self, run: &str) -> Player {
        let folder = self.data.with_extension("story");
        prepare_folder(&folder, SIZES).expect("files");
        let mut player = Player::new(self.client(), folder, PASSWORD, run);
        player.saved = known(SIZES).expect("registers");
        player
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

/// An empty database in the test cluster: its URL.
pub(crate) fn new_database() -> String {
    let name = format!("e2e_{}", free_port());
    let folder = &postgres::cluster().folder;
    let made = Command::new(postgres::newest_binaries().join("createdb"))
        .arg("-h")
        .arg(folder)
        .args(["-U", "postgres", &name])
        .status()
        .expect("createdb starts");
    assert!(made.success(), "createdb {name}");
    format!("postgres:///{name}?host={}&user=postgres", folder.display())
}

/// The demonstration story.
pub(crate) fn story() -> Story {
    let demo = root().join("demo");
    let county = std::fs::read_to_string(demo.join("county")).expect("the first demonstration");
    let text = std::fs::read_to_string(demo.join(county.trim()).join("story.yaml")).expect("story file");
    read_story(&text).expect("story")
}

/// Prints chapters, so that a failing test says how far it came.
pub(crate) struct Printer;

impl Audience for Printer {
    fn chapter(&mut self, number: usize, of: usize, title: &Words) {
        println!("[{number}/{of}] {}", title.en);
    }
    fn step(&mut self, _number: usize, _of: usize, _say: &Words) {}
}

/// Runs `shuyu ledger verify` on a data folder: whether it is content, and what it says.
pub(crate) fn verify(data: &Path) -> (bool, String) {
    verify_with(data, None)
}

fn verify_with(data: &Path, database: Option<&str>) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shuyu"));
    command.args(["ledger", "verify", "--data"]).arg(data);
    if let Some(database) = database {
        command.args(["--database", database]);
    }
    let output = command.stdin(Stdio::null()).output().expect("the binary starts");
    let said =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    (output.status.success(), said)
}

/// A client that signs people in and sends what a test wants to send, sound or not.
pub(crate) struct Desk {
    client: Client,
    tokens: std::collections::BTreeMap<String, String>,
}

impl Desk {
    pub(crate) fn new(server: &Server) -> Self {
        Self { client: server.client(), tokens: std::collections::BTreeMap::new() }
    }

    pub(crate) async fn sign_in(&mut self, who: &str) -> String {
        let body = serde_json::json!({ "account": who, "password": PASSWORD });
        let answer = self.json(None, "POST /api/v1/sessions", &body).await;
        let token = answer.json()["token"].as_str().unwrap_or_else(|| panic!("{who}: {answer:?}")).to_owned();
        self.tokens.insert(who.to_owned(), token.clone());
        token
    }

    pub(crate) async fn json(&mut self, who: Option<&str>, line: &str, body: &serde_json::Value) -> Answer {
        let body = serde_json::to_vec(body).expect("json");
        self.send(who, line, Some(("application/json", body)), None).await
    }

    pub(crate) async fn get(&mut self, who: Option<&str>, path: &str) -> Answer {
        self.send(who, &format!("GET {path}"), None, None).await
    }

    pub(crate) async fn send(
        &mut self,
        who: Option<&str>,
        line: &str,
        body: Option<(&str, Vec<u8>)>,
        key: Option<&str>,
    ) -> Answer {
        let call = self.call(who, line, body, key).await;
        self.client.send(&call).await.expect("an answer")
    }

    /// The call, signed in, not yet sent.
    pub(crate) async fn call(
        &mut self,
        who: Option<&str>,
        line: &str,
        body: Option<(&str, Vec<u8>)>,
        key: Option<&str>,
    ) -> Call {
        let (method, path) = line.split_once(' ').expect("method and path");
        let token = match who {
            None => None,
            Some(who) => Some(match self.tokens.get(who) {
                Some(token) => token.clone(),
                None => Box::pin(self.sign_in(who)).await,
            }),
        };
        Call {
            method: method.parse().expect("method"),
            path: path.to_owned(),
            token,
            body: body.map(|(kind, body)| (kind.to_owned(), body.into())),
            idempotency_key: key.map(str::to_owned),
            headers: Vec::new(),
        }
    }

    /// A token that is no longer good, for the tests of ended sessions.
    pub(crate) fn forget(&mut self, who: &str) -> Option<String> {
        self.tokens.remove(who)
    }
}
