//! A small county for tests: persons, their visits, and public stations.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray};
use base::{Digest, Id, Kind, Timestamp, kind};
use privacy::disclosure::Thresholds;
use privacy::ir::{Entity, Label};
use zeroize::Zeroizing;

use crate::engine::{DevEngine, ProdEngine};
use crate::objects::{Content, KeyRing, ParquetObject, Written};
use crate::protocol::{
    ColumnSpec, Edition, InputPin, Limits, ObjectRef, OutputColumn, RunOrder, Secret, TableSpec, ZoneKey,
};
use crate::value::columns_of;

pub(crate) const PERSONS: i64 = 400;
pub(crate) const VISITS: i64 = 4_000;

pub(crate) fn id<K: Kind>(number: u8) -> Id<K> {
    Id::new(Timestamp::from_micros(1_000_000), [number; 10])
}

/// A folder of sealed objects with its keys.
pub(crate) struct County {
    pub(crate) dir: tempfile::TempDir,
    /// Raw tables, for prod.
    pub(crate) tables: Vec<TableSpec>,
    /// The same rows marked as twins, for dev.
    pub(crate) twins: Vec<TableSpec>,
    pub(crate) digests: Vec<Digest>,
}

pub(crate) fn zone_key(name: &str, number: u8) -> ZoneKey {
    ZoneKey { name: name.to_owned(), tenant: id(1), key: Secret::new(Zeroizing::new([number; 32])) }
}

pub(crate) fn zone_keys() -> Vec<ZoneKey> {
    vec![zone_key("data", 7), zone_key("result", 8)]
}

pub(crate) fn ring() -> KeyRing {
    let ring = KeyRing::default();
    ring.add(zone_keys());
    ring
}

pub(crate) fn object(number: u8, key: &str) -> ObjectRef {
    ObjectRef { object: id::<kind::Object>(number), key: key.to_owned() }
}

pub(crate) fn seal(dir: &Path, content: Content, into: &ObjectRef, batches: &[RecordBatch]) -> Written {
    let (key, context) = ring().open(into).unwrap();
    let schema = batches[0].schema();
    let mut writer = ParquetObject::create_as(content, dir, &key, &context, schema).unwrap();
    for batch in batches {
        writer.write(batch).unwrap();
    }
    writer.finish().unwrap()
}

fn table(
    dir: &Path,
    content: Content,
    number: u8,
    name: &str,
    labels: &[Option<Label>],
    entity: Option<Entity>,
    batch: &RecordBatch,
) -> (TableSpec, Digest) {
    let into = object(number, "data");
    let written = seal(dir, content, &into, std::slice::from_ref(batch));
    let columns = columns_of(&batch.schema()).unwrap().into_iter().zip(labels);
    let spec = TableSpec {
        name: name.to_owned(),
        resource: id(number),
        snapshot: id(number),
        object: into,
        rows: written.rows,
        columns: columns
            .map(|(column, label)| ColumnSpec {
                name: column.name,
                data_type: column.data_type,
                label: *label,
                declared: privacy::ir::Declared::default(),
            })
            .collect(),
        entity,
        declared: privacy::ir::Rows::default(),
        consent: None,
        added: Vec::new(),
    };
    (spec, written.digest)
}

fn texts(values: impl Iterator<Item = String>) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(values))
}

pub(crate) fn persons() -> RecordBatch {
    // Region "east" has 5 persons only; one person of "north" earns nearly all of its income.
    let region = |n: i64| match n {
        0..5 => "east",
        5..100 => "north",
        _ => "south",
    };
    RecordBatch::try_from_iter([
        ("person_id", texts((0..PERSONS).map(|n| format!("P{n:06}")))),
        ("name", texts((0..PERSONS).map(|n| format!("MARKERNAME{n}")))),
        ("region", texts((0..PERSONS).map(|n| region(n).to_owned()))),
        (
            "birth_year",
            Arc::new(Int64Array::from_iter_values((0..PERSONS).map(|n| 1950 + n % 50))) as ArrayRef,
        ),
        ("income", Arc::new(Float64Array::from_iter_values((0..PERSONS).map(income)))),
        ("secret_note", texts((0..PERSONS).map(|n| format!("note {n}")))),
    ])
    .unwrap()
}

/// 100 on average, and not the same for all.
fn income(n: i64) -> f64 {
    if n == 7 { 1e7 } else { 99.0 + (n % 3) as f64 }
}

