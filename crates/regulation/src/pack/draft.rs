//! What was read from a pack's own files, before layering and cross-checks.

use std::collections::BTreeMap;

use base::Date;

use super::model::{
    Bound, Clause, ClauseId, Counting, Duty, Form, FormId, Parameter, Procedure, ProcedureId, Role, RoleKey,
    Scenario, Status, StepId, Transition,
};
use super::report::Place;

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
    pub(crate) reasons: Vec<Located<(ClauseId, String)>>,
    pub(crate) references: Vec<Located<Reference>>,
    /// Periods of steps that are parameters: procedure, step, which period, parameter.
    pub(crate) lengths: Vec<(ProcedureId, StepId, Length, Located<String>)>,
}

/// A period of a step.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Length {
    /// Of its clock.
    Clock,
    /// Of a correction.
    Correction,
}

/// The head of `pack.yaml`.
#[derive(Debug, Clone)]
pub(crate) struct Header {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) status: Status,
    pub(crate) in_force: (Option<Date>, Option<Date>),
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

/// A name that has to exist somewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reference {
    Clause(ClauseId),
    Role(RoleKey),
    Form(FormId),
    Parameter(String),
    Procedure(ProcedureId),
    Step(ProcedureId, StepId),
    Fact(ProcedureId, String, Shape),
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
