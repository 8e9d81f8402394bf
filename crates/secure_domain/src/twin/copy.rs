//! All rows of a table in which everything is public and nobody is protected.

use arrow::array::RecordBatch;
use privacy::masking::{MaskKey, mask_column};

use super::{Source, Writer, reordered};
use crate::Error;
use crate::objects::Written;
use crate::protocol::{Examined, MadeOf};

pub(super) fn copy(
    source: &Source<'_>,
    writer: &Writer<'_>,
    mask_key: &MaskKey,
) -> Result<(Option<Written>, Examined), Error> {
    let order = source.order;
    let names: Vec<String> = order.columns.iter().map(|column| column.name.clone()).collect();
    let masked = source.scan(&names)?.map(|batch| {
        let batch = reordered(&batch?, &names)?;
        let mut columns = Vec::with_capacity(order.columns.len());
        for (column, array) in order.columns.iter().zip(batch.columns()) {
            columns.push((column.name.as_str(), mask_column(array, &column.mask, mask_key)?, true));
        }
        RecordBatch::try_from_iter_with_nullable(columns).map_err(|_| Error::RunFailed)
    });
    Ok((Some(writer.write(masked)?), source.examined(MadeOf::Public)))
}
