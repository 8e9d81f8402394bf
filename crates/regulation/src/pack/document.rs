//! Documents (文书): the papers that go with a procedure, as templates of the pack.
//!
//! A template is a text with named blanks. What may stand in a blank is declared here, so that a county can put its own
//! official text in place of ours and be told at once which blank it cannot have. Printing is for the crate `documents`.

use serde::{Deserialize, Serialize};

use super::model::{ClauseId, CommandKind, Pack, ProcedureId, StepId, Target};
use super::number::NumberRule;

/// A document's name, for example `受理回执`.
pub type DocumentId = String;

/// A document that is written from a template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Name and id; the template's file bears it too.
    pub id: DocumentId,
    /// English name.
    pub en: String,
    /// What the template may name.
    pub variables: Vec<Variable>,
    /// Whether and how it is numbered (发文字号).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<NumberRule>,
    /// On which occasions it is written; none for a document that is written by hand only.
    pub when: Vec<Occasion>,
    /// The template.
    pub template: String,
    /// The file the template stands in, for messages.
    pub file: String,
    /// Basis; empty only for a template that nothing uses.
    pub clauses: Vec<ClauseId>,
}

/// A blank that a template may name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variable {
    /// Name, as the template writes it.
    pub name: String,
    /// What it takes: a value of the platform, a fact, or a field of the case's forms. Its own name unless said otherwise.
    pub from: String,
    /// English label.
    pub en: String,
    /// What may stand in it.
    pub kind: VariableKind,
    /// Must be known before the document is issued; otherwise it prints as a blank line.
    pub required: bool,
}

/// Kinds of blanks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VariableKind {
    /// One line.
    Text,
    /// Paragraphs.
    LongText,
    /// Whole number.
    Number,
    /// A share in percent.
    Percent,
    /// Money in yuan with two decimals.
    Money,
    /// A date.
    Date,
    /// Yes or no.
    Flag,
    /// A list of texts.
    List,
    /// Rows under these headings.
    Table(Vec<String>),
}

/// When a document is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Occasion {
    /// In cases of this procedure.
    pub procedure: ProcedureId,
    /// At what.
    pub event: OccasionEvent,
}

/// What happens in a case that a document is written for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OccasionEvent {
    /// The case is opened.
    Opened,
    /// This is done in this step.
    Done(StepId, CommandKind),
    /// The case ends with this outcome.
    Ended(String),
    /// Whenever somebody asks for it.
    Asked,
}

impl Occasion {
    /// The occasion can come up in the pack's procedure as it stands.
    pub(crate) fn exists_in(&self, pack: &Pack) -> bool {
        let Some(procedure) = pack.procedures.get(&self.procedure) else { return false };
        match &self.event {
            OccasionEvent::Opened | OccasionEvent::Asked => true,
            OccasionEvent::Done(step, command) => procedure
                .steps
                .iter()
                .any(|one| one.id == *step && one.actions.iter().any(|action| action.command == *command)),
            OccasionEvent::Ended(outcome) => {
                let actions = procedure.steps.iter().flat_map(|step| &step.actions);
                let mut ends = actions.flat_map(|action| &action.then).map(|branch| &branch.to);
                ends.any(|target| matches!(target, Target::End { outcome: end, .. } if end == outcome))
            }
        }
    }
}

impl Pack {
    /// The documents written when something happens in a case of a procedure, in the order of their names.
    pub fn documents_for<'a>(
        &'a self,
        procedure: &'a str,
        event: &'a OccasionEvent,
    ) -> impl Iterator<Item = &'a Document> {
        let here = move |one: &Occasion| one.procedure == procedure && one.event == *event;
        self.documents.values().filter(move |document| document.when.iter().any(here))
    }
}
