//! The tables of a backup and their columns, in the order of the file.

use serde_json::Value as Json;

use crate::engine::dialect::Value;

/// Type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// 64-bit integer.
    Int,
    /// Text.
    Text,
    /// Bytes, hexadecimal in the file.
    Bytes,
}

impl Kind {
    /// A cell of the file as a column's value; `None` if it is of another type.
    pub(super) fn value(self, cell: Json) -> Option<Value> {
        Some(match (self, cell) {
            (Self::Int, Json::Null) => Value::Int(None),
            (Self::Int, Json::Number(number)) => Value::Int(Some(number.as_i64()?)),
            (Self::Text, Json::Null) => Value::Text(None),
            (Self::Text, Json::String(text)) => Value::Text(Some(text)),
            (Self::Bytes, Json::Null) => Value::Bytes(None),
            (Self::Bytes, Json::String(text)) => Value::Bytes(Some(hex::decode(text).ok()?)),
            _ => return None,
        })
    }
}

/// One table.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) columns: &'static [Kind],
    /// All rows, sorted by key.
    pub(super) select: &'static str,
    /// Head of an insert.
    pub(super) insert: &'static str,
    /// One row if there is any.
    pub(super) any: &'static str,
}

macro_rules! tables {
    ($($table:literal by $key:literal { $first:literal: $first_kind:ident $(, $column:literal: $kind:ident)* $(,)? })*) => {
        /// Every table but `writer` (always empty) and `sessions` (left out).
        pub(super) const TABLES: &[Table] = &[$(Table {
            name: $table,
            columns: &[Kind::$first_kind $(, Kind::$kind)*],
            select: concat!("SELECT ", $first $(, ", ", $column)*, " FROM ", $table, " ORDER BY ", $key),
            insert: concat!("INSERT INTO ", $table, " (", $first $(, ", ", $column)*, ") "),
            any: concat!("SELECT CAST(1 AS BIGINT) FROM ", $table, " LIMIT 1"),
        }),*];
    };
}

tables! {
    "counters" by "name" { "name": Text, "value": Int }
    "settings" by "key" { "key": Text, "updated_at": Int, "body": Text }
    "tenant_keys" by "tenant" { "tenant": Bytes, "suite": Text, "wrapped": Bytes, "created": Int }
    "objects" by "id" {
        "id": Bytes, "tenant": Bytes, "kind": Text, "path": Text, "sealed_bytes": Int, "plain_bytes": Int,
        "digest": Bytes, "wrapped": Bytes, "created": Int, "destroyed_at": Int,
    }
    "events" by "stream, version" { "stream": Text, "version": Int, "kind": Text, "at": Int, "body": Bytes }
    "records" by "kind, id" { "kind": Text, "id": Bytes, "version": Int, "updated_at": Int, "body": Text }
    "record_keys" by "kind, name, value, sort, id" {
        "kind": Text, "name": Text, "value": Text, "sort": Int, "id": Bytes,
    }
    "record_uniques" by "kind, name, value" { "kind": Text, "name": Text, "value": Text, "id": Bytes }
    "jobs" by "kind, key" {
        "kind": Text, "key": Text, "state": Text, "run_at": Int, "lease_until": Int, "attempt": Int, "error": Text,
        "body": Bytes,
    }
    "commands" by "actor, key" { "actor": Text, "key": Text, "at": Int, "digest": Bytes, "response": Bytes }
    "calls" by "id" {
        "id": Bytes, "at": Int, "product": Bytes, "usage": Bytes, "scenario": Text, "request": Bytes,
        "api_key": Bytes, "units": Int, "outcome": Text, "price": Int, "idempotency": Text, "seq": Int,
    }
    "journal" by "seq" {
        "seq": Int, "at": Int, "action": Text, "actor": Text, "subject": Text, "permit": Text, "digest": Bytes, "entry": Bytes,
        "payload": Bytes,
    }
}
