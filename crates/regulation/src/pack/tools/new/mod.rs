//! The start of a new county: a complete folder that loads, written from a parent, a sibling as template, and one
//! table of the county's own clauses.
//!
//! What is copied from a sibling keeps working at once: its rules cite the new text's clauses where the table says which
//! procedure a clause belongs to, and placeholders (`待填`) elsewhere. [`todo`](super::todo()) lists what is left.
//! The folder is loaded before it is handed out; nothing is written here.

mod clauses;
mod copy;
mod write;

use std::collections::{BTreeMap, BTreeSet};

use crate::pack::model::{ClauseId, Expectation, Pack, ProcedureId};
use crate::pack::report::hint;
use crate::pack::{Diagnostic, SourceFile, load};

pub use clauses::{OwnClause, own_clauses};

/// Limit: clauses of a table.
const CLAUSES_MAX: usize = 5_000;

/// What a new county is made from.
#[derive(Debug, Clone)]
pub struct NewPack<'a> {
    /// Folder name and id: lower-case letters, digits, hyphens.
    pub id: String,
    /// Full name of the text.
    pub name: String,
    /// First part of its clause ids, for example `云雾`.
    pub prefix: String,
    /// Version label.
    pub version: String,
    /// The pack above it.
    pub parent: &'a Pack,
    /// A pack with the same parent to copy roles, procedures, forms, duties and scenarios from, with its files.
    pub template: Option<(&'a Pack, &'a [SourceFile])>,
    /// The text's own clauses; may be empty.
    pub clauses: Vec<OwnClause>,
}

/// Why nothing was made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NewError {
    /// A line of the clause table cannot be read.
    #[error("line {line} of the clauses: {en}")]
    Line {
        /// Line, from 1.
        line: usize,
        /// What is wrong, in Chinese.
        zh: String,
        /// The same in English.
        en: String,
    },
    /// The template stands under another parent.
    #[error("the template's parent is not `{0}`")]
    Template(String),
    /// An empty or unfit name, id or prefix.
    #[error("name, id or prefix is not fit: {0}")]
    Name(String),
    /// What was made does not load.
    #[error("the new pack does not load: {} mistakes", .0.len())]
    DoesNotLoad(Vec<Diagnostic>),
}

impl NewError {
    /// Stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Line { .. } => "regulation.new_clauses",
            Self::Template(_) => "regulation.new_template",
            Self::Name(_) => "regulation.new_name",
            Self::DoesNotLoad(_) => "regulation.new_invalid",
        }
    }

    /// A sentence in Chinese.
    #[must_use]
    pub fn zh(&self) -> String {
        match self {
            Self::Line { line, zh, .. } => format!("条款表第{line}行：{zh}"),
            Self::Template(parent) => format!("样板的上级应是“{parent}”，与新包相同"),
            Self::Name(what) => format!("名称、编号或者条款字头不合写法：{what}"),
            Self::DoesNotLoad(found) => format!("写成的制度包不能载入，有{}处错误", found.len()),
        }
    }
}

/// Parts of a pack, besides procedures, that a clause of the table may be meant for.
pub(super) const PARTS: [&str; 4] = ["角色", "参数", "表单", "周期义务"];

/// Makes the files of a new county, with paths inside its folder.
///
/// # Errors
/// [`NewError`]; a table that names an unknown procedure says which line.
pub fn new_pack(plan: &NewPack<'_>) -> Result<(Vec<SourceFile>, Pack), NewError> {
    check(plan)?;
    let map = clause_map(plan)?;
    let mut files = vec![write::header(plan), write::clauses(plan, &map), write::reasons(plan)];
    match plan.template {
        Some((template, sources)) => files.extend(copy::files(plan, template, sources, &map)),
        None => files.extend(write::empty(plan)),
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let pack = load(&files, Some(plan.parent)).map_err(NewError::DoesNotLoad)?;
    Ok((files, pack))
}

fn check(plan: &NewPack<'_>) -> Result<(), NewError> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if plan.id.is_empty() || !plan.id.chars().all(plain) {
        return Err(NewError::Name(plan.id.clone()));
    }
    let odd = |c: char| c.is_whitespace() || c.is_control() || "[]{},:#\"'.&*!|>%@`".contains(c);
    if plan.prefix.is_empty() || plan.prefix.contains(odd) {
        return Err(NewError::Name(plan.prefix.clone()));
    }
    let one_line = |text: &str| !text.trim().is_empty() && !text.contains(char::is_control);
    for text in [&plan.name, &plan.version] {
        if !one_line(text) {
            return Err(NewError::Name(text.clone()));
        }
    }
    match plan.template {
        Some((template, _)) if template.parent.as_ref() != Some(&plan.parent.id) => {
            Err(NewError::Template(plan.parent.id.clone()))
        }
        _ => Ok(()),
    }
}

/// What takes the place of the template's clauses.
struct ClauseMap {
    /// For each clause of the template that the new county does not have.
    instead: BTreeMap<ClauseId, Vec<ClauseId>>,
    /// Own clauses by the procedure or other part the table names.
    meant: BTreeMap<String, Vec<ClauseId>>,
}

