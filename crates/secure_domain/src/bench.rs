//! For benchmarks and demonstrations only: one set of rows as sealed tables behind session and guard, and as clear
//! Parquet behind the plain engine; masking of a whole table, sealed or in clear. Opens dev engines only.

mod masked;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;
use base::{Id, Timestamp};
use datafusion::prelude::{ParquetReadOptions, SessionConfig, SessionContext};
use parquet::arrow::ArrowWriter;
use privacy::ir::{Entity, Label};
use zeroize::Zeroizing;

use crate::Error;
use crate::engine::DevEngine;
use crate::objects::{KeyRing, ParquetObject, parquet_properties};
use crate::protocol::{ColumnSpec, Limits, ObjectRef, Secret, TableSpec, ZoneKey};
use crate::value::{columns_of, store, stored_schema};

pub use masked::Masked;

const KEY: &str = "bench";

/// Rows written twice: sealed and in clear.
pub struct BenchTables {
    dir: PathBuf,
    key: ZoneKey,
    keys: KeyRing,
    sealed: Vec<TableSpec>,
    clear: Vec<(String, PathBuf)>,
}

/// The plain engine with all its defaults, over clear Parquet: the peer.
pub struct PlainEngine(SessionContext);

impl BenchTables {
    /// An empty set below a folder; the key is random and never stored.
    #[must_use]
    pub fn new(dir: &Path) -> Self {
        Self::keyed(dir, Secret::new(Zeroizing::new(rand::random())))
    }

    /// The same under a key that another process knows too.
    #[must_use]
    pub fn keyed(dir: &Path, key: Secret) -> Self {
        let tenant = Id::new(Timestamp::from_micros(0), [0; 10]);
        let key = ZoneKey { name: KEY.to_owned(), tenant, key };
        let keys = KeyRing::default();
        keys.add(vec![key.clone()]);
        Self { dir: dir.to_owned(), key, keys, sealed: Vec::new(), clear: Vec::new() }
    }

    /// Writes a table both ways, with the same encoding, compression and row groups.
    ///
    /// # Errors
    /// If a column has a type outside the closed list, or the disk refuses.
    pub fn add(
        &mut self,
        name: &str,
        schema: &Schema,
        batches: impl Iterator<Item = RecordBatch>,
    ) -> Result<(), Error> {
        let number = u8::try_from(self.sealed.len()).map_err(|_| Error::Limit { what: "tables" })?;
        let object = object(number);
        let columns = columns_of(schema)?;
        let schema = stored_schema(&columns);
        let (key, context) = self.keys.open(&object)?;
        let mut sealed = ParquetObject::create(&self.dir, &key, &context, Arc::clone(&schema))?;
        let path = self.dir.join(format!("{name}.parquet"));
        let file = File::create(&path)?;
        let mut clear = ArrowWriter::try_new(file, Arc::clone(&schema), Some(parquet_properties()))
            .map_err(|_| Error::RunFailed)?;
        for batch in batches {
            let batch = store(&batch, &schema)?;
            sealed.write(&batch)?;
            clear.write(&batch).map_err(|_| Error::RunFailed)?;
        }
        clear.close().map_err(|_| Error::RunFailed)?;
        let written = sealed.finish()?;
        let columns = columns.into_iter();
        self.sealed.push(TableSpec {
            name: name.to_owned(),
            resource: Id::new(Timestamp::from_micros(0), [number; 10]),
            snapshot: Id::new(Timestamp::from_micros(0), [number; 10]),
            object,
            rows: written.rows,
            columns: columns
                .map(|column| ColumnSpec {
                    name: column.name,
                    data_type: column.data_type,
                    label: None,
                    declared: privacy::ir::Declared::default(),
                })
                .collect(),
            entity: None,
            declared: privacy::ir::Rows::default(),
            consent: None,
            added: Vec::new(),
        });
        self.clear.push((name.to_owned(), path));
        Ok(())
    }

    /// Says whose rows a table holds and what its columns are, in their order: what the guard judges by.
    ///
    /// # Errors
    /// `domain.unknown` for a table that was not added.
    pub fn declare(&mut self, name: &str, entity: Entity, labels: &[Label]) -> Result<(), Error> {
        let table = self.sealed.iter_mut().find(|table| table.name == name);
        let table = table.ok_or_else(|| Error::unknown("table", name))?;
        table.entity = Some(entity);
        table.columns.iter_mut().zip(labels).for_each(|(column, label)| column.label = Some(*label));
        Ok(())
    }

    /// A dev engine over the sealed tables.
    ///
    /// # Errors
    /// If a table cannot be opened.
    pub fn sealed(&self, limits: Limits) -> Result<DevEngine, Error> {
        DevEngine::open(self.dir.clone(), vec![self.key.clone()], self.sealed.clone(), limits)
    }

    /// The plain engine over the clear tables.
    ///
    /// # Errors
    /// If a table cannot be opened.
    pub async fn clear(&self, threads: usize) -> Result<PlainEngine, Error> {
        let context = SessionContext::new_with_config(SessionConfig::new().with_target_partitions(threads));
        for (name, path) in &self.clear {
            let path = path.to_string_lossy();
            let options = ParquetReadOptions::default();
            context
                .register_parquet(name.as_str(), path.as_ref(), options)
                .await
                .map_err(|_| Error::RunFailed)?;
        }
        Ok(PlainEngine(context))
    }
}

/// Where the table of a number lies.
fn object(number: u8) -> ObjectRef {
    let object = Id::new(Timestamp::from_micros(i64::from(number)), [number; 10]);
    ObjectRef { object, key: KEY.to_owned() }
}

impl PlainEngine {
    /// Executes a query and returns its batches.
    ///
    /// # Errors
    /// `domain.run_failed`.
    pub async fn query_batches(&self, sql: &str) -> Result<Vec<RecordBatch>, Error> {
        let frame = self.0.sql(sql).await.map_err(|_| Error::RunFailed)?;
        frame.collect().await.map_err(|_| Error::RunFailed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{persons, visits};
    use crate::protocol::QueryOrder;

    #[tokio::test(flavor = "multi_thread")]
    async fn both_engines_see_the_same_rows() {
        let dir = tempfile::tempdir().unwrap();
        let mut tables = BenchTables::new(dir.path());
        for (name, batch) in [("persons", persons()), ("visits", visits())] {
            tables.add(name, &batch.schema(), std::iter::once(batch)).unwrap();
        }
        let sql = "SELECT p.region, count(*) AS n, sum(v.cost) AS c FROM visits v JOIN persons p \
                   ON p.person_id = v.person_id GROUP BY p.region ORDER BY 1";
        let clear = tables.clear(2).await.unwrap().query_batches(sql).await.unwrap();
        let order = QueryOrder {
            sql: sql.to_owned(),
            parameters: Vec::new(),
            values: Default::default(),
            rows_max: 10,
        };
        let sealed = tables.sealed(Limits::default()).unwrap().query_batches(order).await.unwrap();
        let text = |batches: &[RecordBatch]| {
            arrow::util::pretty::pretty_format_batches(batches).unwrap().to_string()
        };
        assert_eq!(text(&clear), text(&sealed));
    }
}
