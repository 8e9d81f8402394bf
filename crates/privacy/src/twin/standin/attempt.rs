//! One try: the gauge, the model, the rows, the attacks.

use std::collections::BTreeMap;

use arrow::array::{ArrayRef, Int64Array, new_empty_array};
use arrow::compute::concat;
use arrow::record_batch::RecordBatch;

use super::assemble::{Rows, assemble};
use super::gauge::{Gauge, Gauged, has_numbers};
use super::sight::Seen;
use super::{Each, Feature, StandIn, Terms, Treatment};
use crate::attack::{self, Input, Report};
use crate::disclosure::dp::{Budget, Cost, NotGiven};
use crate::ir::Label;
use crate::twin::{self, Column, Content, Description, Model, Parts, Survey, Table, Verdict};
use crate::{DataType, Error, SensitiveKind};

/// The key of the described table: who a row belongs to, and nothing else.
const ENTITY: &str = "__entity";
/// So few are held back that one of them is the nearest of many made-up rows: less gain than this is chance. Copies have
/// nearly all there is.
const GAIN: f64 = 0.3;
/// Of the price, the part that the gauge has.
const GAUGE_FIFTHS: u64 = 1;

/// Goes over the raw rows.
type Scan<'a, E> = dyn FnMut(&[String], Each<'_>) -> Result<(), E> + 'a;

/// Raw rows that are kept in memory, column by column.
#[derive(Default)]
struct Kept(Vec<Vec<ArrayRef>>);

impl Kept {
    fn push(&mut self, columns: impl Iterator<Item = Result<ArrayRef, Error>>) -> Result<(), Error> {
        for (place, column) in columns.enumerate() {
            if self.0.len() <= place {
                self.0.push(Vec::new());
            }
            if let Some(slot) = self.0.get_mut(place) {
                slot.push(column?);
            }
        }
        Ok(())
    }

    /// The columns, each in one piece; empty ones of the features' types if there was no batch.
    fn columns<'a>(&self, features: impl Iterator<Item = &'a Feature>) -> Result<Vec<ArrayRef>, Error> {
        let one =
            |(place, feature): (usize, &Feature)| match self.0.get(place).filter(|parts| !parts.is_empty()) {
                None => Ok(new_empty_array(&feature.data_type.to_arrow())),
                Some(parts) => {
                    let parts: Vec<&dyn arrow::array::Array> = parts.iter().map(AsRef::as_ref).collect();
                    concat(&parts).map_err(|_| Error::Arrow { operation: "concat" })
                }
            };
        features.enumerate().map(one).collect()
    }
}

/// What the first pass keeps of the raw rows.
#[derive(Default)]
struct Looked {
    /// Sampled rows: how many, and their public columns.
    rows: usize,
    public: Kept,
    /// What attacks compare: columns of rows that are learnt from, and of others.
    learnt: Kept,
    held: Kept,
}

pub(super) fn attempt<E: From<Error>>(
    terms: &Terms<'_>,
    cost: Cost,
    number: u32,
    scan: &mut Scan<'_, E>,
) -> Result<StandIn, E> {
    let micro = cost.micro * GAUGE_FIFTHS / 5;
    let gauge = Cost { micro: micro.max(1), ..cost };
    let model = Cost { micro: (cost.micro - micro).max(1), ..cost };
    let (gauged, looked) = measure(terms, gauge, number, scan)?;
    let model = learn(terms, &gauged, model, number, scan)?;
    let seed = terms.seed(&format!("rows {number}"));
    let generated = match &model {
        Some((model, _)) => generate(model, looked.rows, seed)?,
        None => Vec::new(),
    };
    let public = looked.public.columns(terms.of(Treatment::Public))?;
    let rows = Rows { count: looked.rows, public: &public, generated: &generated };
    let (columns, compared) = assemble(terms, &gauged, &rows, seed)?;
    let batch = |kept: &Kept| named(terms.compared(), kept.columns(terms.compared())?);
    let (learnt, held) = (batch(&looked.learnt)?, batch(&looked.held)?);
    let compared = named(terms.compared(), compared)?;
    let report = report(terms, &learnt, &held, &compared)?;
    let memorisation = model.and_then(|(_, table)| memory(&table, &generated, &learnt, &held, seed));
    let treatments = terms.features.iter().map(|feature| feature.treatment(terms.key)).collect();
    Ok(StandIn { columns, treatments, report, memorisation, cost, attempts: number })
}

