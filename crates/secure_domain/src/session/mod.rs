//! The engine's session in one zone: minimal registry, bounded memory, no disk, no files by name.

mod drained;
mod eager;
mod execute;
mod functions;
mod pairs;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};

use arrow::datatypes::{Field, Schema, SchemaRef};
use base::Digest;
use datafusion::catalog::{MemoryCatalogProvider, MemorySchemaProvider, SchemaProvider, TableProvider};
use datafusion::common::config::ConfigNonZeroUsize;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl};
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::GreedyMemoryPool;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::session_state::SessionState;
use datafusion::prelude::SessionConfig;
use privacy::DataType;

use crate::Error;
use crate::consent::{ConsentSpec, Consented, Consents, Purpose};
use crate::objects::{Content, KeyRing, ObjectFile, ObjectRows, SealedStore};
use crate::protocol::{AddedRows, Limits, ObjectRef, TableSpec};

pub(crate) use execute::{Fault, clipped};

const CATALOG: &str = "zone";
const SCHEMA: &str = "public";
/// Parquet footers kept in memory.
const METADATA_BYTES_MAX: usize = 256 << 20;
/// Nesting of parentheses that the parser follows.
const PARSER_DEPTH_MAX: usize = 64;
/// Rows that are computed at once. Some functions have a faster way for a batch without a character of several bytes: one
/// person's text decides over no more rows than these.
const BATCH_ROWS: usize = 2_048;

/// A zone's session: its tables and the state in which queries are planned and executed.
pub(crate) struct Session {
    objects_dir: PathBuf,
    keys: Arc<KeyRing>,
    store: Arc<SealedStore>,
    state: SessionState,
    schema: Arc<MemorySchemaProvider>,
    tables: RwLock<Arc<Vec<Arc<Table>>>>,
    limits: Limits,
    /// What its tables may hold.
    contents: &'static [Content],
}

/// A table as the zone knows it.
pub(crate) struct Table {
    pub(crate) spec: TableSpec,
    pub(crate) file: Arc<ObjectFile>,
    pub(crate) provider: Arc<dyn TableProvider>,
    /// With the rows of those who did not consent.
    whole: Arc<dyn TableProvider>,
    consents: Option<Arc<Consents>>,
    /// Tells those whose rows are there by consent from those who were first ([`Consents::consenting`]).
    pub(crate) consenting: Option<Digest>,
    /// Files of added rows: the store forgets what nobody holds.
    _added: Vec<Arc<ObjectFile>>,
}

impl Table {
    /// With the rows of everybody, whoever consents: for what must not tell who does.
    pub(crate) fn whole(&self) -> Arc<Self> {
        Arc::new(Self {
            spec: self.spec.clone(),
            file: Arc::clone(&self.file),
            provider: Arc::clone(&self.whole),
            whole: Arc::clone(&self.whole),
            consents: None,
            consenting: None,
            _added: self._added.clone(),
        })
    }
}

/// A table that is there by consent, without the rows of those who did not consent; any other as it is.
fn allowed(
    provider: Arc<dyn TableProvider>,
    spec: &TableSpec,
    consenting: HashSet<Box<str>>,
) -> Result<Arc<dyn TableProvider>, Error> {
    let Some(needed) = &spec.consent else { return Ok(provider) };
    let filtered = Consented::new(provider, &needed.columns, consenting);
    Ok(Arc::new(filtered.ok_or(Error::OrderMismatch { what: "consent_key" })?))
}

impl Session {
    pub(crate) fn new(
        objects_dir: PathBuf,
        keys: Arc<KeyRing>,
        limits: Limits,
        contents: &'static [Content],
    ) -> Result<Self, Error> {
        let store = Arc::new(SealedStore::default());
        let runtime = runtime(&limits, &store)?;
        let schema = Arc::new(MemorySchemaProvider::new());
        let catalog = MemoryCatalogProvider::new();
        datafusion::catalog::CatalogProvider::register_schema(
            &catalog,
            SCHEMA,
            Arc::clone(&schema) as Arc<dyn SchemaProvider>,
        )
        .map_err(|_| Error::RunFailed)?;
        let mut state = SessionStateBuilder::new();
        let mut config = config(&limits);
        if contents.contains(&Content::Raw) {
            state = state.with_physical_optimizer_rules(drained::optimizer_rules());
            steady(&mut config);
        }
        let state = state
            .with_config(config)
            .with_runtime_env(runtime)
            .with_expr_planners(functions::planners())
            .with_scalar_functions(functions::scalar())
            .with_aggregate_functions(functions::aggregates())
            .with_window_functions(functions::windows())
            .build();
        state.catalog_list().register_catalog(CATALOG.to_owned(), Arc::new(catalog));
        Ok(Self { objects_dir, keys, store, state, schema, tables: RwLock::default(), limits, contents })
    }

    pub(crate) fn objects_dir(&self) -> &Path {
        &self.objects_dir
    }

    pub(crate) const fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(crate) const fn state(&self) -> &SessionState {
        &self.state
    }

