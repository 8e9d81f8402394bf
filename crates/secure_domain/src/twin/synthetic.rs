//! Rows of nobody.

use arrow::array::RecordBatch;
use privacy::ir::Label;
use privacy::masking::MaskKey;
use privacy::twin::standin::{Feature, StandIn, Terms, stand_in};

use super::{Source, Writer, label};
use crate::Error;
use crate::objects::Written;
use crate::protocol::{Examined, MadeOf};

pub(super) fn synthetic(
    source: &Source<'_>,
    writer: &Writer<'_>,
    (mask_key, shared): (&MaskKey, &MaskKey),
) -> Result<(Option<Written>, Examined), Error> {
    let order = source.order;
    let feature =
        |(column, output): (&crate::protocol::TwinColumn, &crate::protocol::OutputColumn)| Feature {
            name: column.name.clone(),
            data_type: output.data_type,
            kind: column.kind,
            // What is not classified is hidden; see `check_masks`.
            label: label(order, column).unwrap_or(Label::Identifier),
            mask: column.mask.clone(),
        };
    let features: Vec<Feature> = order.columns.iter().zip(&source.columns).map(feature).collect();
    let snapshot = order.table.snapshot.to_string();
    let terms = Terms {
        table: &order.table.name,
        features: &features,
        key: &order.entity.columns,
        per_mille: order.sample_per_mille,
        secret: mask_key,
        shared,
        snapshot: &snapshot,
        rows: source.rows,
        cost: order.cost,
        limits: order.limits,
    };
    let made = stand_in::<Error>(&terms, |columns, with| {
        source.scan(columns)?.try_for_each(|batch| with(&batch?).map_err(Error::from))
    })?;
    let examined = examined(source, &made);
    if !made.publishable() {
        return Ok((None, examined));
    }
    let columns =
        features.iter().zip(made.columns).map(|(feature, column)| (feature.name.as_str(), column, true));
    let batch = RecordBatch::try_from_iter_with_nullable(columns).map_err(|_| Error::RunFailed)?;
    Ok((Some(writer.write(std::iter::once(Ok(batch)))?), examined))
}

fn examined(source: &Source<'_>, made: &StandIn) -> Examined {
    let mut examined = Examined {
        report: Some(made.report.clone()),
        memorisation: made.memorisation,
        cost: Some(made.cost),
        attempts: made.attempts,
        ..source.examined(MadeOf::Synthetic)
    };
    for (column, treatment) in examined.columns.iter_mut().zip(&made.treatments) {
        column.treatment = Some(*treatment);
    }
    examined
}
