//! `shuyu pack check`, `test` and `coverage`.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use app::packs::{PackFault, PackSource, Packs};
use app::regulation::case::scenario;
use app::regulation::pack::{ProofCount, Severity, Standing, lint, parent_id, proof, proof_counts};

use super::{Lang, embedded};

/// Loads the folder's pack with its parents and says everything that is wrong with it.
pub(crate) fn check(folder: &Path, lang: Lang) -> Result<ExitCode> {
    with_pack(folder, lang, |packs| {
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
        let calendar = packs.calendar();
        let now = app::clock::Clock::system().now();
        let found = lint(&pack, calendar, now.date_at(pack.counting.utc_offset_seconds));
        let parent = packs.parent_of(&pack);
        let templates = app::packs::templates(&pack, parent.as_slice());
        for one in &templates {
            let (line, column) = (one.line.unwrap_or(1), one.column.unwrap_or(1));
            let severity = lang.pick("错误", "error");
            println!(
                "{severity} {} {}:{line}:{column}: {}",
                one.code,
                one.place,
                lang.pick(&one.zh, &one.en)
            );
        }
        let errors = templates.len() + found.iter().filter(|one| one.severity == Severity::Error).count();
        for one in &found {
            let severity = match one.severity {
                Severity::Error => lang.pick("错误", "error"),
                Severity::Warning => lang.pick("提示", "warning"),
            };
            println!("{severity} {} {}: {}", one.code, one.place, lang.pick(&one.zh, &one.en));
        }
        let warnings = found.len() + templates.len() - errors;
        println!(
            "{}",
            lang.pick(
                &format!("错误{errors}处（有错误的不能启用），提示{warnings}处"),
                &format!("{errors} errors (they block activation), {warnings} warnings")
            )
        );
        if errors == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    })
}

/// Runs its scenarios.
pub(crate) fn test(folder: &Path, lang: Lang) -> Result<ExitCode> {
    with_pack(folder, lang, |packs| {
        let pack = packs.current();
        let failures = scenario::run(&pack, packs.calendar());
        for failure in &failures {
            let line = failure.line.map(|line| format!(" {line}")).unwrap_or_default();
            let place = failure.place();
            println!("{place} {}{line}: {}", failure.scenario, lang.pick(&failure.zh, &failure.en));
        }
        let failed: BTreeSet<&str> = failures.iter().map(|failure| failure.scenario.as_str()).collect();
        let (of, wrong) = (pack.scenarios.len(), failed.len());
        println!(
            "{}",
            lang.pick(&format!("样例{of}个，不符{wrong}个"), &format!("{of} scenarios, {wrong} do not hold"))
        );
        if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    })
}

/// Counts its clauses by how they are carried and proven; less than all of them is a failure.
pub(crate) fn coverage(folder: &Path, lang: Lang) -> Result<ExitCode> {
    with_pack(folder, lang, |packs| {
        let pack = packs.current();
        let found = app::regulation::pack::coverage(&pack);
        println!(
            "{}",
            lang.pick(
                "制度包\t条款\t有规则\t有理由\t尚未落实\t已证明",
                "pack\tclauses\tcarried\texcused\tpending\tproven"
            )
        );
        for (from, count) in proof_counts(&pack, packs.calendar()) {
            let ProofCount { clauses, carried, excused, pending, proven, .. } = count;
            println!("{from}\t{clauses}\t{carried}\t{excused}\t{pending}\t{proven}");
        }
        let unproven: Vec<_> = proof(&pack, packs.calendar())
            .into_iter()
            .filter(|one| one.standing == Standing::Unproven)
            .map(|one| one.clause)
            .collect();
        for (label, clauses) in [
            (lang.pick("尚未落实", "pending"), &found.pending),
            (lang.pick("理由不成立", "unfit reason"), &found.unfit),
            (lang.pick("缺失", "missing"), &found.missing),
            (lang.pick("未证明", "unproven"), &unproven),
        ] {
            for clause in clauses {
                println!("{label}\t{clause}");
            }
        }
        if found.is_complete() && unproven.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    })
}

/// The sources to load a pack with, and its id: a folder with what stands beside it and the built-in packs, or the id of
/// a built-in pack.
pub(super) fn sources_of(pack: &Path) -> Result<(Vec<PackSource>, String)> {
    let name = pack.to_str().unwrap_or_default();
    if !pack.exists() {
        let built_in = embedded::built_in()?;
        if built_in.iter().any(|source| source.id == name) {
            return Ok((built_in, name.to_owned()));
        }
    }
    let folder = pack.canonicalize().with_context(|| format!("{}", pack.display()))?;
    let id =
        folder.file_name().and_then(|name| name.to_str()).context("a pack's folder has a name")?.to_owned();
    let mut sources = vec![embedded::pack_of(&folder, &id)?];
    // Its parents may be in the making beside it; whatever else lies there is none of ours.
    let mut next = parent_of(&sources);
    while let Some((parent, beside)) = next.take().and_then(|parent| {
        let beside = folder.parent()?.join(&parent);
        (beside.join("pack.yaml").is_file() && sources.iter().all(|known| known.id != parent))
            .then_some((parent, beside))
    }) {
        sources.push(embedded::pack_of(&beside, &parent)?);
        next = parent_of(&sources);
    }
    for source in embedded::built_in()? {
        if !sources.iter().any(|known| known.id == source.id) {
            sources.push(source);
        }
    }
    Ok((sources, id))
}

/// The parent that the last of the sources names.
fn parent_of(sources: &[PackSource]) -> Option<String> {
    parent_id(&sources.last()?.source_files())
}

pub(super) fn with_pack(pack: &Path, lang: Lang, then: impl FnOnce(&Packs) -> ExitCode) -> Result<ExitCode> {
    let (sources, id) = sources_of(pack)?;
    match Packs::load(&sources, &id) {
        Ok(packs) => Ok(then(&packs)),
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