fn measure<E: From<Error>>(
    terms: &Terms<'_>,
    cost: Cost,
    number: u32,
    scan: &mut Scan<'_, E>,
) -> Result<(Gauged, Looked), E> {
    let mut gauge = Gauge::new(terms, cost, terms.learnt_seed(&format!("gauge {number}")))?;
    let mut looked = Looked::default();
    let mut sight = terms.sight();
    scan(&terms.columns(|_| true), &mut |batch| {
        let seen = sight.read(batch)?;
        gauge.push(&seen)?;
        let sampled = sight.sampled(&seen);
        looked.rows += sampled.true_count();
        looked.public.push(terms.of(Treatment::Public).map(|feature| seen.filtered(feature, &sampled)))?;
        for (held_back, kept) in [(false, &mut looked.learnt), (true, &mut looked.held)] {
            let rows = sight.looked_at(&seen, held_back);
            kept.push(terms.compared().map(|feature| seen.filtered(feature, &rows)))?;
        }
        Ok(())
    })?;
    let found = gauge.turn()?;
    if gauge.has_numbers() {
        let mut sight = terms.sight();
        let numbers = |f: &Feature| has_numbers(f) && f.treatment(terms.key) == Treatment::Learnt;
        scan(&terms.columns(numbers), &mut |batch| gauge.push(&sight.read(batch)?))?;
    }
    Ok((gauge.finish(found)?, looked))
}

/// A column as it is described to the model.
fn described(feature: &Feature, bounds: Option<super::gauge::Bounds>) -> Column {
    let content = match (feature.data_type, bounds) {
        (DataType::Boolean, _) => Content::Flag,
        (_, Some(bounds)) => Content::Range { low: bounds.low, high: bounds.high, bins: bounds.bins },
        _ => Content::Open,
    };
    Column { name: feature.name.clone(), data_type: feature.data_type, nullable: true, content }
}

fn table(terms: &Terms<'_>, gauged: &Gauged) -> Table {
    let mut columns = vec![Column {
        name: ENTITY.to_owned(),
        data_type: DataType::Integer,
        nullable: false,
        content: Content::Key,
    }];
    let learnt = terms.of(Treatment::Learnt).zip(&gauged.bounds);
    columns.extend(learnt.map(|(feature, bounds)| described(feature, *bounds)));
    // Of invented columns only whether there is a value.
    columns.extend(terms.of(Treatment::Invented).map(|feature| Column {
        name: feature.name.clone(),
        data_type: feature.data_type,
        nullable: true,
        content: Content::Invented { kind: SensitiveKind::General, parts: Parts::default() },
    }));
    Table {
        name: terms.table.to_owned(),
        columns,
        entity: vec![ENTITY.to_owned()],
        rows_max: gauged.rows_max(),
        pairs: terms.pairs(),
    }
}