    /// Opens all tables, then replaces the old ones. A table that cannot be opened changes nothing.
    pub(crate) fn set_tables(&self, specs: Vec<TableSpec>) -> Result<(), Error> {
        let names: std::collections::BTreeSet<&str> = specs.iter().map(|spec| spec.name.as_str()).collect();
        if names.len() != specs.len() {
            return Err(Error::OrderMismatch { what: "table_names" });
        }
        let mut opened = Vec::with_capacity(specs.len());
        for spec in specs {
            let file = self.file(&spec.object)?;
            self.check_rows(&spec, &file, spec.rows)?;
            let added = self.added(&spec)?;
            let provider = self.provider(&files(&spec, &file, &added), table_schema(&spec))?;
            let consents = match &spec.consent {
                Some(needed) => Some(self.consents(&spec.name, needed)?),
                None => None,
            };
            // Without a purpose nobody has consented.
            let whole = Arc::clone(&provider);
            let provider = allowed(provider, &spec, HashSet::new())?;
            let consenting = None;
            opened.push(Arc::new(Table { spec, file, provider, whole, consents, consenting, _added: added }));
        }
        self.replace(opened)
    }

    /// The objects of rows that were added to a table; raw tables have none.
    fn added(&self, spec: &TableSpec) -> Result<Vec<Arc<ObjectFile>>, Error> {
        if !spec.added.is_empty() && !self.contents.contains(&Content::Twin) {
            return Err(Error::OrderMismatch { what: "added" });
        }
        let open = |added: &AddedRows| {
            let file = Arc::new(ObjectFile::open(&self.objects_dir, &self.keys, &added.object)?);
            self.check_rows(spec, &file, added.rows)?;
            Ok(file)
        };
        spec.added.iter().map(open).collect()
    }

    /// The consents of a table, read again only when others were given since.
    fn consents(&self, name: &str, needed: &ConsentSpec) -> Result<Arc<Consents>, Error> {
        let held = self.tables();
        let known = held.iter().find(|table| table.spec.name == name);
        let known = known.filter(|table| table.spec.consent.as_ref() == Some(needed));
        match known.and_then(|table| table.consents.clone()) {
            Some(known) => Ok(known),
            None => Ok(Arc::new(Consents::open(&self.objects_dir, &self.keys, needed)?)),
        }
    }

    /// A session over the same tables in which those that are there by consent hold the rows for one purpose only.
    pub(crate) fn for_purpose(&self, purpose: &Purpose) -> Result<Self, Error> {
        let (dir, keys) = (self.objects_dir.clone(), Arc::clone(&self.keys));
        let session = Self::new(dir, keys, self.limits, self.contents)?;
        let mut opened = Vec::new();
        for table in self.tables().iter() {
            let Table { spec, file, consents, .. } = table.as_ref();
            let provider = session.provider(&files(spec, file, &[]), table_schema(spec))?;
            let consenting = consents.as_ref().map(|known| known.consenting(purpose)).unwrap_or_default();
            let whole = Arc::clone(&provider);
            let provider = allowed(provider, spec, consenting.entities)?;
            let (spec, file, consents) = (spec.clone(), Arc::clone(file), consents.clone());
            let consenting = consenting.changed;
            let _added = Vec::new();
            opened.push(Arc::new(Table { spec, file, provider, whole, consents, consenting, _added }));
        }
        session.replace(opened)?;
        Ok(session)
    }

    fn replace(&self, opened: Vec<Arc<Table>>) -> Result<(), Error> {
        let mut tables = self.tables.write().map_err(|_| Error::RunFailed)?;
        for table in tables.iter() {
            self.schema.deregister_table(&table.spec.name).map_err(|_| Error::RunFailed)?;
        }
        for table in &opened {
            let (name, provider) = (table.spec.name.clone(), Arc::clone(&table.provider));
            self.schema
                .register_table(name, provider)
                .map_err(|_| Error::OrderMismatch { what: "table_names" })?;
        }
        *tables = Arc::new(opened);
        Ok(())
    }

    /// The tables as they are now; a later change does not touch what was returned.
    pub(crate) fn tables(&self) -> Arc<Vec<Arc<Table>>> {
        self.tables.read().map(|tables| Arc::clone(&tables)).unwrap_or_default()
    }

    /// An object that is open already is not opened again: running queries and a set of tables that is refused half-way
    /// must find it where it was.
    fn file(&self, object: &ObjectRef) -> Result<Arc<ObjectFile>, Error> {
        self.keys.open(object)?;
        let held = self.tables();
        match held.iter().find(|table| table.spec.object == *object) {
            Some(table) => Ok(Arc::clone(&table.file)),
            None => ObjectFile::open(&self.objects_dir, &self.keys, object).map(Arc::new),
        }
    }

    /// Is the object what its description says, and of a sort that belongs here?
    fn check_rows(&self, spec: &TableSpec, file: &Arc<ObjectFile>, of: u64) -> Result<(), Error> {
        let names: Vec<String> = spec.columns.iter().map(|column| column.name.clone()).collect();
        let rows = ObjectRows::open(file, Some(&names))?;
        rows.check_content(self.contents)?;
        let sound = rows.rows == of
            && spec.columns.iter().all(|column| {
                let field = rows.schema.field_with_name(&column.name).ok();
                field.and_then(|field| DataType::from_arrow(field.data_type())) == Some(column.data_type)
            });
        if sound { Ok(()) } else { Err(Error::OrderMismatch { what: "table" }) }
    }

