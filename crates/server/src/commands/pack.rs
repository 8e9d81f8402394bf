//! `shuyu pack check`.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use app::packs::{PackFault, Packs};

use super::{Lang, embedded};

/// Loads the folder's pack with its parents and says everything that is wrong with it.
pub(crate) fn check(folder: &Path, lang: Lang) -> Result<ExitCode> {
    let folder = folder.canonicalize().with_context(|| format!("{}", folder.display()))?;
    let id =
        folder.file_name().and_then(|name| name.to_str()).context("a pack's folder has a name")?.to_owned();
    let mut sources = Vec::new();
    if let Some(beside) = folder.parent() {
        sources = embedded::from_folder(beside)?;
    }
    for source in embedded::built_in()? {
        if !sources.iter().any(|known| known.id == source.id) {
            sources.push(source);
        }
    }
    match Packs::load(&sources, &id) {
        Ok(packs) => {
            let pack = packs.current();
            println!(
                "{} {}: {} clauses, {} procedures, {} forms, {} scenarios",
                pack.id,
                pack.version,
                pack.clauses.len(),
                pack.procedures.len(),
                pack.forms.len(),
                pack.scenarios.len()
            );
            println!("digest {}", pack.digest);
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            let error = anyhow::Error::from(error);
            match diagnostics_of(&error, lang) {
                Some(text) => {
                    print!("{text}");
                    Ok(ExitCode::FAILURE)
                }
                None => Err(error),
            }
        }
    }
}

/// The mistakes of a pack, one a line as `file:line:column: code text`, if that is what the error is about.
pub(crate) fn diagnostics_of(error: &anyhow::Error, lang: Lang) -> Option<String> {
    let fault = error.chain().find_map(|cause| cause.downcast_ref::<PackFault>())?;
    let mut text = String::new();
    for found in &fault.diagnostics {
        let words = lang.pick(&found.zh, &found.en);
        // Writing into a String cannot fail.
        let _ = writeln!(
            text,
            "{}/{}:{}:{}: {} {words}",
            fault.pack, found.file, found.line, found.column, found.code
        );
    }
    Some(text)
}
