//! What a person asks the kernel to do.

use std::collections::BTreeMap;

use base::{Digest, Id, kind};
use serde::{Deserialize, Serialize};

use super::Actor;
use super::people::People;
use crate::pack::model::{CommandKind, FactValue, FieldKey, ProcedureId, RoleKey, StepId, UnitCode};

/// Values of a form by field.
pub type FormValues = BTreeMap<FieldKey, FormValue>;

/// A field's value as entered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum FormValue {
    /// One value, as text.
    Text(String),
    /// Several values.
    List(Vec<String>),
}

impl From<&str> for FormValue {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// A file that comes with a command; its bytes are kept elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// What it is, as the pack names it (`安全风险自评报告`), or a name of the sender's own.
    pub name: String,
    /// File name as uploaded.
    pub file_name: String,
    /// Digest of the bytes.
    pub digest: Digest,
    /// Length in bytes.
    pub bytes: u64,
    /// Where the sealed bytes are.
    pub object: Option<Id<kind::Object>>,
}

/// One thing to correct.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Defect {
    /// Field or attachment.
    pub field: String,
    /// What is wrong with it.
    pub note: String,
}

/// A vote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ballot {
    /// 同意
    Approve,
    /// 不同意
    Refuse,
}

/// A case to be opened.
#[derive(Debug, Clone)]
pub struct OpenCase {
    /// Id of the new case.
    pub id: Id<kind::Case>,
    /// Its number, see [`super::number`].
    pub number: String,
    /// The procedure.
    pub procedure: ProcedureId,
    /// Who opens it.
    pub actor: Actor,
    /// What it is about, in one line.
    pub title: String,
    /// The opening form.
    pub form: FormValues,
    /// Attachments.
    pub attachments: Vec<Attachment>,
    /// Facts the opener states; only those the procedure asks for.
    pub facts: BTreeMap<String, FactValue>,
    /// Facts the platform itself observed (an existing agreement, the owners of the requested resources).
    pub observed: BTreeMap<String, FactValue>,
    /// Units of roles the pack leaves open, as the platform knows them.
    pub parties: BTreeMap<RoleKey, Vec<UnitCode>>,
}

/// A command on an open case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// What to do.
    pub kind: CommandKind,
    /// The step the sender saw; guards against acting on a page that is out of date.
    pub step: Option<StepId>,
    /// Written opinion.
    pub opinion: Option<String>,
    /// Values of the action's form.
    pub form: FormValues,
    /// Attachments.
    pub attachments: Vec<Attachment>,
    /// Facts the sender states; only those the action asks for.
    pub facts: BTreeMap<String, FactValue>,
    /// Facts the platform itself observed.
    pub observed: BTreeMap<String, FactValue>,
    /// Everything to correct, for a return.
    pub defects: Vec<Defect>,
    /// The vote, for a vote.
    pub vote: Option<Ballot>,
    /// Whom it is about, for a command on people and units.
    pub people: People,
}

impl Command {
    /// A command without anything else.
    #[must_use]
    pub const fn new(kind: CommandKind) -> Self {
        Self {
            kind,
            step: None,
            opinion: None,
            form: BTreeMap::new(),
            attachments: Vec::new(),
            facts: BTreeMap::new(),
            observed: BTreeMap::new(),
            defects: Vec::new(),
            vote: None,
            people: People::none(),
        }
    }
}
