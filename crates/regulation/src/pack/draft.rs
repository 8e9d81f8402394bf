//! What was read from a pack's own files, before layering and cross-checks.

use std::collections::BTreeMap;

use base::Date;

use super::document::{DocumentId, Occasion, Variable};
use super::model::{
    Bound, Clause, ClauseId, Counting, Duty, DutyScenario, Excuse, FieldKey, Form, FormId, Parameter,
    PeriodUnit, Procedure, ProcedureId, Role, RoleKey, Scenario, Status, StepId, Transition,
};
use super::number::{NumberMark, NumberRule};
use super::report::Place;
use super::unchecked::Unchecked;

/// A thing and where it is written.
#[derive(Debug, Clone)]
pub(crate) struct Located<T> {
    pub(crate) value: T,
    pub(crate) place: Place,
}

/// The files' contents so far.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    pub(crate) header: Option<Located<Header>>,
    pub(crate) clauses: Vec<Located<Clause>>,
    pub(crate) parameters: Vec<Located<ParameterDraft>>,
    pub(crate) roles: Vec<Located<Role>>,
    pub(crate) procedures: Vec<Located<Procedure>>,
    pub(crate) steps: BTreeMap<(ProcedureId, StepId), Place>,
    pub(crate) forms: Vec<Located<Form>>,
    pub(crate) duties: Vec<Located<Duty>>,
    pub(crate) scenarios: Vec<Located<Scenario>>,
    pub(crate) duty_scenarios: Vec<Located<DutyScenario>>,
    /// 转办: the procedure that ends, the one that is owed next.
    pub(crate) opens: Vec<Located<(ProcedureId, ProcedureId)>>,
    pub(crate) reasons: Vec<Located<(ClauseId, Excuse)>>,
    pub(crate) documents: Vec<Located<DocumentDraft>>,
    /// Signers and their marks.
    pub(crate) marks: Vec<Located<(String, NumberMark)>>,
    pub(crate) occasions: Vec<Located<Occasion>>,
    /// Templates by the name of their file.
    pub(crate) templates: BTreeMap<DocumentId, Located<String>>,
    pub(crate) references: Vec<Located<Reference>>,
    /// Periods of steps that are parameters: procedure, step, which period, parameter.
    pub(crate) lengths: Vec<(ProcedureId, StepId, Length, Located<String>)>,
    /// Lines whose citations nobody has looked at.
    pub(crate) unchecked: Vec<Unchecked>,
    /// Choices of fields that are parameters: form, field, parameter.
    pub(crate) choices: Vec<(FormId, FieldKey, Located<String>)>,
}

/// A period of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Length {
    /// Of its clock.
    Clock,
    /// Of a correction.
    Correction,
    /// Of a rung of its clock's ladder, by its place.
    Rung(usize),
}

/// The head of `pack.yaml`.
#[derive(Debug, Clone)]
pub(crate) struct Header {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) status: Status,
    pub(crate) in_force: (Option<Date>, Option<Date>),
    pub(crate) in_force_clauses: Vec<ClauseId>,
    pub(crate) parent: Option<String>,
    pub(crate) calendar: Option<String>,
    pub(crate) counting: Option<Counting>,
    pub(crate) transitions: Vec<Transition>,
}

/// A parameter and the bound it states itself.
#[derive(Debug, Clone)]
pub(crate) struct ParameterDraft {
    pub(crate) parameter: Parameter,
    pub(crate) bound: Option<Bound>,
}

/// What a file says of a document; what is left out stands in the parent.
#[derive(Debug, Clone)]
pub(crate) struct DocumentDraft {
    pub(crate) id: DocumentId,
    pub(crate) en: Option<String>,
    pub(crate) variables: Option<Vec<Variable>>,
    pub(crate) when: Option<Vec<Occasion>>,
    /// `Some(None)` takes an inherited number away.
    pub(crate) number: Option<Option<NumberRule>>,
    pub(crate) clauses: Vec<ClauseId>,
}

/// A name that has to exist somewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reference {
    Clause(ClauseId),
    Role(RoleKey),
    /// A role, or the code of a unit that plays one.
    Signer(String),
    Form(FormId),
    Parameter(String),
    Procedure(ProcedureId),
    Duty(String),
    Step(ProcedureId, StepId),
    Fact(ProcedureId, String, Shape),
    /// Two facts that are compared with each other; whether their order is asked.
    Facts(ProcedureId, String, String, bool),
    /// A file that the procedure asks for somewhere.
    Attachment(ProcedureId, String),
    /// A fact against a parameter, and the unit the fact is counted in.
    Within(ProcedureId, String, String, Option<PeriodUnit>),
}

/// What kind of fact a comparison needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Flag,
    Number,
    Date,
    Text,
    /// Numbers, dates and counts of lists.
    Ordered,
}
