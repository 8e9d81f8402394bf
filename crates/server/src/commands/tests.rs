//! Backup, restore and offline verification of a real data folder, whole and broken.

use std::fs;
use std::path::Path;

use app::backup::{self, FolderReport, Keys};
use app::{App, Config, identity};
use tempfile::TempDir;

use super::ledger::summary;
use super::{Cli, Lang, embedded};
use crate::http::installation;

async fn report(config: &Config) -> FolderReport {
    let key = app::ledger::public_key(config).unwrap();
    backup::verify_folder(config, &key).await.unwrap()
}

/// Makes an installation with records and one sealed object, all signed, and stops it.
async fn lived_in(data: &Path) -> Config {
    let app = installation(data).await;
    app.start_background();
    let password = super::demo::PASSWORD.to_owned();
    let session = identity::sign_in(&app, "operator.manager", password, app.now()).await.unwrap();
    let ctx = identity::context_of(&app, &session.token, app.now()).await.unwrap().unwrap();
    app::cases::upload_attachment(&app, &ctx, "a.md", b"sealed words".to_vec()).await.unwrap();
    app::ledger::settled(&app).await.unwrap();
    let config = app.config().clone();
    app.close().await;
    config
}

/// Serves a restored installation until everything is signed, and finds it sound.
async fn goes_on(target: &Config) {
    let again = App::open(target.clone(), &embedded::built_in().unwrap()).await.unwrap();
    again.start_background();
    app::ledger::settled(&again).await.unwrap();
    again.close().await;
    let after = report(target).await;
    assert_eq!((after.finding, after.ledger.pending), (None, 0));
}

fn only_file(folder: &Path) -> std::path::PathBuf {
    let entry = fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
    if entry.is_dir() { only_file(&entry) } else { entry }
}

#[tokio::test]
async fn verification_names_the_first_bad_place() {
    let folder = TempDir::new().unwrap();
    let config = lived_in(folder.path()).await;
    let whole = report(&config).await;
    assert_eq!(whole.finding, None);
    assert!(whole.ledger.rows >= 3 && whole.payloads == whole.ledger.rows && whole.objects == 1, "{whole:?}");
    assert!(summary(&whole, "key", Lang::Zh).contains("通过"));

    let object = only_file(&config.objects_dir());
    let kept = fs::read(&object).unwrap();
    let mut changed = kept.clone();
    *changed.last_mut().unwrap() ^= 1;
    fs::write(&object, &changed).unwrap();
    let bad = report(&config).await.finding.unwrap();
    assert!(bad.file.starts_with("objects/") && bad.code == "object.changed", "{bad:?}");
    fs::write(&object, &kept[..kept.len() - 1]).unwrap();
    let bad = report(&config).await.finding.unwrap();
    assert_eq!((bad.byte, bad.code.as_str()), (kept.len() as u64 - 1, "object.length"));
    fs::write(&object, &kept).unwrap();

    let tile = config.ledger_dir().join("tile/0/000.p").join(whole.ledger.size.to_string());
    let mut bytes = fs::read(&tile).unwrap();
    bytes[40] ^= 1;
    fs::write(&tile, &bytes).unwrap();
    let broken = report(&config).await;
    let bad = broken.finding.clone().unwrap();
    assert!(bad.file.ends_with(&whole.ledger.size.to_string()) && bad.byte == 40, "{bad:?}");
    assert!(summary(&broken, "key", Lang::En).contains("NOT SOUND"));
}

