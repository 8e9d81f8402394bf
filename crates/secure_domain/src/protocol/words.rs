//! Words of the protocol: keys, objects, tables, parameters, limits.

use std::fmt;

use crate::consent::ConsentSpec;
use base::{Id, Timestamp, kind};
use privacy::DataType;
use privacy::ir::{ColumnPolicy, Declared, Entity, Label, ResourcePolicy, Rows};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

/// Bytes of a key on their way to a worker. Wiped on drop, never printed; hexadecimal on the wire.
pub struct Secret(Zeroizing<[u8; 32]>);

impl Secret {
    /// Wraps key bytes.
    #[must_use]
    pub const fn new(bytes: Zeroizing<[u8; 32]>) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl Clone for Secret {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}
impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = Zeroizing::new(hex::encode(self.bytes()));
        serializer.serialize_str(&text)
    }
}
impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(String::deserialize(deserializer)?);
        let mut bytes = Zeroizing::new([0; 32]);
        hex::decode_to_slice(text.as_bytes(), bytes.as_mut())
            .map_err(|_| serde::de::Error::custom("not a key"))?;
        Ok(Self(bytes))
    }
}

/// A data key under the name by which objects refer to it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ZoneKey {
    /// Unique in the worker, chosen by the server (for example `resource:<id>` or `result`).
    pub name: String,
    /// The tenant whose objects it seals.
    pub tenant: Id<kind::Tenant>,
    /// The key.
    pub key: Secret,
}

/// A sealed object and the name of the key that opens it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectRef {
    /// The object.
    pub object: Id<kind::Object>,
    /// Name of its key.
    pub key: String,
}

/// A table of a zone: one snapshot of one resource.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TableSpec {
    /// Name in SQL, lower case.
    pub name: String,
    /// The resource.
    pub resource: Id<kind::Resource>,
    /// The snapshot.
    pub snapshot: Id<kind::Snapshot>,
    /// Where its rows lie.
    pub object: ObjectRef,
    /// Rows.
    pub rows: u64,
    /// Columns, in order.
    pub columns: Vec<ColumnSpec>,
    /// The declared entity; without one, prod refuses the table.
    pub entity: Option<Entity>,
    /// What is declared of its rows.
    #[serde(default)]
    pub declared: Rows,
    /// Set where rows may be read of entities only that consented.
    #[serde(default)]
    pub consent: Option<ConsentSpec>,
}

impl TableSpec {
    /// What the guard knows of the table.
    #[must_use]
    pub fn policy(&self) -> ResourcePolicy {
        let columns = self.columns.iter().map(|column| {
            let declared = column.declared.clone();
            (
                column.name.clone(),
                ColumnPolicy { declared, ..ColumnPolicy::new(column.data_type, column.label) },
            )
        });
        ResourcePolicy {
            rows: self.declared.clone(),
            ..ResourcePolicy::new(self.entity.clone(), columns.collect())
        }
    }
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnSpec {
    /// Its name.
    pub name: String,
    /// Its type.
    pub data_type: DataType,
    /// Its confirmed label; `None` is unclassified, and refused in prod.
    pub label: Option<Label>,
    /// What is declared of its values.
    #[serde(default)]
    pub declared: Declared,
}

/// Bounds of queries and runs in one zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Memory of the engine, in bytes. Nothing is spilled to disk.
    pub memory_bytes: usize,
    /// Time of one query or run, in milliseconds.
    pub millis_max: u64,
    /// Rows of one result.
    pub rows_max: usize,
    /// Threads that one query may keep busy.
    pub threads: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { memory_bytes: 2 << 30, millis_max: 60_000, rows_max: 1_000_000, threads: 2 }
    }
}

/// What a worker writes into its log about the permit behind a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PermitRecord {
    /// What was permitted.
    pub action: String,
    /// To whom (as the permit says it).
    pub actor: serde_json::Value,
    /// On what.
    pub resource: serde_json::Value,
    /// When.
    pub at: Timestamp,
}

impl From<&access::Permit> for PermitRecord {
    fn from(permit: &access::Permit) -> Self {
        let json = |value: Result<serde_json::Value, _>| value.unwrap_or(serde_json::Value::Null);
        Self {
            action: permit.action().to_string(),
            actor: json(serde_json::to_value(permit.actor())),
            resource: json(serde_json::to_value(permit.resource())),
            at: permit.at(),
        }
    }
}
