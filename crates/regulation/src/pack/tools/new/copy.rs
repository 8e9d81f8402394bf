//! Files copied from a template: the same words, other clauses, another county's name, and a mark to look through them.

use std::collections::BTreeSet;

use crate::pack::SourceFile;
use crate::pack::model::{ClauseId, Pack};
use crate::pack::templates::ENDING;
use crate::pack::unchecked::GUESSED;

use super::super::{todo, words};
use super::{ClauseMap, NewPack, write};

/// The template's tables, procedures, forms and scenarios for the new county.
pub(super) fn files(
    plan: &NewPack<'_>,
    template: &Pack,
    sources: &[SourceFile],
    map: &ClauseMap,
) -> Vec<SourceFile> {
    let root = sources.iter().find_map(|file| file.path.strip_suffix("pack.yaml")).unwrap_or_default();
    let mut files = Vec::new();
    for source in sources {
        let path = source.path.strip_prefix(root).unwrap_or(&source.path);
        if matches!(path, "pack.yaml" | "clauses.yaml" | "not-automated.yaml") {
            continue;
        }
        let mut text = match path {
            "roles.yaml" | "parameters.yaml" => by_entry(path, &source.text, template, map),
            "duties.yaml" => cited(&source.text, template, map, map.meant_for("", "周期义务")),
            _ if path.starts_with("procedures/") => by_step(&source.text, template, map),
            _ if path.starts_with("scenarios/") => by_scenario(&source.text, template, map),
            _ => {
                let form = path.strip_prefix("forms/").and_then(|path| path.strip_suffix(".yaml"));
                cited(&source.text, template, map, form.and_then(|form| map.meant_for(form, "表单")))
            }
        };
        if let (Some(there), Some(here)) = (words::place(&template.name), words::place(&plan.name)) {
            text = text.replace(there, here);
        }
        if path == "parameters.yaml" {
            text = bounds(&text, plan);
        }
        if path.ends_with(".yaml") {
            text = marked(&text, plan);
        }
        let what = match path {
            "roles.yaml" => "机构代码沿用样板，改为本地担任各角色的机构",
            "parameters.yaml" => "逐项核对数值；原文没有写的保留“本地约定: 是”",
            _ => "对照本文本核对",
        };
        let look = if path.ends_with(ENDING) { todo::LOOK_TEMPLATE } else { todo::LOOK };
        let mark = format!("{look}：复制自 {} {}，{what}。\n", template.id, template.version);
        files.push(SourceFile { path: path.to_owned(), text: format!("{mark}{text}") });
    }
    for (path, text) in
        [("roles.yaml", "角色: {}\n"), ("parameters.yaml", "参数: {}\n"), ("duties.yaml", "周期义务: []\n")]
    {
        if !files.iter().any(|file| file.path == path) {
            files.push(SourceFile { path: path.to_owned(), text: text.to_owned() });
        }
    }
    files
}

/// Replaces the clauses entry by entry of a table, since the new text may name a role or parameter of its own.
fn by_entry(path: &str, text: &str, template: &Pack, map: &ClauseMap) -> String {
    let part = if path == "roles.yaml" { "角色" } else { "参数" };
    let piece = |piece: &str| {
        let name = piece.lines().next().and_then(entry_name).unwrap_or_default();
        cited(piece, template, map, map.meant_for(name, part))
    };
    pieces(text, |line| entry_name(line).is_some()).iter().map(|one| piece(one)).collect()
}

/// Replaces the clauses of a procedure step by step.
fn by_step(text: &str, template: &Pack, map: &ClauseMap) -> String {
    let procedure = value_of(text, "程序").unwrap_or_default();
    let piece = |piece: &str| {
        let step = piece.lines().next().and_then(item_name).unwrap_or_default();
        cited(piece, template, map, map.meant_for_step(procedure, step))
    };
    // A key of the procedure itself ends the last step.
    let begins = |line: &str| item_name(line).is_some() || !line.starts_with([' ', '#']);
    pieces(text, begins).iter().map(|one| piece(one)).collect()
}

/// Replaces the clauses of scenarios. What refuses may rest on any step of the procedure.
fn by_scenario(text: &str, template: &Pack, map: &ClauseMap) -> String {
    let piece = |piece: &str| {
        let procedure = value_of(piece, "程序").unwrap_or_default();
        let own = map.meant_for_all(procedure);
        let text = cited(piece, template, map, (!own.is_empty()).then_some(own.as_slice()));
        refused(&text, &of_forms(procedure, template, map))
    };
    pieces(text, |line| item_name(line).is_some()).iter().map(|one| piece(one)).collect()
}

