//! `shuyu demo play`: the story from beginning to end, then the proof.

use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use app::Ctx;
use tokio::sync::oneshot;

use super::client::Client;
use super::player::{Audience, Player};
use super::story::Words;
use super::{Lang, PASSWORD, ServeOptions, known, open, prepare_folder, read_story};
use crate::commands::{embedded, ledger};
use crate::serve;

/// Shows progress in a terminal, one line a step.
struct Terminal {
    lang: Lang,
    rewrite: bool,
    quiet: bool,
}

impl Audience for Terminal {
    fn chapter(&mut self, number: usize, of: usize, title: &Words) {
        if !self.quiet {
            let clear = if self.rewrite { "\r\u{1b}[K" } else { "" };
            println!("{clear}[{number:>2}/{of}] {}", self.lang.pick(&title.zh, &title.en));
        }
    }

    fn step(&mut self, number: usize, of: usize, say: &Words) {
        if self.quiet {
            return;
        }
        let say = self.lang.pick(&say.zh, &say.en);
        if self.rewrite {
            let filled = number * 24 / of.max(1);
            print!(
                "\r\u{1b}[K{}{} {number}/{of} {say}",
                "█".repeat(filled),
                "░".repeat(24_usize.saturating_sub(filled))
            );
            // A terminal that went away is no reason to stop the story.
            let _ = std::io::stdout().flush();
        } else {
            println!("        {number:>3}/{of} {say}");
        }
    }
}

pub(super) async fn play(
    options: &ServeOptions,
    exit: bool,
    story: Option<&Path>,
    until: usize,
    lang: Lang,
) -> Result<ExitCode> {
    let text = match story {
        Some(path) => {
            std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?
        }
        None => embedded::demo_text(&format!("{}/story.yaml", options.asked()?))?,
    };
    let mut story = read_story(&text)?;
    story.chapters.truncate(until);
    let sizes = options.sizes.sizes();
    let (app, listener, people) = open(options).await?;
    let folder = options.data.join("story");
    prepare_folder(&folder, sizes)?;
    let config = app.config().clone();
    let address = listener.local_addr()?;
    let (stop, stopped) = oneshot::channel::<()>();
    let stop_now = async move {
        tokio::select! {
            _ = stopped => {}
            () = serve::told_to_stop() => {}
        }
    };
    // Runs beside the player; awaited before this function ends, whatever happens.
    let server = tokio::spawn(serve::serve(app.clone(), listener, stop_now));
    let client = Client::new(&format!("http://{address}"));
    client.wait_until_up(Duration::from_secs(30)).await?;
    let mut player = Player::new(client, folder, PASSWORD, "play");
    player.saved = known(sizes)?;
    let rewrite = std::io::stdout().is_terminal();
    let mut terminal = Terminal { lang, rewrite, quiet: options.quiet };
    let played = tokio::select! {
        played = player.play(&story, &mut terminal) => Some(played),
        // The server stops as well; the story must not go on against another one at the same address.
        () = serve::told_to_stop() => None,
    };
    if rewrite && !options.quiet {
        println!();
    }
    match played {
        Some(Ok(())) => {}
        Some(Err(error)) => {
            drop(stop);
            server.await??;
            return Err(error);
        }
        None => {
            drop(stop);
            server.await??;
            bail!("stopped before the story ended");
        }
    }
    app::ledger::settled(&app).await.context("the journal is not in the ledger")?;
    let operation = Ctx::service("admin.operate", app.now());
    let (dead, _) = app::desk::dead_letters(&app, &operation).await?;
    if let Some(job) = dead.first() {
        drop(stop);
        server.await??;
        bail!("a job of the story failed for good: {} {}: {}", job.kind, job.key, job.error);
    }
    let sound = prove(&config, lang, options.quiet).await?;
    if exit {
        drop(stop);
    } else if !options.quiet {
        println!("\nhttp://{address}\n\n{}\n口令 password: {PASSWORD}", people.table());
    }
    // Kept until the server ends by itself: dropping it stops the server.
    server.await??;
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Verifies the data folder as anybody could, and says what was proven.
async fn prove(config: &app::Config, lang: Lang, quiet: bool) -> Result<bool> {
    let key = app::ledger::public_key(config)?;
    let report = app::backup::verify_folder(config, &key).await?;
    if !quiet {
        println!("\n{}", ledger::summary(&report, &key.to_string(), lang));
    }
    Ok(report.finding.is_none())
}
