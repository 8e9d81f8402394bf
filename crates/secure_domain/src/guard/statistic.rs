//! Statistics without a reviewer: what the guard must know of them before they are paid for and drawn.

use std::sync::Arc;

use arrow::array::ArrayRef;
use base::Digest;
use datafusion::common::ScalarValue;
use privacy::DataType;
use privacy::disclosure::dp::Cost;
use privacy::ir::{
    self, AggregateFunction, ContributionKind, ContributorQuery, Literal, Mode, Number, NumberKind, Rel,
    Terms,
};

use super::lower_expressions::literal;
use super::parse::on_large_stack;
use super::refusal::{HIDDEN_KEY, NO_NUMBER, NOTHING_PROTECTED, TOO_MANY_NUMBERS};
use super::release::{in_words, policy, translated, visible_keys};
use crate::Error;
use crate::perturb::{Shown, shown};
use crate::protocol::{OutputColumn, PriceOrder, Priced};
use crate::session::{Session, Table};

/// Limit: cells times numbers of one answer.
const NUMBERS_MAX: usize = 20_000;

/// A statistic that may be drawn.
pub(crate) struct Statistic {
    ir_digest: Digest,
    names: Vec<String>,
    paying: Vec<String>,
    cost: Cost,
    /// The tables of the zone at the time of the check.
    pub(crate) tables: Arc<Vec<Arc<Table>>>,
    /// Who adds what.
    pub(crate) query: ContributorQuery,
    /// How many cells there can be; every one of them is shown.
    pub(crate) cells: usize,
    /// Their keys, in the stored types. *Shape*: keys, each as long as there are cells.
    pub(crate) keys: Vec<ArrayRef>,
    /// The numbers of a cell, and which of the query's contributions they are sums of; none for a number of entities.
    pub(crate) numbers: Vec<(Number, Option<usize>)>,
    /// Columns of the answer.
    pub(crate) columns: Vec<(OutputColumn, Figure)>,
}

/// What a column of the answer shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Figure {
    /// A group key, by its place.
    Key(usize),
    /// A number, by its place.
    Number(usize),
    /// A sum over a count, by their places.
    Mean(usize, usize),
}

impl Statistic {
    pub(crate) const fn ir_digest(&self) -> Digest {
        self.ir_digest
    }

    pub(crate) const fn cost(&self) -> Cost {
        self.cost
    }

    /// Tables that it reads.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    pub(crate) fn priced(self) -> Priced {
        Priced {
            ir_digest: self.ir_digest,
            tables: self.names,
            paying: self.paying,
            output: self.columns.into_iter().map(|(column, _)| column).collect(),
            cells: u64::try_from(self.cells).unwrap_or(u64::MAX),
            numbers: self.numbers.into_iter().map(|(number, _)| number).collect(),
            cost: self.cost,
        }
    }
}

/// Checks that a text may be asked as statistics with noise.
pub(crate) async fn check_statistic(session: &Arc<Session>, order: PriceOrder) -> Result<Statistic, Error> {
    on_large_stack(session, move |session| {
        let tables = session.tables();
        let (rel, translator) = translated(session, &order.sql, &[])?;
        let policy = policy(&tables);
        let terms = Terms { price: Some(order.price), ..Terms::new(Mode::Statistics) };
        let judged =
            ir::judge(&rel, &policy, &terms).map_err(|refusal| in_words(refusal.into(), &translator))?;
        let query =
            ir::contributor(&rel, &policy).map_err(|refusal| in_words(refusal.into(), &translator))?;
        let (Some(checked), Some(query), Some(cells), Some(cost)) =
            (judged.checked(), query, judged.cells(), judged.cost())
        else {
            return Err(NOTHING_PROTECTED.about("").into());
        };
        if judged.numbers().is_empty() {
            return Err(NO_NUMBER.about("").into());
        }
        if cells.len().saturating_mul(judged.numbers().len()) > NUMBERS_MAX {
            return Err(TOO_MANY_NUMBERS.about("").into());
        }
        let hidden = |key: String| Error::from(HIDDEN_KEY.about(translator.spoken(&key)));
        visible_keys(&rel, checked.keys()).map_err(hidden)?;
        let numbers = judged.numbers().iter().map(|number| Ok((number.clone(), adds(&query, number)?)));
        let numbers = numbers.collect::<Result<Vec<_>, Error>>()?;
        let schema = &checked.schema().columns;
        let mut columns = Vec::new();
        let mut key_types = vec![None; checked.keys().len()];
        for column in schema {
            let figure = figure(&rel, &column.name, &numbers).ok_or_else(|| {
                let refusal =
                    ir::Refusal { rule: ir::Rule::AfterAggregate, column: Some(column.name.clone()) };
                in_words(refusal.into(), &translator)
            })?;
            let data_type = match figure {
                Figure::Key(place) => {
                    *key_types.get_mut(place).ok_or(Error::RunFailed)? = Some(column.data_type);
                    column.data_type
                }
                Figure::Number(_) => DataType::Integer,
                Figure::Mean(..) => DataType::Float,
            };
            columns.push((OutputColumn { name: column.name.clone(), data_type }, figure));
        }
        let keys = |(place, data_type): (usize, Option<DataType>)| {
            key_column(cells, place, data_type.ok_or(Error::RunFailed)?)
        };
        let protected = |name: &&String| {
            let entity = policy.resources.get(*name).and_then(|known| known.entity.as_ref());
            entity.is_some_and(|entity| entity.protected)
        };
        Ok(Statistic {
            ir_digest: checked.digest(),
            names: checked.resources().to_vec(),
            paying: checked.resources().iter().filter(protected).cloned().collect(),
            cost,
            cells: cells.len(),
            keys: key_types.into_iter().enumerate().map(keys).collect::<Result<_, _>>()?,
            numbers,
            columns,
            query,
            tables,
        })
    })
    .await
}

/// One key of every cell, as it is stored.
fn key_column(cells: &[Vec<Literal>], place: usize, data_type: DataType) -> Result<ArrayRef, Error> {
    let value =
        |cell: &Vec<Literal>| literal(cell.get(place).ok_or(Error::RunFailed)?).map_err(|_| Error::RunFailed);
    let values = cells.iter().map(value).collect::<Result<Vec<_>, _>>()?;
    let column = ScalarValue::iter_to_array(values).map_err(|_| Error::RunFailed)?;
    arrow::compute::cast(&column, &data_type.to_arrow()).map_err(|_| Error::RunFailed)
}

/// The contribution that a number is the sum of.
fn adds(query: &ContributorQuery, number: &Number) -> Result<Option<usize>, Error> {
    let kind = match number.kind {
        NumberKind::Entities => return Ok(None),
        NumberKind::Count => ContributionKind::Rows,
        NumberKind::Sum => ContributionKind::Values,
    };
    let mut of = query.contributions.iter();
    let place = of.position(|of| of.aggregate == number.aggregate && of.kind == kind);
    place.map(Some).ok_or(Error::RunFailed)
}

fn figure(rel: &Rel, name: &str, numbers: &[(Number, Option<usize>)]) -> Option<Figure> {
    let aggregate = match shown(rel, name)? {
        Shown::Key(place) => return Some(Figure::Key(place)),
        Shown::Aggregate(aggregate) => aggregate,
    };
    let mut own = (0..).zip(numbers).filter(|(_, (number, _))| number.aggregate == aggregate.name);
    let (first, _) = own.next()?;
    match aggregate.function {
        AggregateFunction::Avg => Some(Figure::Mean(first, own.next()?.0)),
        _ => Some(Figure::Number(first)),
    }
}
