//! The form of a resource: what it asks, what was written in it, and what that says.

use app::Error;
use app::catalog::{Openness, UpdateFrequency};
use app::privacy::ir::Entity;
use app::resources::{CatalogEntry, NewResource};
use app::uploads::PostgresTable;

use super::common::choices;
use crate::html::desk::visit::Visit;
use crate::html::pages::form::{Field, FieldKind, FormSection};
use crate::html::pages::parts::Choice;

const FREQUENCIES: [UpdateFrequency; 8] = [
    UpdateFrequency::RealTime,
    UpdateFrequency::Daily,
    UpdateFrequency::Weekly,
    UpdateFrequency::Monthly,
    UpdateFrequency::Quarterly,
    UpdateFrequency::Yearly,
    UpdateFrequency::Irregular,
    UpdateFrequency::Never,
];
const OPENNESS: [Openness; 3] = [Openness::Unconditional, Openness::Conditional, Openness::Prohibited];

/// A value of a closed list as forms send it.
fn written_name(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

/// What is written in the form, to be shown again.
#[derive(Debug, Clone, Default)]
pub(super) struct Written(pub(super) Vec<(String, String)>);

impl Written {
    /// What a registration says now, to be changed.
    pub(super) fn of(entry: &CatalogEntry) -> Self {
        let entity = entry.entity.as_ref();
        let pairs = [
            ("name", entry.name_zh.clone()),
            ("name-en", entry.name_en.clone()),
            ("code", entry.code.clone()),
            ("description", entry.description.clone()),
            ("frequency", written_name(&entry.update_frequency)),
            ("openness", written_name(&entry.openness)),
            ("entity", entity.map(|entity| entity.kind.clone()).unwrap_or_default()),
            ("entity-columns", entity.map(|entity| entity.columns.join(", ")).unwrap_or_default()),
            (
                "protected",
                if entity.is_some_and(|entity| !entity.protected) { "no" } else { "yes" }.to_owned(),
            ),
            ("consent", if entry.consent.is_some() { "yes" } else { "no" }.to_owned()),
        ];
        Self(pairs.map(|(name, value)| (name.to_owned(), value)).to_vec())
    }

    pub(super) fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(key, _)| key.strip_prefix("field.").unwrap_or(key) == name);
        found.map_or("", |(_, value)| value.trim())
    }

    /// What is written, or something else where nothing is.
    fn or<'a>(&'a self, name: &str, otherwise: &'a str) -> &'a str {
        match self.get(name) {
            "" => otherwise,
            given => given,
        }
    }
}

pub(super) fn sections(visit: &Visit, written: &Written) -> Vec<FormSection> {
    let field = |id: &str, kind: FieldKind, required: bool| Field {
        id: id.to_owned(),
        label: visit.text(&format!("resource-{id}")),
        kind,
        required,
        value: written.get(id).to_owned(),
        ..Field::default()
    };
    let hinted = |mut field: Field| {
        field.hint = visit.text(&format!("resource-{}-hint", field.id));
        field
    };
    let frequency = Field {
        choices: choices(visit, "frequency", &FREQUENCIES, written.or("frequency", "monthly")),
        ..field("frequency", FieldKind::Choice, true)
    };
    let openness = Field {
        choices: choices(visit, "openness", &OPENNESS, written.or("openness", "conditional")),
        ..field("openness", FieldKind::Choice, true)
    };
    let protected = written.get("protected") != "no";
    let protected = Field {
        choices: vec![
            Choice::new("yes", &visit.text("entity-counts"), protected),
            Choice::new("no", &visit.text("entity-free"), !protected),
        ],
        ..field("protected", FieldKind::Choice, true)
    };
    let consent = written.get("consent") == "yes";
    let consent = Field {
        choices: vec![
            Choice::new("no", &visit.text("consent-not-needed"), !consent),
            Choice::new("yes", &visit.text("consent-is-needed"), consent),
        ],
        ..hinted(field("consent", FieldKind::Choice, true))
    };
    vec![
        FormSection {
            heading: visit.text("resource-section"),
            hint: String::new(),
            fields: vec![
                field("name", FieldKind::Text, true),
                field("name-en", FieldKind::Text, false),
                hinted(field("code", FieldKind::Text, true)),
                field("description", FieldKind::LongText, false),
                frequency,
                openness,
            ],
        },
        FormSection {
            heading: visit.text("entity"),
            hint: visit.text("entity-hint"),
            fields: vec![
                hinted(field("entity", FieldKind::Text, true)),
                hinted(field("entity-columns", FieldKind::Text, true)),
                protected,
                consent,
            ],
        },
    ]
}