    /// A provider over the sealed Parquet objects of a table. Row groups are shared out among threads, projections and predicates
    /// reach the decoder, footers are cached.
    fn provider(
        &self,
        files: &[(&ObjectRef, &Arc<ObjectFile>)],
        schema: SchemaRef,
    ) -> Result<Arc<dyn TableProvider>, Error> {
        let fault = |_| Error::OrderMismatch { what: "table" };
        let url = |(object, file): &(&ObjectRef, &Arc<ObjectFile>)| {
            ListingTableUrl::parse(self.store.put_object(object.object, file)).map_err(fault)
        };
        let urls = files.iter().map(url).collect::<Result<_, _>>()?;
        let options = ListingOptions::new(Arc::new(ParquetFormat::default())).with_file_extension("");
        let config =
            ListingTableConfig::new_with_multi_paths(urls).with_listing_options(options).with_schema(schema);
        let statistics = self.state.runtime_env().cache_manager.get_file_statistic_cache();
        Ok(Arc::new(ListingTable::try_new(config).map_err(fault)?.with_cache(statistics)))
    }
}

/// Where the rows of a table lie: its own, then those that were added.
fn files<'a>(
    spec: &'a TableSpec,
    file: &'a Arc<ObjectFile>,
    added: &'a [Arc<ObjectFile>],
) -> Vec<(&'a ObjectRef, &'a Arc<ObjectFile>)> {
    let more = spec.added.iter().map(|added| &added.object).zip(added);
    std::iter::once((&spec.object, file)).chain(more).collect()
}

/// Text is read as views: the engine filters and groups them without copying.
fn table_schema(spec: &TableSpec) -> SchemaRef {
    let fields = spec.columns.iter().map(|column| {
        let data_type = match column.data_type {
            DataType::Text => arrow::datatypes::DataType::Utf8View,
            other => other.to_arrow(),
        };
        Field::new(&column.name, data_type, true)
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

fn runtime(limits: &Limits, store: &Arc<SealedStore>) -> Result<Arc<RuntimeEnv>, Error> {
    let runtime = RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(GreedyMemoryPool::new(limits.memory_bytes)))
        .with_disk_manager_builder(DiskManagerBuilder::default().with_mode(DiskManagerMode::Disabled))
        .with_metadata_cache_limit(METADATA_BYTES_MAX)
        .build_arc()
        .map_err(|_| Error::RunFailed)?;
    // The default registry reaches the local disk under `file://`; a zone has its sealed objects and nothing else.
    let files = datafusion::execution::object_store::ObjectStoreUrl::local_filesystem();
    // An error only means that the engine was built without file access.
    let _absent = runtime.deregister_object_store(files.as_ref());
    let url = datafusion::execution::object_store::ObjectStoreUrl::parse(SealedStore::URL)
        .map_err(|_| Error::RunFailed)?;
    runtime.register_object_store(url.as_ref(), Arc::clone(store) as Arc<dyn object_store::ObjectStore>);
    Ok(runtime)
}

fn config(limits: &Limits) -> SessionConfig {
    let threads = limits.threads.max(1);
    let mut config = SessionConfig::new()
        .with_create_default_catalog_and_schema(false)
        .with_default_catalog_and_schema(CATALOG, SCHEMA)
        .with_information_schema(false)
        .with_target_partitions(threads)
        .with_collect_statistics(true);
    let options = config.options_mut();
    options.execution.enable_recursive_ctes = false;
    options.execution.parquet.pushdown_filters = false;
    options.sql_parser.recursion_limit =
        ConfigNonZeroUsize::try_new(PARSER_DEPTH_MAX).unwrap_or(options.sql_parser.recursion_limit);
    options.sql_parser.enable_options_value_normalization = false;
    config
}

/// On raw data, what rows hold must not decide how many others are read, nor in which way they are computed.
fn steady(config: &mut SessionConfig) {
    let options = config.options_mut();
    options.execution.batch_size =
        ConfigNonZeroUsize::try_new(BATCH_ROWS).unwrap_or(options.execution.batch_size);
    options.execution.parquet.pruning = false;
    options.execution.parquet.enable_page_index = false;
    options.execution.parquet.bloom_filter_on_read = false;
    options.execution.skip_partial_aggregation_probe_rows_threshold = usize::MAX;
    options.execution.perfect_hash_join_small_build_threshold = 0;
    options.execution.perfect_hash_join_min_key_density = f64::INFINITY;
    options.optimizer.enable_dynamic_filter_pushdown = false;
    options.optimizer.enable_join_dynamic_filter_pushdown = false;
    options.optimizer.enable_topk_dynamic_filter_pushdown = false;
    options.optimizer.enable_aggregate_dynamic_filter_pushdown = false;
}
