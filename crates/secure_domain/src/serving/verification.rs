//! Verification (核验): an approved question about one key, answered with yes, no or unknown.

use std::collections::HashMap;

use arrow::array::{Array, AsArray};
use base::Digest;

use crate::Error;
use crate::engine::ProdEngine;
use crate::guard::{bind, lower, plan_condition};
use crate::protocol::{Verdict, VerifyOrder};
use crate::run::check_pin;
use crate::session::Fault;
use crate::value::texts;

/// Limit: rows of a table that can be verified against.
const ROWS_MAX: usize = 20_000_000;

/// The answers to one approved question over one snapshot. Keys are kept as digests.
pub(crate) struct Verification {
    answers: HashMap<[u8; 16], bool>,
}

impl Verification {
    /// Evaluates the condition once, for every row.
    ///
    /// # Errors
    /// `domain.order_mismatch` if condition or snapshot are not the approved ones; a refusal; `domain.run_failed`.
    pub(crate) async fn load(engine: &ProdEngine, order: &VerifyOrder) -> Result<Self, Error> {
        if Digest::of(order.condition.as_bytes()) != order.condition_digest {
            return Err(Error::OrderMismatch { what: "condition_digest" });
        }
        let bound = bind(&order.parameters, &order.values)?;
        let table = check_pin(&order.input, &engine.session.tables())?;
        if !table.spec.columns.iter().any(|column| column.name == order.key_column) {
            return Err(Error::unknown("column", &order.key_column));
        }
        let rel = plan_condition(
            &engine.session,
            std::sync::Arc::clone(&table),
            order.key_column.clone(),
            order.condition.clone(),
            order.parameters.clone(),
        )
        .await?;
        let state = engine.session.state();
        let plan = lower(state, &rel, std::slice::from_ref(&table), &bound).map_err(|_| Error::RunFailed)?;
        let rows = engine.session.execute(&plan, ROWS_MAX).await.map_err(Fault::uniform)?;
        if rows.more {
            return Err(Error::Limit { what: "verification_rows" });
        }
        let mut answers = HashMap::new();
        for batch in &rows.batches {
            let [keys, holds] = batch.columns() else { return Err(Error::RunFailed) };
            let (keys, holds) = (texts(keys)?, holds.as_boolean_opt().ok_or(Error::RunFailed)?);
            for row in (0..batch.num_rows()).filter(|row| keys.is_valid(*row)) {
                let holds = holds.is_valid(row) && holds.value(row);
                *answers.entry(fingerprint(keys.value(row))).or_insert(false) |= holds;
            }
        }
        Ok(Self { answers })
    }

    pub(crate) fn ask(&self, key: &str) -> Verdict {
        match self.answers.get(&fingerprint(key)) {
            Some(true) => Verdict::Yes,
            Some(false) => Verdict::No,
            None => Verdict::Unknown,
        }
    }

    pub(crate) fn keys(&self) -> usize {
        self.answers.len()
    }
}

fn fingerprint(key: &str) -> [u8; 16] {
    let Digest(bytes) = Digest::of(key.trim().as_bytes());
    let mut short = [0; 16];
    short.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
    short
}
