//! Paper forms: sections, fields and what may be entered.

use serde::{Deserialize, Serialize};

use super::{ClauseId, FieldKey, FormId};

/// A paper form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Form {
    /// Key, for example `附件4`.
    pub id: FormId,
    /// Title as printed.
    pub title: String,
    /// English title.
    pub en: String,
    /// Sections with fields, in print order.
    pub sections: Vec<Section>,
    /// Opinion boxes printed below, by name.
    pub opinion_boxes: Vec<String>,
    /// Notes printed at the end.
    pub notes: Vec<String>,
    /// Basis.
    pub clauses: Vec<ClauseId>,
}

/// A section of a form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    /// Heading; empty if the form prints none.
    pub title: String,
    /// Fields.
    pub fields: Vec<Field>,
}

/// A field of a form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// Key, the printed label unless two are alike.
    pub key: FieldKey,
    /// Printed label.
    pub label: String,
    /// English label.
    pub en: String,
    /// What may be entered.
    pub kind: FieldKind,
    /// Must be filled.
    pub required: bool,
    /// Hint printed in the box.
    pub hint: Option<String>,
    /// Holds personal information.
    pub personal: bool,
    /// The fact this field sets, if conditions use it.
    pub fact: Option<String>,
    /// Basis of its own, where the text asks for just this field; otherwise the form's.
    pub clauses: Vec<ClauseId>,
}

/// Kinds of fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    /// One line.
    Text,
    /// Many lines.
    LongText,
    /// Whole number.
    Number,
    /// A share in percent.
    Percent,
    /// Money in yuan with two decimals.
    Money,
    /// A date.
    Date,
    /// A telephone number.
    Phone,
    /// An e-mail address.
    Email,
    /// A telephone number or an e-mail address, whichever the person has.
    Contact,
    /// One of a list.
    Choice(Vec<String>),
    /// Some of a list.
    Choices(Vec<String>),
    /// Yes or no.
    Flag,
    /// A list of resource codes of the catalog.
    Resources,
    /// The code of one unit; whether there is such a unit is for the platform to say.
    Unit,
}