pub(crate) fn visits() -> RecordBatch {
    RecordBatch::try_from_iter([
        ("person_id", texts((0..VISITS).map(|n| format!("P{:06}", n % PERSONS)))),
        ("station", texts((0..VISITS).map(|n| format!("S{}", n % 3)))),
        (
            "day",
            Arc::new(Date32Array::from_iter_values((0..VISITS).map(|n| 19_000 + (n % 60) as i32)))
                as ArrayRef,
        ),
        ("cost", Arc::new(Float64Array::from_iter_values((0..VISITS).map(|n| (n % 7) as f64)))),
    ])
    .unwrap()
}

fn stations() -> RecordBatch {
    RecordBatch::try_from_iter([
        ("station", texts((0..3).map(|n| format!("S{n}")))),
        ("city", texts((0..3).map(|n| format!("city {}", n % 2)))),
    ])
    .unwrap()
}

fn entity(kind: &str, column: &str, protected: bool) -> Option<Entity> {
    Some(Entity { kind: kind.to_owned(), columns: vec![column.to_owned()], protected })
}

fn made(dir: &Path, content: Content, first: u8) -> Vec<(TableSpec, Digest)> {
    use Label::{Identifier, Public, Quasi, Sensitive};
    vec![
        table(
            dir,
            content,
            first + 1,
            "persons",
            &[Some(Identifier), Some(Identifier), Some(Public), Some(Quasi), Some(Sensitive), None],
            entity("person", "person_id", true),
            &persons(),
        ),
        table(
            dir,
            content,
            first + 2,
            "visits",
            &[Some(Identifier), Some(Public), Some(Quasi), Some(Sensitive)],
            entity("person", "person_id", true),
            &visits(),
        ),
        table(
            dir,
            content,
            first + 3,
            "stations",
            &[Some(Public), Some(Public)],
            entity("station", "station", false),
            &stations(),
        ),
        table(dir, content, first + 4, "undeclared", &[Some(Public), Some(Public)], None, &stations()),
    ]
}

impl County {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (tables, digests) = made(dir.path(), Content::Raw, 10).into_iter().unzip();
        let twins = made(dir.path(), Content::Twin, 20).into_iter().map(|(table, _)| table).collect();
        Self { dir, tables, twins, digests }
    }

    /// Other rows for a table.
    pub(crate) fn put(&mut self, number: u8, name: &str, batch: &RecordBatch) {
        let place = self.tables.iter().position(|table| table.name == name).unwrap();
        let into = object(number, "data");
        let written = seal(self.dir.path(), Content::Raw, &into, std::slice::from_ref(batch));
        let table = &mut self.tables[place];
        (table.object, table.rows) = (into, written.rows);
        self.digests[place] = written.digest;
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.dir.path().to_owned()
    }

    pub(crate) fn dev(&self) -> DevEngine {
        DevEngine::open(self.path(), zone_keys(), self.twins.clone(), Limits::default()).unwrap()
    }

    pub(crate) fn prod(&self) -> ProdEngine {
        let engine = ProdEngine::open(self.path(), Arc::new(ring()), Limits::default()).unwrap();
        engine.session.set_tables(self.tables.clone()).unwrap();
        engine
    }

    pub(crate) fn pin(&self, name: &str) -> InputPin {
        let at = self.tables.iter().position(|table| table.name == name).unwrap();
        let table = &self.tables[at];
        InputPin {
            table: name.to_owned(),
            snapshot: table.snapshot,
            object: table.object.object,
            digest: self.digests[at],
            // What a test gives another snapshot than it was made with has changed.
            edition: Some(Edition {
                since: table.snapshot,
                number: u32::from(table.snapshot.as_bytes() != table.resource.as_bytes()),
            }),
        }
    }

    pub(crate) fn order(
        &self,
        number: u8,
        sql: &str,
        tables: &[&str],
        output: Vec<OutputColumn>,
    ) -> RunOrder {
        RunOrder {
            run: id(number),
            basis: vec!["agreement".to_owned()],
            sql: sql.to_owned(),
            sql_digest: Digest::of(sql.as_bytes()),
            parameters: Vec::new(),
            values: Default::default(),
            inputs: tables.iter().map(|table| self.pin(table)).collect(),
            purpose: None,
            output,
            thresholds: Thresholds {
                min_entities: 10,
                max_dominance_ppm: 500_000,
                margin_ppm: 150_000,
                dominance: None,
                noisy_numbers_max: 32,
            },
            entity_key: Some(Secret::new(Zeroizing::new([3; 32]))),
            draft: object(number.wrapping_add(100), "result"),
            result: object(number, "result"),
            cells: object(number.wrapping_add(50), "result"),
        }
    }
}
