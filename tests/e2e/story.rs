//! The whole story against the real binary; then the ledger is verified offline, and damaged.

use std::fs;
use std::path::{Path, PathBuf};

use crate::harness::{Printer, Server, free_port, story, verify};

#[tokio::test(flavor = "multi_thread")]
async fn the_story_plays_and_the_ledger_proves_it() {
    let folder = tempfile::tempdir().expect("folder");
    let mut server = Server::start(&folder.path().join("data"), free_port()).await;
    let mut player = server.player("story");
    let story = story();
    let mut confirmed = 0;
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
    }
    println!("{} commands acknowledged, {confirmed} sent again and answered alike", player.acknowledged.len());
    server.kill();
    let (sound, said) = verify(&server.data);
    assert!(sound, "{said}");
    println!("{said}");
    for file in
        [first_file(&server.data.join("ledger"), "tile"), first_file(&server.data.join("objects"), "")]
    {
        let name = file.file_name().expect("name").to_string_lossy().into_owned();
        let whole = fs::read(&file).expect("read");
        let mut damaged = whole.clone();
        let middle = damaged.len() / 2;
        damaged[middle] ^= 0x20;
        fs::write(&file, &damaged).expect("write");
        let (sound, said) = verify(&server.data);
        assert!(!sound, "one flipped bit in {} went unnoticed: {said}", file.display());
        assert!(said.contains(&name), "{} is not named: {said}", file.display());
        fs::write(&file, &whole).expect("write");
    }
    assert!(verify(&server.data).0, "after repair it is sound again");
}

/// The first file below a folder, in order of names, whose path has a part.
fn first_file(folder: &Path, part: &str) -> PathBuf {
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
    files.into_iter().next().expect("a file")
}
