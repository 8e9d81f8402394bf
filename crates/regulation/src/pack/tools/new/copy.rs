//! Files copied from a template: the same words, other clauses, another county's name, and a mark to look through them.

use std::collections::BTreeSet;

use crate::pack::SourceFile;
use crate::pack::model::Pack;

use super::super::todo;
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
        let mut text = cited(&source.text, template, map);
        if let (Some(there), Some(here)) = (county(&template.name), county(&plan.name)) {
            text = text.replace(there, here);
        }
        if path == "parameters.yaml" {
            text = bounds(&text, plan);
        }
        let what = match path {
            "roles.yaml" => "机构代码沿用样板，改为本地担任各角色的机构",
            "parameters.yaml" => "逐项核对数值；原文没有写的保留“本地约定: 是”",
            _ => "对照本文本核对",
        };
        let mark = format!("{}：复制自 {} {}，{what}。\n", todo::LOOK, template.id, template.version);
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

/// Replaces the clauses in every list of clause ids.
fn cited(text: &str, template: &Pack, map: &ClauseMap) -> String {
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
            match map.get(id) {
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

/// The county's name at the head of a text's name: `德清县`.
fn county(name: &str) -> Option<&str> {
    let end = name.char_indices().take(9).find(|(_, c)| "县市区州旗".contains(*c))?;
    name.get(..end.0 + end.1.len_utf8())
}

/// Says above each parameter what the parent allows.
fn bounds(text: &str, plan: &NewPack<'_>) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.lines() {
        let name = line.strip_prefix("  ").and_then(|line| line.split_once(':')).map(|(name, _)| name);
        if let Some(parameter) = name.and_then(|name| plan.parent.parameters.get(name)) {
            out.push_str("  # ");
            out.push_str(&write::note(parameter));
            out.push('\n');
        }
        out.push_str(line);
        out.push('\n');
    }
    out
}
