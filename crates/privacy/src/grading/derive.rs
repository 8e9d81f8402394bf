//! What derived data inherit.

use serde::{Deserialize, Serialize};

use super::{Class, Grade, Reason};

/// How data were made of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "derivation", rename_all = "snake_case")]
pub enum Derivation {
    /// Row by row: copied, joined, computed, masked. Masking alone lowers nothing; say
    /// [`super::Hint::Deidentified`] of the result and grade it as a source of its own if a person has judged
    /// so.
    RowByRow,
    /// Counted, summed, averaged over groups of entities.
    Aggregated {
        /// Entities in the smallest group that was let out.
        group_min: u32,
        /// Entities that a group must have for the result to say nothing of any of them.
        needed: u32,
    },
}

/// A column that data were made of.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// What it is called.
    pub name: &'a str,
    /// How it is graded.
    pub grade: &'a Grade,
}

/// Grade of derived data: at least as high as the highest source, unless it was aggregated.
///
/// `own` is what [`super::propose`] says of the result itself, and never falls below that. An aggregate over
/// large enough groups stands by `own` and is no longer personal, but one of important or core data keeps
/// their class: a sum can be what made them important (annex I), so lowering it is left to a person.
#[must_use]
pub fn derive(own: &Grade, sources: &[Source<'_>], how: Derivation) -> Grade {
    let mut grade = own.clone();
    match how {
        Derivation::Aggregated { group_min, needed } if group_min >= needed.max(2) => {
            grade.reasons.push(Reason::Aggregated { group_min });
            let class = sources.iter().map(|source| source.grade.class).max().unwrap_or(Class::General);
            if class > Class::General {
                grade.raise(class, 4, Reason::AggregateOfImportant { class });
            }
            return grade;
        }
        Derivation::Aggregated { group_min, needed } => {
            grade.reasons.push(Reason::GroupsTooSmall { group_min, needed: needed.max(2) });
        }
        Derivation::RowByRow => {}
    }
    for source in sources {
        let (class, level) = (source.grade.class, source.grade.level);
        grade.personal |= source.grade.personal;
        grade.sensitive_personal |= source.grade.sensitive_personal;
        if (class, level) > (Class::General, 1) {
            grade.raise(class, level, Reason::Inherited { source: source.name.to_owned(), class, level });
        }
    }
    grade
}
