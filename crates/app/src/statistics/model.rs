//! Linear models out of statistics: the moments are a question like any other, the model is computed from its answer.

use access::Action;
use base::{Id, kind};
use catalog::check_column_name;
use privacy::disclosure::dp::{Fit, Moment, Moments, fit};
use privacy::onnx::{self, Training};
use secure_domain::protocol::StatisticDone;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Statistic, find, versioned};
use crate::journal::Note;
use crate::{App, Ctx, Error, Result};

/// Limit: explaining variables. Each costs as many numbers as there are variables.
const FEATURES_MAX: usize = 8;
/// What a model may remember of each entity. It is made of noisy numbers; this is a second belt. *Units*: thousandths of a bit.
const MILLIBITS_PER_ENTITY: u64 = 1_000;
/// Fewest entities behind a model.
const ENTITIES_MIN: u64 = 10;

/// A linear model that is asked for: one column of a table explained by others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Regression {
    /// The table.
    pub table: String,
    /// The column that is explained.
    pub target: String,
    /// The columns that explain it.
    pub features: Vec<String>,
    /// A condition on the rows; empty for all of them.
    #[serde(default)]
    pub condition: String,
}

/// A linear model.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LinearModel {
    /// The column that it explains.
    pub target: String,
    /// What each explaining column counts for. *Units*: the target's for each of the column's.
    pub weights: Vec<(String, f64)>,
    /// The constant.
    pub intercept: f64,
    /// Share of the variance that it explains, as far as the noise lets it be said.
    pub explained: f64,
    /// Rows, with noise.
    pub rows: i64,
}

impl Regression {
    /// The question for the moments: count, sums, sums of products.
    ///
    /// # Errors
    /// `statistics.regression` for no or too many columns, or one named twice; `catalog.name`.
    pub(super) fn sql(&self) -> Result<String> {
        let columns: Vec<&String> = self.features.iter().chain([&self.target]).collect();
        let twice = columns
            .iter()
            .enumerate()
            .any(|(place, name)| columns.iter().take(place).any(|other| other == name));
        if !(1..=FEATURES_MAX).contains(&self.features.len()) || twice {
            return Err(Error::invalid("statistics.regression", FEATURES_MAX.to_string()));
        }
        for name in columns.iter().copied().chain([&self.table]) {
            check_column_name(name)?;
        }
        let quoted: Vec<String> = columns.iter().map(|name| format!("\"{name}\"")).collect();
        let mut shown = vec!["count(*) AS n".to_owned()];
        shown.extend(quoted.iter().enumerate().map(|(a, name)| format!("sum({name}) AS s{a}")));
        for (a, one) in quoted.iter().enumerate() {
            let products = quoted.iter().enumerate().skip(a);
            shown.extend(products.map(|(b, other)| format!("sum({one} * {other}) AS p{a}_{b}")));
        }
        let condition = match self.condition.trim() {
            "" => String::new(),
            condition => format!("\nWHERE ({condition}\n)"),
        };
        Ok(format!("SELECT {}\nFROM \"{}\"{condition}", shown.join(", "), self.table))
    }

    /// The model that the moments give.
    ///
    /// # Errors
    /// `statistics.too_noisy` if the noise leaves nothing to be said.
    pub(super) fn model(&self, done: &StatisticDone) -> Result<LinearModel> {
        let noisy = || Error::invalid("statistics.too_noisy", self.target.as_str());
        let (values, within) = done.rows.first().zip(done.within.first()).ok_or_else(noisy)?;
        let moments = values
            .iter()
            .zip(within)
            .map(|(value, within)| Some(Moment { value: value.as_f64()?, within: within.as_f64()? }));
        let moments = moments.collect::<Option<Vec<Moment>>>().ok_or_else(noisy)?;
        let (count, rest) = moments.split_first().ok_or_else(noisy)?;
        let (sums, products) = rest.split_at_checked(self.features.len() + 1).ok_or_else(noisy)?;
        let moments = Moments { count: *count, sums: sums.to_vec(), products: products.to_vec() };
        let Fit { weights, intercept, explained } = fit(&moments).ok_or_else(noisy)?;
        Ok(LinearModel {
            target: self.target.clone(),
            weights: self.features.iter().cloned().zip(weights).collect(),
            intercept,
            explained,
            rows: values.first().and_then(Value::as_i64).unwrap_or_default(),
        })
    }
}

