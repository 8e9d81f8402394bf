//! The table as an order may see it.

use std::collections::HashSet;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{BooleanArray, RecordBatch};
use arrow::datatypes::{DataType, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::Result;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{ColumnarValue, Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::filter::FilterExecBuilder;

/// A table of which only the rows of consenting entities are there.
#[derive(Debug)]
pub(crate) struct Consented {
    inner: Arc<dyn TableProvider>,
    /// Where the parts of the entity's key stand in the schema.
    key: Vec<usize>,
    entities: Arc<HashSet<Box<str>>>,
}

impl Consented {
    /// The table without the rows of everybody else. `None` when it lacks a part of the key.
    pub(crate) fn new(
        inner: Arc<dyn TableProvider>,
        columns: &[String],
        entities: HashSet<Box<str>>,
    ) -> Option<Self> {
        let schema = inner.schema();
        let key: Vec<usize> = columns.iter().map(|name| schema.index_of(name).ok()).collect::<Option<_>>()?;
        if key.is_empty() { None } else { Some(Self { inner, key, entities: Arc::new(entities) }) }
    }
}

#[async_trait]
impl TableProvider for Consented {
    fn schema(&self) -> SchemaRef {
        self.inner.schema()
    }

    fn table_type(&self) -> TableType {
        self.inner.table_type()
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        self.inner.supports_filters_pushdown(filters)
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let all = || (0..self.schema().fields().len()).collect();
        let wanted: Vec<usize> = projection.cloned().unwrap_or_else(all);
        let mut read = wanted.clone();
        read.extend(self.key.iter().filter(|part| !wanted.contains(part)));
        // No limit: it would count rows that are dropped here.
        let rows = self.inner.scan(state, Some(&read), filters, None).await?;
        let schema = rows.schema();
        let part = |part: &usize| {
            let place = read.iter().position(|column| column == part);
            let place = place.ok_or_else(|| DataFusionError::Internal("consent".to_owned()))?;
            let name = schema.field(place).name().clone();
            Ok(Arc::new(Column::new(&name, place)) as Arc<dyn PhysicalExpr>)
        };
        let key = self.key.iter().map(part).collect::<Result<Vec<_>>>()?;
        let consents = Arc::new(HasConsent { key, entities: Arc::clone(&self.entities) });
        let filter = FilterExecBuilder::new(consents, rows);
        Ok(Arc::new(filter.apply_projection(Some((0..wanted.len()).collect()))?.build()?))
    }
}

/// Whether the entity of a row has consented.
struct HasConsent {
    key: Vec<Arc<dyn PhysicalExpr>>,
    entities: Arc<HashSet<Box<str>>>,
}

impl PartialEq for HasConsent {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.entities, &other.entities) && self.key == other.key
    }
}

impl Eq for HasConsent {}

impl Hash for HasConsent {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.entities).hash(state);
        self.key.hash(state);
    }
}

impl fmt::Debug for HasConsent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HasConsent(…)")
    }
}

impl fmt::Display for HasConsent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("has_consent")
    }
}

impl PhysicalExpr for HasConsent {
    fn data_type(&self, _: &Schema) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn nullable(&self, _: &Schema) -> Result<bool> {
        Ok(false)
    }

    fn evaluate(&self, batch: &RecordBatch) -> Result<ColumnarValue> {
        let columns = self
            .key
            .iter()
            .map(|part| part.evaluate(batch)?.into_array(batch.num_rows()))
            .collect::<Result<Vec<_>>>()?;
        // The fault says nothing about a value.
        let keys = super::entity_keys(&columns)
            .map_err(|_| DataFusionError::Execution("the key of an entity cannot be read".to_owned()))?;
        let has = |key: Option<String>| key.is_some_and(|key| self.entities.contains(key.as_str()));
        let rows: BooleanArray = keys.into_iter().map(|key| Some(has(key))).collect();
        Ok(ColumnarValue::Array(Arc::new(rows)))
    }

    fn children(&self) -> Vec<&Arc<dyn PhysicalExpr>> {
        self.key.iter().collect()
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn PhysicalExpr>>,
    ) -> Result<Arc<dyn PhysicalExpr>> {
        Ok(Arc::new(Self { key: children, entities: Arc::clone(&self.entities) }))
    }

    fn fmt_sql(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("has_consent")
    }
}
