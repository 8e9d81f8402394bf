//! Readers of the files, one for each kind.

mod condition;
pub(crate) mod document;
pub(crate) mod duty;
mod form;
mod header;
mod length;
mod people;
mod procedure;
mod scenario;
mod step;
mod tables;

use super::fields::Reader;
use super::node::Node;
use super::templates::{ENDING, FOLDER};

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Header,
    Clauses,
    Parameters,
    Roles,
    Duties,
    Reasons,
    Procedure,
    Form,
    Scenarios,
    Documents,
    /// A text, no YAML.
    Template,
}

/// What the file at a path holds.
pub(crate) fn kind_of(path: &str) -> Option<Kind> {
    let mut parts = path.rsplit('/');
    let name = parts.next()?;
    let folder = parts.next();
    if folder == Some(FOLDER) {
        return name.ends_with(ENDING).then_some(Kind::Template);
    }
    let kind = match (folder, name) {
        (Some("procedures"), _) => Kind::Procedure,
        (Some("forms"), _) => Kind::Form,
        (Some("scenarios"), _) => Kind::Scenarios,
        (_, "pack.yaml") => Kind::Header,
        (_, "clauses.yaml") => Kind::Clauses,
        (_, "parameters.yaml") => Kind::Parameters,
        (_, "roles.yaml") => Kind::Roles,
        (_, "duties.yaml") => Kind::Duties,
        (_, "documents.yaml") => Kind::Documents,
        (_, "not-automated.yaml") => Kind::Reasons,
        _ => return None,
    };
    name.ends_with(".yaml").then_some(kind)
}

/// Reads a file into the reader's draft.
pub(crate) fn read(kind: Kind, node: &Node, reader: &mut Reader<'_>) {
    match kind {
        Kind::Header => header::read(node, reader),
        Kind::Clauses => tables::clauses(node, reader),
        Kind::Parameters => tables::parameter_file(node, reader),
        Kind::Roles => tables::roles(node, reader),
        Kind::Duties => duty::read(node, reader),
        Kind::Reasons => tables::reasons(node, reader),
        Kind::Procedure => procedure::read(node, reader),
        Kind::Form => form::read(node, reader),
        Kind::Scenarios => scenario::read(node, reader),
        Kind::Documents => document::read(node, reader),
        Kind::Template => {}
    }
}
