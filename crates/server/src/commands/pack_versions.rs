//! `shuyu pack versions`, `propose`, `confirm`, `withdraw` and `activate`: the versions of an installation's pack, by the
//! same use cases as the pages, under an account and its password.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use app::packs::{self, PackFile, Report, Version};
use app::regulation::pack::tools;
use app::{App, Ctx, Error, identity};
use base::Digest;
use clap::Args;

use super::{Lang, Settings, embedded, run};

/// Under which account.
#[derive(Debug, Args)]
pub(crate) struct Who {
    /// Account name.
    #[arg(long)]
    account: String,
    /// Language of the messages.
    #[arg(long, value_enum, default_value_t = Lang::Zh)]
    lang: Lang,
    #[command(flatten)]
    settings: Settings,
}

/// An installation opened for one command of one person.
struct Desk {
    app: App,
    ctx: Ctx,
    token: String,
    lang: Lang,
    // Nobody serves from the folder meanwhile: a server would not hear of what is put into force beside it.
    _alone: File,
}

impl Desk {
    async fn open(who: &Who) -> Result<Self> {
        let mut password = String::new();
        std::io::stdin().read_to_string(&mut password).context("the password is read from standard input")?;
        let password = password.trim_end_matches(['\r', '\n']).to_owned();
        if password.is_empty() {
            bail!("the password is read from standard input, which was empty");
        }
        let app = run::open(who.settings.config()?).await?;
        let alone = match app.serve_alone() {
            Ok(alone) => alone,
            Err(error) => {
                app.close().await;
                return Err(error).context(
                    "a server runs on this data folder; use its page /admin/packs/versions, or stop it",
                );
            }
        };
        let signed = identity::sign_in(&app, &who.account, password, app.now()).await;
        let token = match signed {
            Ok(signed) => signed.token,
            Err(error) => {
                app.close().await;
                return Err(error).context("not signed in");
            }
        };
        let ctx = identity::context_of(&app, &token, app.now()).await?.context("the session is gone")?;
        Ok(Self { app, ctx, token, lang: who.lang, _alone: alone })
    }

    /// Ends the session, says what came of it, and answers the exit code.
    async fn close<T>(self, done: Result<T, Error>, said: impl FnOnce(&T) -> String) -> Result<ExitCode> {
        let ended = identity::sign_out(&self.app, &self.ctx, &self.token).await;
        self.app.close().await;
        let code = match done {
            Ok(value) => {
                println!("{}", said(&value));
                ExitCode::SUCCESS
            }
            Err(Error::Unfit(report)) => {
                print!("{}", blocking(&report, self.lang));
                ExitCode::FAILURE
            }
            Err(error) => return Err(error.into()),
        };
        ended?;
        Ok(code)
    }
}

fn blocking(report: &Report, lang: Lang) -> String {
    let mut text = String::new();
    for line in report.blocking() {
        let at = [line.line, line.column].into_iter().flatten().map(|number| format!(":{number}"));
        let at: String = at.collect();
        text.push_str(&format!("{}{at}: {} {}\n", line.place, line.code, lang.pick(&line.zh, &line.en)));
    }
    for clause in &report.uncovered {
        text.push_str(&format!("{}\t{clause}\n", lang.pick("没有规则也没有理由", "neither rule nor reason")));
    }
    text
}

/// Lists versions, the newest first.
pub(crate) async fn list(settings: &Settings) -> Result<ExitCode> {
    let app = run::open(settings.config()?).await?;
    let found = packs::history(&app).await;
    app.close().await;
    for one in found? {
        println!("{}\t{}\t{}\t{:?}", one.digest, one.pack, one.label, one.state);
    }
    Ok(ExitCode::SUCCESS)
}

/// Proposes a folder.
pub(crate) async fn propose(who: &Who, folder: &Path) -> Result<ExitCode> {
    let folder = folder.canonicalize().with_context(|| format!("{}", folder.display()))?;
    let name = folder.file_name().and_then(|name| name.to_str()).context("a pack's folder has a name")?;
    let source = embedded::pack_of(&folder, name)?;
    let file = |(path, text): (String, String)| PackFile { path: format!("{name}/{path}"), text };
    let files: Vec<PackFile> = source.files.into_iter().map(file).collect();
    let desk = Desk::open(who).await?;
    let done = packs::propose(&desk.app, &desk.ctx, &files).await;
    desk.close(done, |proposed| proposed.digest.to_string()).await
}

/// The version whose digest begins so.
async fn find(app: &App, version: &str) -> Result<Version, Error> {
    let mut found = packs::history(app).await?;
    found.retain(|one| !version.is_empty() && one.digest.to_string().starts_with(version));
    match (found.pop(), found.is_empty()) {
        (Some(one), true) => Ok(one),
        _ => Err(Error::NotFound("pack.version_unknown")),
    }
}

/// Takes a supplied version as a proposal.
pub(crate) async fn confirm(who: &Who, version: &str) -> Result<ExitCode> {
    let desk = Desk::open(who).await?;
    let done = match find(&desk.app, version).await {
        Ok(one) => packs::confirm(&desk.app, &desk.ctx, one.digest).await.map(|()| one),
        Err(error) => Err(error),
    };
    desk.close(done, |one| one.digest.to_string()).await
}

/// Withdraws a proposal.
pub(crate) async fn withdraw(who: &Who, version: &str) -> Result<ExitCode> {
    let desk = Desk::open(who).await?;
    let done = match find(&desk.app, version).await {
        Ok(one) => packs::withdraw(&desk.app, &desk.ctx, one.digest).await.map(|()| one),
        Err(error) => Err(error),
    };
    desk.close(done, |one| one.digest.to_string()).await
}

/// Says what activating would change, or activates what was looked at.
pub(crate) async fn activate(who: &Who, version: &str, seen: Option<Digest>) -> Result<ExitCode> {
    let desk = Desk::open(who).await?;
    let done = try_activate(&desk, version, seen).await;
    desk.close(done, String::clone).await
}

async fn try_activate(desk: &Desk, version: &str, seen: Option<Digest>) -> Result<String, Error> {
    let (app, ctx) = (&desk.app, &desk.ctx);
    let digest = find(app, version).await?.digest;
    if let Some(seen) = seen {
        let done = packs::activate(app, ctx, digest, seen).await?;
        // The server that starts next goes on with what is left.
        let (moved, later) = (done.cases.moves, done.in_background);
        let zh = if later { "，由下一次启动的平台继续转" } else { "" };
        let en = if later { ", moved by the server that starts next" } else { "" };
        let words = (format!("已启用；转到新版本{moved}件{zh}"), format!("in force; {moved} cases move{en}"));
        return Ok(desk.lang.pick(&words.0, &words.1).to_owned());
    }
    let new = app.packs().known(digest).ok_or(Error::NotFound("pack.version_unknown"))?;
    let found = packs::impact(app, ctx, digest).await?;
    let lang = match desk.lang {
        Lang::Zh => tools::Lang::Zh,
        Lang::En => tools::Lang::En,
    };
    let (mut cases, mut after) = (Vec::new(), None);
    loop {
        let page = packs::impact_page(app, ctx, digest, after.as_deref()).await?;
        cases.extend(page.items);
        match page.next {
            // A terminal shows no more than this; the page has them all.
            Some(next) if cases.len() < SHOWN_MAX => after = Some(next),
            _ => break,
        }
    }
    let text = tools::impact_document(&app.packs().current(), &new, found.total, &cases).markdown(lang);
    Ok(format!("{text}\n--seen {}", found.digest))
}

/// Cases listed on a terminal.
const SHOWN_MAX: usize = 1_000;