/// The own clauses meant for the forms of a procedure: what is missing in a form is refused on those.
fn of_forms(procedure: &str, template: &Pack, map: &ClauseMap) -> Vec<ClauseId> {
    let Some(procedure) = template.procedures.get(procedure) else { return Vec::new() };
    let actions = procedure.steps.iter().flat_map(|step| &step.actions);
    let forms = procedure.form.iter().chain(actions.filter_map(|action| action.form.as_ref()));
    let mut found = Vec::new();
    for id in forms {
        let Some(form) = template.forms.get(id) else { continue };
        let own = map.meant_for(id, "表单");
        let fields = form.sections.iter().flat_map(|section| &section.fields);
        for clause in form.clauses.iter().chain(fields.flat_map(|field| &field.clauses)) {
            if let Some(instead) = map.instead.get(clause) {
                found.extend(own.unwrap_or(instead.as_slice()).iter().cloned());
            }
        }
    }
    found.sort();
    found.dedup();
    found
}

/// Adds clauses to every list of clauses a scenario expects a refusal on one of.
fn refused(text: &str, also: &[ClauseId]) -> String {
    const REFUSED: &str = "拒绝: [";
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(REFUSED) {
        let (inside, behind) = after.split_once(']').unwrap_or((after, ""));
        out.push_str(before);
        out.push_str(REFUSED);
        out.push_str(inside);
        for id in also.iter().filter(|id| !inside.split(',').any(|one| one.trim() == id.as_str())) {
            out.push_str(", ");
            out.push_str(id);
        }
        out.push(']');
        rest = behind;
    }
    out.push_str(rest);
    out
}

/// A text cut before every line that begins something.
fn pieces(text: &str, begins: impl Fn(&str) -> bool) -> Vec<String> {
    let mut pieces = vec![String::new()];
    for line in text.lines() {
        if begins(line) {
            pieces.push(String::new());
        }
        if let Some(piece) = pieces.last_mut() {
            piece.push_str(line);
            piece.push('\n');
        }
    }
    pieces
}

/// The name of an item of a list that begins on this line: `  - 名称: 形式审查`.
fn item_name(line: &str) -> Option<&str> {
    line.strip_prefix("  - 名称:").map(str::trim)
}

/// What stands behind the first such key.
fn value_of<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.trim_start().strip_prefix(key)?.strip_prefix(':').map(str::trim))
}

/// The name of the entry of a table that begins on this line.
fn entry_name(line: &str) -> Option<&str> {
    let inside = line.strip_prefix("  ").filter(|rest| !rest.starts_with([' ', '#', '-']))?;
    inside.split_once(':').map(|(name, _)| name)
}

/// Replaces the clauses in every list of clause ids: by `own`, where the table names clauses for this very thing.
fn cited(text: &str, template: &Pack, map: &ClauseMap, own: Option<&[ClauseId]>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('[') {
        out.push_str(before);
        out.push('[');
        rest = after;
        let Some((inside, behind)) = after.split_once(']') else { continue };
        let ids: Vec<&str> = inside.split(',').map(str::trim).collect();
        if inside.contains('[') || !ids.iter().all(|id| template.clauses.contains_key(*id)) {
            continue;
        }
        let mut seen = BTreeSet::new();
        let mut new = Vec::new();
        for id in ids {
            match map.instead.get(id).map(|instead| own.unwrap_or(instead.as_slice())) {
                Some(own) => new.extend(own.iter().map(String::as_str).filter(|id| seen.insert(*id))),
                None => new.extend(Some(id).filter(|id| seen.insert(*id))),
            }
        }
        out.push_str(&new.join(", "));
        out.push(']');
        rest = behind;
    }
    out.push_str(rest);
    out
}

/// Puts a request for a look behind every line that cites the new text: which of its clauses takes the place of which of
/// the template's is a guess.
fn marked(text: &str, plan: &NewPack<'_>) -> String {
    let own: BTreeSet<&str> = plan.clauses.iter().map(|clause| clause.id.as_str()).collect();
    let cites = |line: &str| line.split(['[', ']', ',']).any(|item| own.contains(item.trim()));
    let mut out = String::with_capacity(text.len());
    for line in text.lines() {
        out.push_str(line);
        if cites(line) && !line.trim_start().starts_with('#') {
            out.push_str("  ");
            out.push_str(GUESSED);
            out.push_str("：依据由样板推定");
        }
        out.push('\n');
    }
    out
}

/// Says above each parameter what the parent allows.
fn bounds(text: &str, plan: &NewPack<'_>) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.lines() {
        if let Some(parameter) = entry_name(line).and_then(|name| plan.parent.parameters.get(name)) {
            out.push_str("  # ");
            out.push_str(&write::note(parameter));
            out.push('\n');
        }
        out.push_str(line);
        out.push('\n');
    }
    out
}
