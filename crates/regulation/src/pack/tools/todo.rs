//! What is left to do in a pack that was begun from another.

use serde::Serialize;

use crate::pack::SourceFile;
use crate::pack::coverage::coverage;
use crate::pack::model::Pack;
use crate::pack::templates::ENDING;
use crate::pack::unchecked::{GUESSED, scan};

use super::text::Text;

/// How a placeholder's id is told from a clause of the text.
pub(super) const PLACEHOLDER: &str = ".待填.";
/// How a comment begins that asks for a look.
pub(super) const LOOK: &str = "# 待核";
/// The same in a template, where comments are written otherwise.
pub(super) const LOOK_TEMPLATE: &str = "// 待核";

/// Something left to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Todo {
    /// File; empty for the pack as a whole.
    pub file: String,
    /// Line, from 1; 0 for a file as a whole.
    pub line: usize,
    /// What to do.
    pub text: Text,
}

/// Everything left to do: copied files nobody has looked through, guessed citations, placeholders still cited, clauses nothing carries,
/// procedures without a scenario.
#[must_use]
pub fn todo(files: &[SourceFile], pack: &Pack) -> Vec<Todo> {
    let mut found: Vec<Todo> = files.iter().flat_map(of_file).collect();
    let whole = |zh: String, en: String| Todo { file: String::new(), line: 0, text: Text::new(zh, en) };
    let covered = coverage(pack);
    let (own, inherited): (Vec<&String>, Vec<&String>) = covered
        .missing
        .iter()
        .partition(|id| pack.clauses.get(*id).is_some_and(|clause| clause.pack == pack.id));
    for (list, zh, en) in [(own, "本级条款", "own clauses"), (inherited, "上级条款", "inherited clauses")]
    {
        if !list.is_empty() {
            let ids = list.iter().map(|id| id.as_str()).collect::<Vec<_>>().join("、");
            found.push(whole(
                format!("{zh}{}条还没有规则也没有理由：{ids}", list.len()),
                format!("{} {en} have neither rule nor reason: {ids}", list.len()),
            ));
        }
    }
    let silent: Vec<&str> = pack
        .clauses
        .values()
        .filter(|clause| clause.pack == pack.id && clause.means.is_none())
        .map(|clause| clause.id.as_str())
        .collect();
    if !silent.is_empty() {
        let ids = silent.join("、");
        found.push(whole(
            format!("{}条没有写“手段”（强制、自动、记录、外部）：{ids}", silent.len()),
            format!("{} clauses do not say their 手段 (means): {ids}", silent.len()),
        ));
    }
    for procedure in pack.procedures.keys() {
        if !pack.scenarios.iter().any(|scenario| scenario.procedure == *procedure) {
            found.push(whole(
                format!("程序“{procedure}”还没有样例"),
                format!("procedure `{procedure}` has no scenario"),
            ));
        }
    }
    found
}

/// What is left to do in one file.
fn of_file(file: &SourceFile) -> Vec<Todo> {
    let mut found = Vec::new();
    let mut placeholders = Vec::new();
    for (at, line) in (1..).zip(file.text.lines()) {
        let bare = line.trim();
        if let Some(what) = bare.strip_prefix(LOOK).or_else(|| bare.strip_prefix(LOOK_TEMPLATE)) {
            let what = what.trim_start_matches(['：', ':', ' ']);
            let text = Text::new(what, "look through what was copied, then delete this line");
            found.push(Todo { file: file.path.clone(), line: at, text });
        }
        if line.contains(PLACEHOLDER) && !line.trim_start().starts_with('#') {
            placeholders.push(at);
        }
    }
    let guessed: Vec<u32> = scan(&file.path, &file.text).map(|one| one.line).collect();
    if let Some(first) = guessed.first().filter(|_| !file.path.ends_with(ENDING)) {
        let n = guessed.len();
        found.push(Todo {
            file: file.path.clone(),
            line: usize::try_from(*first).unwrap_or(usize::MAX),
            text: Text::new(
                format!("{n}行的依据由样板推定，逐行核对后删去行末的“{GUESSED}…”"),
                format!("citations of {n} lines are guesses; check each, then delete its `{GUESSED}…`"),
            ),
        });
    }
    if let Some(first) = placeholders.first().filter(|_| !file.path.ends_with("clauses.yaml")) {
        let n = placeholders.len();
        found.push(Todo {
            file: file.path.clone(),
            line: *first,
            text: Text::new(
                format!("{n}行还引用“待填”，改为本文本的条款"),
                format!("{n} lines still cite a placeholder; name the clauses of your text"),
            ),
        });
    }
    found
}