/// Where a table to import is unless the form says otherwise.
const PORT: &str = "5432";
const SCHEMA: &str = "public";
/// The fields of a table to import. The password is never shown again.
pub(super) const IMPORT: [&str; 7] = [
    "import-host",
    "import-port",
    "import-database",
    "import-user",
    "import-password",
    "import-schema",
    "import-name",
];

pub(super) fn import_field(visit: &Visit, written: &Written, name: &str) -> Field {
    let value = match name {
        "import-password" => "",
        "import-port" => written.or(name, PORT),
        "import-schema" => written.or(name, SCHEMA),
        _ => written.get(name),
    };
    let kind = if name == "import-password" { FieldKind::Password } else { FieldKind::Text };
    Field { id: name.to_owned(), label: visit.text(name), kind, value: value.to_owned(), ..Field::default() }
}

/// The table that the form names.
pub(super) fn table(written: &Written) -> Result<PostgresTable, Error> {
    let port = written.or("import-port", PORT).parse().map_err(|_| Error::invalid("external.url", ""))?;
    PostgresTable::at(
        (written.get("import-host"), port, written.get("import-database")),
        (written.get("import-user"), written.get("import-password")),
        (written.or("import-schema", SCHEMA), written.get("import-name")),
    )
}

/// The fields of a registration that must be filled.
const REQUIRED: [&str; 4] = ["name", "code", "entity", "entity-columns"];

/// The field with a label.
pub(super) fn field_of(visit: &Visit, label: &str) -> &'static str {
    REQUIRED.into_iter().find(|name| visit.text(&format!("resource-{name}")) == label).unwrap_or("name")
}

/// What the form says, or the field that is missing in words.
pub(super) fn new_resource(visit: &Visit, written: &Written) -> Result<NewResource, Error> {
    read_resource(written)
        .map_err(|name| Error::invalid("form.required", visit.text(&format!("resource-{name}"))))
}

/// What the form says, or the field that is missing.
fn read_resource(written: &Written) -> Result<NewResource, &'static str> {
    if let Some(name) = REQUIRED.into_iter().find(|name| written.get(name).is_empty()) {
        return Err(name);
    }
    let update_frequency =
        serde_json::from_value(written.get("frequency").into()).map_err(|_| "frequency")?;
    let openness = serde_json::from_value(written.get("openness").into()).map_err(|_| "openness")?;
    let columns = written.get("entity-columns").split([',', '，', ' ']).map(str::trim);
    Ok(NewResource {
        code: written.get("code").to_owned(),
        name_zh: written.get("name").to_owned(),
        name_en: written.get("name-en").to_owned(),
        description: written.get("description").to_owned(),
        update_frequency,
        openness,
        entity: Entity {
            kind: written.get("entity").to_owned(),
            columns: columns.filter(|name| !name.is_empty()).map(str::to_owned).collect(),
            protected: written.get("protected") != "no",
        },
        consent: written.get("consent") == "yes",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_is_read_from_the_form() {
        let pairs = [
            ("field.name", "企业"),
            ("field.code", "enterprise"),
            ("field.frequency", "daily"),
            ("field.openness", "conditional"),
            ("field.entity", "enterprise"),
            ("field.entity-columns", "code， other"),
            ("field.protected", "no"),
        ];
        let written = Written(pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).to_vec());
        let new = read_resource(&written).unwrap();
        assert_eq!(new.entity.columns, ["code", "other"]);
        assert!(!new.entity.protected);
        assert_eq!(read_resource(&Written::default()).unwrap_err(), "name");
    }
}