impl ClauseMap {
    /// Own clauses meant for a role, parameter or form, or for all of its kind.
    fn meant_for(&self, name: &str, part: &str) -> Option<&[ClauseId]> {
        self.meant.get(name).or_else(|| self.meant.get(part)).map(Vec::as_slice)
    }

    /// Own clauses meant for a step, or else for its procedure.
    fn meant_for_step(&self, procedure: &str, step: &str) -> Option<&[ClauseId]> {
        self.meant_for(&step_part(procedure, step), procedure)
    }

    /// Own clauses meant for a procedure or any of its steps: a refusal in a scenario may rest on each of them.
    fn meant_for_all(&self, procedure: &str) -> Vec<ClauseId> {
        all_of(&self.meant, procedure)
    }
}

/// How the table names a step.
fn step_part(procedure: &str, step: &str) -> String {
    format!("{procedure}·{step}")
}

fn all_of(meant: &BTreeMap<String, Vec<ClauseId>>, procedure: &str) -> Vec<ClauseId> {
    let steps = step_part(procedure, "");
    let of_it = |part: &str| part == procedure || part.starts_with(&steps);
    let mut all: Vec<ClauseId> =
        meant.iter().filter(|(part, _)| of_it(part)).flat_map(|(_, clauses)| clauses.clone()).collect();
    all.sort_by_cached_key(|id| super::reading_order(id));
    all.dedup();
    all
}

fn clause_map(plan: &NewPack<'_>) -> Result<ClauseMap, NewError> {
    let mut known: BTreeSet<String> = PARTS.map(str::to_owned).into();
    if let Some((template, _)) = plan.template {
        let procedures = template.procedures.keys().chain(template.roles.keys());
        known.extend(procedures.chain(template.parameters.keys()).chain(template.forms.keys()).cloned());
        for procedure in template.procedures.values() {
            known.extend(procedure.steps.iter().map(|step| step_part(&procedure.id, &step.id)));
        }
    }
    let mut meant: BTreeMap<String, Vec<ClauseId>> = BTreeMap::new();
    for clause in &plan.clauses {
        for part in &clause.parts {
            if !known.contains(part) {
                let (zh, en) = hint(part, known.iter().map(String::as_str));
                return Err(NewError::Line {
                    line: clause.line,
                    zh: format!("样板里没有程序、环节、角色、参数或者表单“{part}”{zh}"),
                    en: format!("the template has no procedure, step, role, parameter or form `{part}`{en}"),
                });
            }
            meant.entry(part.clone()).or_default().push(clause.id.clone());
        }
    }
    let mut instead = BTreeMap::new();
    if let Some((template, _)) = plan.template {
        for (id, place) in places(template) {
            if plan.parent.clauses.contains_key(&id) {
                continue;
            }
            let placeholder = || vec![format!("{}{}{place}", plan.prefix, super::todo::PLACEHOLDER)];
            let own = meant.get(&place).cloned().unwrap_or_else(|| all_of(&meant, &place));
            instead.insert(id, if own.is_empty() { placeholder() } else { own });
        }
    }
    Ok(ClauseMap { instead, meant })
}

/// The procedure, or other part, that cites each clause most; procedures go before other parts.
fn places(pack: &Pack) -> BTreeMap<ClauseId, ProcedureId> {
    let mut counts: BTreeMap<ClauseId, BTreeMap<(u8, ProcedureId), usize>> = BTreeMap::new();
    let mut count = |rank: u8, place: &str, clauses: &[ClauseId]| {
        for clause in clauses {
            let places = counts.entry(clause.clone()).or_default();
            *places.entry((rank, place.to_owned())).or_default() += 1;
        }
    };
    for procedure in pack.procedures.values() {
        count(0, &procedure.id, &procedure.clauses);
        for step in &procedure.steps {
            count(0, &procedure.id, &super::words::clauses_of_step(step));
        }
        count(0, &procedure.id, &super::words::clauses_of(procedure));
    }
    let [roles, parameters, forms, duties] = PARTS;
    pack.roles.values().for_each(|role| count(1, roles, &role.clauses));
    pack.parameters.values().for_each(|parameter| count(1, parameters, &parameter.clauses));
    pack.forms.values().for_each(|form| count(1, forms, &form.clauses));
    pack.duties.iter().for_each(|duty| count(1, duties, &duty.clauses));
    for scenario in &pack.scenarios {
        count(2, &scenario.procedure, &scenario.clauses);
        for expected in &scenario.then {
            if let Expectation::Refused(clauses) = expected {
                count(2, &scenario.procedure, &clauses.iter().cloned().collect::<Vec<_>>());
            }
        }
    }
    let most = |places: BTreeMap<(u8, ProcedureId), usize>| {
        places
            .into_iter()
            .min_by_key(|((rank, _), count)| (*rank, std::cmp::Reverse(*count)))
            .map(|((_, place), _)| place)
    };
    counts.into_iter().filter_map(|(clause, places)| Some((clause, most(places)?))).collect()
}
