//! Proposing class and level of data after GB/T 43697-2024, with reasons.
//!
//! The standard knows three classes: core, important and general data (核心, 重要, 一般). They follow from what
//! would be harmed if the data leaked or were changed, and how badly (6.5); within general data annex H
//! suggests levels, here 1 to 4. What this module cannot know it takes as arguments: what a person says about
//! harm, what a department's catalogue lists, from how many people on personal data are important, which
//! floors a sector sets. It proposes and never decides, and every proposal names its reasons as codes with
//! parameters; the words for them belong to those who show them.

mod derive;
mod reason;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use derive::{Derivation, Source, derive};
pub use reason::Reason;

use crate::SensitiveKind;
use crate::ir::Label;

/// Class of data. The order is that of protection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// 一般数据.
    General,
    /// 重要数据.
    Important,
    /// 核心数据.
    Core,
}

/// What would be harmed (影响对象).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Object {
    /// 国家安全.
    NationalSecurity,
    /// 经济运行.
    Economy,
    /// 社会秩序.
    SocialOrder,
    /// 公共利益.
    PublicInterest,
    /// 组织权益.
    Organization,
    /// 个人权益.
    Individual,
}

/// How badly (影响程度).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Harm {
    /// 一般危害.
    Ordinary,
    /// 严重危害.
    Serious,
    /// 特别严重危害.
    Severe,
}

/// The class that follows from a harm to an object.
///
/// *Source*: GB/T 43697-2024, 6.5, table 1.
#[must_use]
pub const fn class_of(object: Object, harm: Harm) -> Class {
    match (object, harm) {
        (Object::NationalSecurity, Harm::Severe | Harm::Serious)
        | (Object::Economy | Object::SocialOrder | Object::PublicInterest, Harm::Severe) => Class::Core,
        (Object::NationalSecurity, Harm::Ordinary)
        | (Object::Economy | Object::SocialOrder | Object::PublicInterest, Harm::Serious) => Class::Important,
        _ => Class::General,
    }
}

/// What people and catalogues say about data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "hint", rename_all = "snake_case")]
pub enum Hint {
    /// Its loss would harm something.
    Harm {
        /// What.
        object: Object,
        /// How badly.
        harm: Harm,
    },
    /// A department's catalogue of important or core data lists it.
    Catalogued {
        /// As what.
        class: Class,
    },
    /// It is about children under fourteen, whose personal data are all sensitive (PIPL, article 28).
    Minors,
    /// Public data that are opened on conditions only (有条件开放).
    Conditional,
    /// Public data that must not be opened (不予开放).
    Prohibited,
    /// Names and numbers were taken out or masked so that nobody can be told (去标识化).
    Deidentified,
}

/// Figures that laws, catalogues and sectors set. Nothing here has a default: whoever calls knows the law in
/// force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thresholds {
    /// From so many people on, personal data are important data.
    pub personal_rows: u64,
    /// From so many people on, sensitive personal data are important data.
    pub sensitive_rows: u64,
    /// Least level of personal data, 1–4.
    pub personal_level: u8,
    /// Least level of sensitive personal data, 1–4.
    pub sensitive_level: u8,
    /// Least level of de-identified personal data, 1–4.
    pub deidentified_level: u8,
    /// Least level of data opened on conditions, 1–4.
    pub conditional_level: u8,
    /// Least level of data that must not be opened, 1–4.
    pub prohibited_level: u8,
}

/// What is to be graded: one column, or a table with the kinds of all its columns.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// Kinds found in it.
    pub kinds: &'a [SensitiveKind],
    /// Highest place in the lattice of its columns.
    pub label: Label,
    /// How many people, or rows if that is not known, it is about.
    pub rows: u64,
    /// What is said about it.
    pub hints: &'a [Hint],
}

/// Class and level, as proposed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grade {
    /// Its class.
    pub class: Class,
    /// Level within general data, 1 (no harm) to 4; 4 for important and core data.
    pub level: u8,
    /// Does it hold personal information?
    pub personal: bool,
    /// Does it hold sensitive personal information (PIPL, article 28)?
    pub sensitive_personal: bool,
    /// Why, in the order in which they counted.
    pub reasons: Vec<Reason>,
}

impl Grade {
    /// What nothing is known about: general, level 1.
    #[must_use]
    pub const fn lowest() -> Self {
        Self {
            class: Class::General,
            level: 1,
            personal: false,
            sensitive_personal: false,
            reasons: Vec::new(),
        }
    }

    /// Raises class or level if a reason asks for more; a reason that changes nothing is kept too, unless it
    /// is there.
    fn raise(&mut self, class: Class, level: u8, reason: Reason) {
        self.class = self.class.max(class);
        self.level = if self.class > Class::General { 4 } else { self.level.max(level.clamp(1, 4)) };
        if !self.reasons.contains(&reason) {
            self.reasons.push(reason);
        }
    }
}