/// A linear model as an ONNX file, rebuilt like every model that leaves; the same bytes each time.
///
/// # Errors
/// `statistic.unknown`; `statistics.no_model` for a statistic that is none; `statistics.too_noisy`; what the subset refuses.
pub async fn model_file(app: &App, ctx: &Ctx, id: Id<kind::Statistic>) -> Result<Vec<u8>> {
    let found = super::statistic(app, ctx, id).await?;
    let regression = found.asked.regression.as_ref().ok_or(Error::NotFound("statistics.no_model"))?;
    let done = found.answer.as_ref().ok_or(Error::Conflict("statistics.no_answer"))?;
    let model = regression.model(done)?;
    let training = Training {
        entities: u64::try_from(model.rows).unwrap_or_default(),
        leaf_entities: Vec::new(),
        leaf_entities_min: ENTITIES_MIN,
        millibits_per_entity_max: MILLIBITS_PER_ENTITY,
    };
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the format counts in single floats; what overflows is refused"
    )]
    let weights: Vec<f32> = model.weights.iter().map(|(_, weight)| *weight as f32).collect();
    #[expect(clippy::cast_possible_truncation, reason = "as above")]
    let intercept = model.intercept as f32;
    let rebuilt = onnx::linear(&weights, intercept, &training)
        .map_err(|refusal| Error::invalid(refusal.code(), found.asked.regression_name()))?;
    looked(app, ctx, &found).await?;
    Ok(rebuilt.bytes)
}

/// Every file that is fetched is a row of the journal.
async fn looked(app: &App, ctx: &Ctx, found: &Statistic) -> Result<()> {
    let owner = find(app, found.tenant).await?;
    let permit = &app.permit(ctx, Action::StatisticAsk, owner.resource())?;
    let (id, tenant) = (found.id, found.tenant);
    app.store()
        .transact(permit, "statistic.model", |tx| {
            Box::pin(async move {
                versioned(tx, id).await?;
                let subject = format!("statistic/{id}");
                let note = Note { subject, tenant: Some(tenant), clauses: &[], payload: "onnx" };
                app.record(tx, permit, ctx.now, note).await
            })
        })
        .await?;
    app.committed();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(features: &[&str], condition: &str) -> Regression {
        Regression {
            table: "people".into(),
            target: "income".into(),
            features: features.iter().map(|name| (*name).to_owned()).collect(),
            condition: condition.into(),
        }
    }

    #[test]
    fn moments_are_asked_for_in_order() {
        let sql = asked(&["age"], "zone = 'Z1' -- all").sql().unwrap();
        assert_eq!(
            sql,
            "SELECT count(*) AS n, sum(\"age\") AS s0, sum(\"income\") AS s1, sum(\"age\" * \"age\") AS p0_0, \
             sum(\"age\" * \"income\") AS p0_1, sum(\"income\" * \"income\") AS p1_1\nFROM \"people\"\nWHERE (zone = 'Z1' -- all\n)"
        );
    }

    #[test]
    fn what_is_no_column_is_no_regression() {
        for (features, code) in [
            (&[][..], "statistics.regression"),
            (&["age", "age"], "statistics.regression"),
            (&["income"], "statistics.regression"),
            (&["a\" FROM x --"], "catalog.name"),
        ] {
            assert_eq!(asked(features, "").sql().unwrap_err().code(), code, "{features:?}");
        }
    }
}