/// Two passes. None if no column is learnt or may be empty.
fn learn<E: From<Error>>(
    terms: &Terms<'_>,
    gauged: &Gauged,
    cost: Cost,
    number: u32,
    scan: &mut Scan<'_, E>,
) -> Result<Option<(Model, Table)>, E> {
    let table = table(terms, gauged);
    if table.columns.len() < 2 {
        return Ok(None);
    }
    let description = Description { tables: vec![table.clone()] };
    let mut budget = Budget::new(cost.unit, cost.micro);
    let seed = terms.learnt_seed(&format!("model {number}"));
    let fault = |not_given| match not_given {
        NotGiven::Fault(error) => error,
        NotGiven::Refused(_) => Error::Threshold { name: "cost" },
    };
    let mut survey = Survey::new(&description, cost, &mut budget, seed).map_err(fault)?;
    let mut sight = terms.sight();
    let compared = |feature: &Feature| terms.compared().any(|known| known.name == feature.name);
    let columns = terms.columns(compared);
    scan(&columns, &mut |batch| survey.push(terms.table, &shown(terms, &sight.read(batch)?)?))?;
    let mut count = survey.turn()?;
    let mut sight = terms.sight();
    scan(&columns, &mut |batch| count.push(terms.table, &shown(terms, &sight.read(batch)?)?))?;
    Ok(Some((count.finish()?, table)))
}

/// A batch as the model sees it: rows of those who are held back belong to nobody, and so do not count.
fn shown(terms: &Terms<'_>, seen: &Seen<'_>) -> Result<RecordBatch, Error> {
    let entities: Int64Array =
        seen.learnt().map(|entity| entity.map(|entity| i64::from_ne_bytes(entity.to_ne_bytes()))).collect();
    let mut columns: Vec<(&str, ArrayRef, bool)> = vec![(ENTITY, std::sync::Arc::new(entities), true)];
    for feature in terms.compared() {
        columns.push((&feature.name, seen.column(feature)?, true));
    }
    RecordBatch::try_from_iter_with_nullable(columns).map_err(|_| Error::Arrow { operation: "build a batch" })
}

fn generate(model: &Model, rows: usize, seed: [u8; 32]) -> Result<Vec<RecordBatch>, Error> {
    let table = model.description().tables.into_iter().next();
    let name = table.map(|table| table.name).unwrap_or_default();
    let rows = BTreeMap::from([(name, u64::try_from(rows).unwrap_or(0))]);
    let generated = twin::generate(model, &rows, seed)?;
    Ok(generated.into_iter().next().map(|table| table.batches).unwrap_or_default())
}

/// Columns under the names of their features.
fn named<'a>(
    features: impl Iterator<Item = &'a Feature>,
    columns: Vec<ArrayRef>,
) -> Result<RecordBatch, Error> {
    let named = features.zip(columns).map(|(feature, column)| (feature.name.as_str(), column, true));
    let named: Vec<_> = named.collect();
    if named.is_empty() {
        return Ok(RecordBatch::new_empty(std::sync::Arc::new(arrow::datatypes::Schema::empty())));
    }
    RecordBatch::try_from_iter_with_nullable(named).map_err(|_| Error::Arrow { operation: "build a batch" })
}

fn report(
    terms: &Terms<'_>,
    learnt: &RecordBatch,
    held: &RecordBatch,
    made: &RecordBatch,
) -> Result<Report, Error> {
    let columns: Vec<attack::Column> = terms
        .compared()
        .map(|feature| {
            let invented = feature.treatment(terms.key) == Treatment::Invented;
            attack::Column {
                name: feature.name.clone(),
                kind: feature.kind,
                // What is drawn from marginals identifies nobody, even of a kind that does.
                label: if invented { Label::Identifier } else { feature.label.min(Label::Sensitive) },
                entity: terms.key.contains(&feature.name),
            }
        })
        .collect();
    let mut input = Input::new(learnt, made, &columns, attack::Rows::Synthetic);
    input.holdout = Some(held).filter(|held| held.num_rows() > 0);
    input.population = Some(terms.rows);
    let memorisation_gain_max = terms.limits.memorisation_gain_max.max(GAIN);
    attack::examine(&input, &attack::Limits { memorisation_gain_max, ..terms.limits })
}

fn memory(
    table: &Table,
    generated: &[RecordBatch],
    learnt: &RecordBatch,
    held: &RecordBatch,
    seed: [u8; 32],
) -> Option<Verdict> {
    let (learnt, held) = ([learnt.clone()], [held.clone()]);
    twin::memorisation(table, generated, &learnt, &held, seed).ok().map(|found| found.verdict)
}
