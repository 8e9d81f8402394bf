//! The engines of dev and prod zones.
//!
//! A [`DevEngine`] can be built anywhere. A [`ProdEngine`] has no public constructor: only [`crate::worker`] builds one,
//! after an `Init` of kind prod, in a process that serves no users.

use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::RecordBatch;

use crate::Error;
use crate::alike::Seen;
use crate::guard::{
    bind, check_release, check_statistic, explain_release, in_sql, lower, plan_query, sample,
};
use crate::objects::{Content, KeyRing};
use crate::protocol::{
    CheckOrder, Checked, ExplainOrder, Explained, InputPin, Limits, Page, PriceOrder, Priced, Purpose,
    QueryOrder, TableSpec, ZoneKey,
};
use crate::run::Pending;
use crate::session::{Fault, Session};
use crate::value::page;

/// A dev zone's engine: free queries over twins, within bounds.
#[derive(Clone)]
pub struct DevEngine {
    pub(crate) session: Arc<Session>,
}

/// A prod zone's engine: executes orders on raw data.
#[derive(Clone)]
pub struct ProdEngine {
    pub(crate) session: Arc<Session>,
    pub(crate) keys: Arc<KeyRing>,
    pub(crate) objects_dir: PathBuf,
    pub(crate) pending: Arc<Pending>,
    /// How many rows of the tables were seen to be alike.
    pub(crate) seen: Arc<Seen>,
    /// What operators ask of raw data is done one after the other (see the module `widest`).
    pub(crate) turn: Arc<tokio::sync::Mutex<()>>,
}

impl DevEngine {
    /// Opens the engine over some tables.
    ///
    /// # Errors
    /// If a table cannot be opened.
    pub fn open(
        objects_dir: PathBuf,
        keys: Vec<ZoneKey>,
        tables: Vec<TableSpec>,
        limits: Limits,
    ) -> Result<Self, Error> {
        let ring = KeyRing::default();
        ring.add(keys);
        let engine = Self::with_keys(objects_dir, Arc::new(ring), limits)?;
        engine.session.set_tables(tables)?;
        Ok(engine)
    }

    pub(crate) fn with_keys(objects_dir: PathBuf, keys: Arc<KeyRing>, limits: Limits) -> Result<Self, Error> {
        Ok(Self {
            session: Arc::new(Session::new(objects_dir, keys, limits, &[Content::Twin, Content::Unmarked])?),
        })
    }

    /// Answers a free query.
    ///
    /// # Errors
    /// A refusal, a fault in the query, or a reached limit.
    pub async fn query(&self, order: QueryOrder) -> Result<Page, Error> {
        let bound = bind(&order.parameters, &order.values)?;
        let rows_max = order.rows_max.min(self.session.limits().rows_max);
        let plan = plan_query(&self.session, order.sql, bound).await?;
        let rows = self.session.execute(&plan, rows_max).await.map_err(Fault::spoken)?;
        let mut page = page(&rows.schema, &rows.batches, 0, rows_max)?;
        page.more |= rows.more;
        // What has no name is called by its expression, in the words of SQL.
        page.columns.iter_mut().for_each(|column| column.name = in_sql(&column.name));
        Ok(page)
    }

    /// Answers a free query with the engine's own batches; more rows than wanted are an error.
    ///
    /// # Errors
    /// As [`Self::query`], and `domain.limit`.
    pub async fn query_batches(&self, order: QueryOrder) -> Result<Vec<RecordBatch>, Error> {
        let bound = bind(&order.parameters, &order.values)?;
        let rows_max = order.rows_max.min(self.session.limits().rows_max);
        let plan = plan_query(&self.session, order.sql, bound).await?;
        let rows = self.session.execute(&plan, rows_max).await.map_err(Fault::spoken)?;
        if rows.more { Err(Error::Limit { what: "rows_max" }) } else { Ok(rows.batches) }
    }

    /// Would the SQL be accepted on raw data?
    ///
    /// # Errors
    /// The refusal, if not.
    pub async fn check(&self, order: CheckOrder) -> Result<Checked, Error> {
        check(&self.session, order).await
    }
}

impl DevEngine {
    /// What would become of SQL on raw data?
    ///
    /// # Errors
    /// For what is no query; a refusal of the guard is an answer.
    pub async fn explain(&self, order: ExplainOrder) -> Result<Explained, Error> {
        explain_release(&self.session, order).await
    }

    /// What would SQL cost as statistics without a reviewer?
    ///
    /// # Errors
    /// The refusal, if it may not be asked so.
    pub async fn price(&self, order: PriceOrder) -> Result<Priced, Error> {
        Ok(check_statistic(&self.session, order).await?.priced())
    }
}

impl ProdEngine {
    /// Only for the worker: see the module's description.
    pub(crate) fn open(objects_dir: PathBuf, keys: Arc<KeyRing>, limits: Limits) -> Result<Self, Error> {
        let session =
            Arc::new(Session::new(objects_dir.clone(), Arc::clone(&keys), limits, &[Content::Raw])?);
        Ok(Self {
            session,
            keys,
            objects_dir,
            pending: Arc::default(),
            seen: Arc::default(),
            turn: Arc::default(),
        })
    }

    pub(crate) async fn check(&self, order: CheckOrder) -> Result<Checked, Error> {
        let _turn = self.turn.lock().await;
        check(&self.session, order).await
    }

    /// What SQL would cost as a statistic; refused where the stored tables forbid it, so that nobody pays for what is not
    /// answered.
    pub(crate) async fn price(&self, order: PriceOrder) -> Result<Priced, Error> {
        let _turn = self.turn.lock().await;
        let statistic = check_statistic(&self.session, order).await?;
        self.check_extent(&statistic).await?;
        Ok(statistic.priced())
    }

    /// The engine for one order: of tables that are there by consent it sees the rows of those who consented to the
    /// order's purpose.
    ///
    /// # Errors
    /// `domain.order_mismatch` for an order without a purpose that reads such a table.
    pub(crate) fn for_purpose(&self, purpose: Option<&Purpose>, inputs: &[InputPin]) -> Result<Self, Error> {
        let tables = self.session.tables();
        let by_consent = |pin: &InputPin| {
            tables.iter().any(|table| table.spec.name == pin.table && table.spec.consent.is_some())
        };
        if !inputs.iter().any(by_consent) {
            return Ok(self.clone());
        }
        let purpose = purpose.ok_or(Error::OrderMismatch { what: "purpose" })?;
        let session = Arc::new(self.session.for_purpose(purpose)?);
        // What was seen of all rows is not what these rows show, and the other way round.
        Ok(Self { session, seen: Arc::default(), ..self.clone() })
    }
}

async fn check(session: &Arc<Session>, order: CheckOrder) -> Result<Checked, Error> {
    let sql_digest = base::Digest::of(order.sql.as_bytes());
    let bound = sample(&order.parameters);
    let release = check_release(session, order.sql, order.parameters).await?;
    // Without the statistics: a key that was not granted is there in the prod zone only.
    let plan = lower(session.state(), &release.rel, &release.tables, &bound);
    session.physical(&plan.map_err(|_| Error::RunFailed)?).await.map_err(Fault::uniform)?;
    let mut entities: Vec<String> =
        release.counted.checked.entities().iter().map(|need| need.entity.kind.clone()).collect();
    entities.dedup();
    Ok(Checked {
        sql_digest,
        ir_digest: release.ir_digest(),
        tables: release.counted.checked.resources().to_vec(),
        output: release.output(),
        entities,
    })
}
