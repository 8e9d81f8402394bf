//! Migration, backup, restore and the first accounts.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use app::Ctx;
use app::backup::{self, Keys};
use app::destructions::NewerLog;
use app::identity::{self, NewPerson, NewUnit};

use super::run::open;

pub(crate) async fn migrate(config: &app::Config) -> Result<()> {
    let version = app::migrate(config).await?;
    println!("schema version {version}");
    Ok(())
}

pub(crate) async fn backup(config: app::Config, to: &Path, keys: Keys) -> Result<()> {
    let app = open(config).await?;
    let outcome = backup::backup(&app, to, keys).await;
    app.close().await;
    let manifest = outcome.context("the backup was not made")?;
    println!("{} rows, {} files, digest {}", manifest.rows, manifest.files.len(), manifest.digest);
    if !manifest.keys {
        println!("the keys are not in it: keep a copy of the data folder's keys/ elsewhere");
    }
    Ok(())
}

pub(crate) async fn restore(
    config: &app::Config,
    from: &Path,
    ledger: Option<PathBuf>,
    key: Option<&str>,
) -> Result<()> {
    let newer = ledger.map(|folder| newer_log(config, from, folder, key)).transpose()?;
    let manifest = backup::restore(config, from, newer.as_ref()).await.context("nothing was restored")?;
    println!("{} rows, {} files, digest {}", manifest.rows, manifest.files.len(), manifest.digest);
    if !manifest.keys {
        println!(
            "put all files of the installation's keys/ into {} before serving: root.key, ledger.key and destroyed.jsonl",
            config.keys_dir().display()
        );
    } else if newer.is_none() {
        println!(
            "what was destroyed after this backup was made is not known here: restore with --ledger and a newer copy of the ledger, or bring destroyed.jsonl of the installation's keys/"
        );
    }
    Ok(())
}

fn newer_log(config: &app::Config, from: &Path, folder: PathBuf, key: Option<&str>) -> Result<NewerLog> {
    let key = match key {
        Some(text) => text.parse().context("not a verifier key")?,
        None => app::ledger::public_key(config)
            .or_else(|_| app::ledger::public_key(&app::Config { data: from.to_owned(), ..config.clone() }))
            .context("the ledger's public key is neither in keys/ nor in the backup: give it with --key")?,
    };
    Ok(NewerLog { folder, key })
}

/// The unit of a new account.
pub(crate) struct UnitOf {
    pub(crate) code: String,
    pub(crate) name: Option<String>,
}

pub(crate) async fn add_account(
    config: app::Config,
    account: &str,
    name: &str,
    unit: UnitOf,
    roles: &[String],
) -> Result<()> {
    let mut password = String::new();
    std::io::stdin().read_to_string(&mut password).context("the password is read from standard input")?;
    let password = password.trim_end_matches(['\r', '\n']).to_owned();
    if password.is_empty() {
        bail!("the password is read from standard input, which was empty");
    }
    let roles = serde_json::Value::from(roles.to_vec());
    let roles: Vec<_> = serde_json::from_value(roles).context("unknown role")?;
    let person = NewPerson {
        account: account.to_owned(),
        name: name.to_owned(),
        unit: unit.code.clone(),
        roles: roles.clone(),
        password,
    };
    let units: Vec<NewUnit> = unit
        .name
        .into_iter()
        .map(|name| NewUnit {
            code: unit.code.clone(),
            en: name.clone(),
            name,
            contact: String::new(),
            roles: roles.clone(),
        })
        .collect();
    let app = open(config).await?;
    let ctx = Ctx::service("install", app.now());
    let outcome = identity::enrol(&app, &ctx, &units, &[person]).await;
    app.close().await;
    outcome.context("the account was not added")?;
    println!("{account}");
    Ok(())
}