#[tokio::test]
async fn what_was_backed_up_is_restored_and_goes_on() {
    let (folder, elsewhere) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let config = lived_in(&folder.path().join("data")).await;
    let app = App::open(config.clone(), &embedded::built_in().unwrap()).await.unwrap();
    let copy = folder.path().join("copy");
    let manifest = backup::backup(&app, &copy, Keys::Included).await.unwrap();
    assert!(manifest.files.iter().any(|file| file.path == "keys/root.key"));
    assert_eq!(backup::backup(&app, &copy, Keys::LeftOut).await.unwrap_err().code(), "backup.exists");
    app.close().await;

    let target = Config { data: elsewhere.path().join("data"), ..config.clone() };
    backup::restore(&target, &copy, None).await.unwrap();
    assert_eq!(report(&target).await.finding, None);
    assert_eq!(backup::restore(&target, &copy, None).await.unwrap_err().code(), "backup.not_empty");
    // The row of the backup itself was not signed yet; the restored installation signs it and goes on.
    goes_on(&target).await;

    fs::write(copy.join("ledger/checkpoint"), "other").unwrap();
    let third = Config { data: elsewhere.path().join("third"), ..config };
    assert_eq!(backup::restore(&third, &copy, None).await.unwrap_err().code(), "backup.not_whole");
}

#[tokio::test]
async fn a_backup_of_a_running_installation_goes_on_after_restore() {
    let (folder, elsewhere) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let config = lived_in(&folder.path().join("data")).await;
    let app = App::open(config.clone(), &embedded::built_in().unwrap()).await.unwrap();
    app.start_background();
    let copy = folder.path().join("copy");
    backup::backup(&app, &copy, Keys::Included).await.unwrap();
    app.close().await;
    // The log was copied before the database, so it may be behind what the database says of it.
    let target = Config { data: elsewhere.path().join("data"), ..config };
    backup::restore(&target, &copy, None).await.unwrap();
    goes_on(&target).await;
}

#[tokio::test]
async fn keys_are_made_for_an_empty_folder_only_and_one_server_runs_on_it() {
    let folder = TempDir::new().unwrap();
    let config = lived_in(&folder.path().join("data")).await;
    let packs = embedded::built_in().unwrap();
    let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&config.data).unwrap().permissions());
    assert_eq!(mode & 0o077, 0, "nobody else enters the data folder");
    for key in ["root.key", "ledger.key"] {
        let path = config.keys_dir().join(key);
        let kept = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        assert_eq!(App::open(config.clone(), &packs).await.unwrap_err().code(), "key.missing", "{key}");
        assert!(!path.exists(), "{key} is not made anew");
        fs::write(&path, &kept).unwrap();
    }
    let path = config.keys_dir().join("root.key");
    let kept = fs::read(&path).unwrap();
    fs::write(&path, [7; 32]).unwrap();
    assert_eq!(App::open(config.clone(), &packs).await.unwrap_err().code(), "key.wrong");
    fs::write(&path, &kept).unwrap();

    let first = App::open(config.clone(), &packs).await.unwrap();
    let second = App::open(config, &packs).await.unwrap();
    let claim = first.serve_alone().unwrap();
    assert_eq!(second.serve_alone().unwrap_err().code(), "data.in_use");
    drop(claim);
    second.serve_alone().unwrap();
    first.close().await;
    second.close().await;
}

#[tokio::test]
async fn a_new_pack_is_written_once_and_its_scenarios_hold() {
    use clap::Parser as _;
    let folder = TempDir::new().unwrap();
    let target = folder.path().join("yunwu");
    let path = target.to_str().unwrap();
    let asked = |template: &str| {
        let fixed =
            ["shuyu", "pack", "new", "--parent", "zhejiang", "--name", "云雾县试行办法", "--prefix", "云雾"];
        Cli::parse_from(fixed.into_iter().chain(["--template", template, "--folder", path])).command
    };
    super::run(asked("deqing"), None).await.unwrap();
    let code = super::pack::test(&target, Lang::Zh).unwrap();
    assert_eq!(format!("{code:?}"), format!("{:?}", std::process::ExitCode::SUCCESS));
    fs::write(target.join("roles.yaml"), "mine").unwrap();
    let error = super::run(asked("deqing"), None).await.unwrap_err();
    assert!(error.to_string().contains("is there already"), "{error}");
    assert_eq!(fs::read_to_string(target.join("roles.yaml")).unwrap(), "mine");
}

#[test]
fn the_command_line_is_consistent() {
    use clap::CommandFactory as _;
    Cli::command().debug_assert();
}