/// Is it information about a person, and is it sensitive? Organisations' names and codes are not personal;
/// nor is a place on the map, until [`propose`] sees it beside something personal.
///
/// *Source*: PIPL, article 28 (faith, health, accounts, whereabouts); GB/T 35273-2020, annex B (papers that
/// tell a person for certain).
#[must_use]
pub const fn personal(kind: SensitiveKind) -> (bool, bool) {
    use SensitiveKind as Kind;
    match kind {
        Kind::General
        | Kind::CreditCode
        | Kind::OrganizationName
        | Kind::OrganizationCode
        | Kind::Coordinate => (false, false),
        Kind::Religion
        | Kind::Medical
        | Kind::BankCard
        | Kind::ResidentId
        | Kind::Passport
        | Kind::TravelPermit
        | Kind::ForeignerPermit => (true, true),
        Kind::Mobile
        | Kind::Landline
        | Kind::Plate
        | Kind::PersonName
        | Kind::Address
        | Kind::BirthDate
        | Kind::Email
        | Kind::Vin
        | Kind::IpAddress
        | Kind::EthnicGroup => (true, false),
    }
}

/// Proposes a class and a level.
#[must_use]
pub fn propose(subject: &Subject<'_>, thresholds: &Thresholds) -> Grade {
    let mut grade = Grade::lowest();
    let deidentified = subject.hints.contains(&Hint::Deidentified);
    for kind in subject.kinds.iter().copied().filter(|kind| *kind != SensitiveKind::General) {
        let (personal, sensitive) = personal(kind);
        grade.personal |= personal;
        grade.sensitive_personal |= sensitive;
        if !(deidentified && personal) {
            grade.raise(Class::General, kind.level(), Reason::Kind { kind, level: kind.level() });
        }
    }
    // Where somebody was is sensitive, where a bus stop is is not.
    grade.sensitive_personal |= grade.personal && subject.kinds.contains(&SensitiveKind::Coordinate);
    let level = match subject.label {
        Label::Public => 1,
        Label::Quasi => 2,
        Label::Sensitive | Label::Identifier => 3,
    };
    // A key that was masked is an identifier by its place only.
    if level > 1 && grade.reasons.is_empty() && !deidentified {
        grade.raise(Class::General, level, Reason::Label { label: subject.label, level });
    }
    people(&mut grade, subject, thresholds, deidentified);
    for hint in subject.hints {
        say(&mut grade, *hint, thresholds);
    }
    grade
}

/// What follows from people being in the data, and from how many they are.
fn people(grade: &mut Grade, subject: &Subject<'_>, thresholds: &Thresholds, deidentified: bool) {
    if !grade.personal {
        return;
    }
    if subject.hints.contains(&Hint::Minors) {
        grade.sensitive_personal = true;
    }
    if deidentified {
        // What cannot be told of anybody is no sensitive information about them; how sure that is a person
        // judges.
        grade.sensitive_personal = false;
        let level = thresholds.deidentified_level;
        grade.raise(Class::General, level, Reason::Deidentified { level });
        return;
    }
    let level = thresholds.personal_level;
    grade.raise(Class::General, level, Reason::Personal { level });
    let rows = subject.rows;
    if grade.sensitive_personal {
        let level = thresholds.sensitive_level;
        grade.raise(Class::General, level, Reason::SensitivePersonal { level });
        if rows >= thresholds.sensitive_rows {
            let threshold = thresholds.sensitive_rows;
            grade.raise(Class::Important, 4, Reason::SensitiveRows { rows, threshold });
        }
    }
    if rows >= thresholds.personal_rows {
        let threshold = thresholds.personal_rows;
        grade.raise(Class::Important, 4, Reason::PersonalRows { rows, threshold });
    }
}

fn say(grade: &mut Grade, hint: Hint, thresholds: &Thresholds) {
    match hint {
        Hint::Harm { object, harm } => {
            let class = class_of(object, harm);
            // Annex H: harm to persons and organisations makes levels, not classes.
            let level = match harm {
                Harm::Ordinary => 2,
                Harm::Serious => 3,
                Harm::Severe => 4,
            };
            grade.raise(class, level, Reason::Harm { object, harm });
        }
        Hint::Catalogued { class } => grade.raise(class, 1, Reason::Catalogued { class }),
        Hint::Minors => {
            if grade.personal {
                grade.raise(Class::General, 1, Reason::Minors);
            }
        }
        Hint::Conditional => {
            let level = thresholds.conditional_level;
            grade.raise(Class::General, level, Reason::Conditional { level });
        }
        Hint::Prohibited => {
            let level = thresholds.prohibited_level;
            grade.raise(Class::General, level, Reason::Prohibited { level });
        }
        Hint::Deidentified => {}
    }
}
