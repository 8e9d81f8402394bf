//! The whole story against the real binary; then the ledger is verified offline, and damaged.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use server::commands::demo::{Call, PASSWORD};

use crate::harness::{Printer, SIZES, Server, free_port, root, story, verify};

#[tokio::test(flavor = "multi_thread")]
async fn the_story_plays_and_the_ledger_proves_it() {
    let folder = tempfile::tempdir().expect("folder");
    let mut server = Server::start(&folder.path().join("data"), free_port()).await;
    let mut player = server.player("story");
    let story = story();
    let (mut confirmed, mut asked) = (0, false);
    for chapter in 0..story.chapters.len() {
        let before = player.acknowledged.len();
        if let Err(error) = player.play_chapter(&story, chapter, &mut Printer).await {
            panic!("{error:?}");
        }
        // Chapter by chapter: what is about the authorisation can no longer be asked once it is destroyed.
        match player.confirm(before).await {
            Ok(count) => confirmed += count,
            Err(error) => panic!("{error:?}"),
        }
        if let Some(key) = player.saved.get("key").and_then(|key| key.as_str())
            && !asked
        {
            asked = true;
            one_key_is_for_one_question(&server, key).await;
        }
    }
    assert!(asked, "the story makes a key");
    println!(
        "{} commands acknowledged, {confirmed} sent again and answered alike",
        player.acknowledged.len()
    );
    no_job_failed_for_good(&server).await;
    server.kill();
    let (sound, said) = verify(&server.data);
    assert!(sound, "{said}");
    println!("{said}");
    let tile = files(&server.data.join("ledger"), "tile").into_iter().next().expect("a tile");
    let objects = files(&server.data.join("objects"), "");
    let object = objects.into_iter().max_by_key(|file| fs::metadata(file).map_or(0, |meta| meta.len()));
    for file in [tile, object.expect("an object")] {
        let name = file.file_name().expect("name").to_string_lossy().into_owned();
        let whole = fs::read(&file).expect("read");
        let mut damaged = whole.clone();
        let middle = damaged.len() / 2;
        damaged[middle] ^= 0x20;
        fs::write(&file, &damaged).expect("write");
        let (sound, said) = verify(&server.data);
        assert!(!sound, "one flipped bit in {} went unnoticed: {said}", file.display());
        assert!(said.contains(&name), "{} is not named: {said}", file.display());
        if file.starts_with(server.data.join("objects")) {
            // The first byte of the chunk in which the bit was flipped: 44 bytes of header, 64 KiB and a tag a chunk.
            let chunk = (middle as u64 - 44) / (65_536 + 16);
            assert!(chunk > 0, "the object is large enough to have a place: {middle}");
            let place = 44 + chunk * (65_536 + 16);
            assert!(said.contains(&place.to_string()), "byte {place} of {name} is not named: {said}");
        }
        fs::write(&file, &whole).expect("write");
    }
    assert!(verify(&server.data).0, "after repair it is sound again");
}

/// What happens by itself after a command (papers, zones, certificates) happened.
async fn no_job_failed_for_good(server: &Server) {
    let call = |method: &str, path: &str, token: Option<String>, body: Option<String>| Call {
        method: method.parse().expect("method"),
        path: path.to_owned(),
        token,
        body: body.map(|body| ("application/json".to_owned(), body.into())),
        idempotency_key: None,
        headers: Vec::new(),
    };
    let body = serde_json::json!({ "account": "admin", "password": PASSWORD }).to_string();
    let signed_in = server.client().send(&call("POST", "/api/v1/sessions", None, Some(body))).await;
    let token = signed_in.expect("sign-in").json()["token"].as_str().map(str::to_owned);
    let dead =
        server.client().send(&call("GET", "/api/v1/jobs/dead", token, None)).await.expect("jobs").json();
    assert_eq!(dead["items"], serde_json::json!([]));
}

/// An idempotency key makes a repetition free, so it must not carry a second question.
async fn one_key_is_for_one_question(server: &Server, key: &str) {
    let call = |month: u32| Call {
        method: "POST".parse().expect("method"),
        path: "/data/v1/flight-delays/query".to_owned(),
        token: Some(key.to_owned()),
        body: Some((
            "application/json".to_owned(),
            format!("{{\"origin\":\"JFK\",\"month\":{month}}}").into(),
        )),
        idempotency_key: Some("one-question".to_owned()),
        headers: vec![("X-Scenario".to_owned(), "物流排班".to_owned())],
    };
    let client = server.client();
    let first = client.send(&call(7)).await.expect("an answer");
    let again = client.send(&call(7)).await.expect("an answer");
    assert_eq!((first.status, again.status, &first.body), (200, 200, &again.body));
    let other = client.send(&call(8)).await.expect("an answer");
    assert_eq!((other.status, &other.json()["code"]), (409, &serde_json::json!("data.other_request")));
}

/// The same story with the records in PostgreSQL, and a provider's table read from there.
#[tokio::test(flavor = "multi_thread")]
async fn the_story_plays_on_postgresql_too() {
    let folder = tempfile::tempdir().expect("folder");
    let mut server = Server::start_on_postgres(&folder.path().join("data"), free_port()).await;
    let mut player = server.player("postgres");
    if let Err(error) = player.play(&story(), &mut Printer).await {
        panic!("{error:?}");
    }
    assert!(!server.data.join("shuyu.db").exists(), "the records are in PostgreSQL");
    server.kill();
    let (sound, said) = server.verify();
    assert!(sound, "{said}");
}

/// The demonstrations of the other texts play their stories to the end, each with its ledger verified.
#[test]
fn the_other_texts_play_too() {
    let demo = root().join("demo");
    let first = fs::read_to_string(demo.join("county")).expect("the first demonstration");
    let mut played = 0;
    for entry in fs::read_dir(&demo).expect("demonstrations") {
        let county = entry.expect("entry").file_name().to_string_lossy().into_owned();
        if county == first.trim() || !demo.join(&county).join("story.yaml").is_file() {
            continue;
        }
        let folder = tempfile::tempdir().expect("folder");
        let mut command = Command::new(env!("CARGO_BIN_EXE_shuyu"));
        command
            .args(["demo", "play", "--exit", "--county", &county])
            .arg("--data")
            .arg(folder.path().join("data"));
        command.args(["--listen", &format!("127.0.0.1:{}", free_port())]);
        command.args([
            "--enterprises",
            &SIZES.enterprises.to_string(),
            "--persons",
            &SIZES.persons.to_string(),
        ]);
        let output = command.output().expect("the binary starts");
        let said = String::from_utf8_lossy(&output.stdout);
        let end: Vec<&str> = said.lines().rev().take(12).collect();
        let wrong = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "{county}: {}\n{wrong}",
            end.into_iter().rev().collect::<Vec<_>>().join("\n")
        );
        played += 1;
    }
    assert!(played > 0, "there are other texts");
}

/// The files below a folder whose path has a part, in order of names.
fn files(folder: &Path, part: &str) -> Vec<PathBuf> {
    let mut folders = vec![folder.to_owned()];
    let mut files = Vec::new();
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).unwrap_or_else(|error| panic!("{}: {error}", next.display())) {
            let path = entry.expect("entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().contains(part) {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}
