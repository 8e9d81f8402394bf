//! Delivered Parquet files.

use bytes::Bytes;
use catalog::csv::check_header;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use privacy::DataType;

use super::Target;
use super::faults::whole;
use super::profile::Observer;
use crate::Error;
use crate::objects::{BATCH_ROWS, Written};
use crate::protocol::OutputColumn;
use crate::value::{store, stored_schema};

pub(super) fn take_in(
    bytes: Bytes,
    stated: &[OutputColumn],
    target: &Target<'_>,
) -> Result<(Written, Observer), Error> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(bytes).map_err(|_| whole(0, "parquet.format"))?;
    let fields = builder.schema().fields().clone();
    let names = check_header(fields.iter().map(|field| field.name().as_str()))
        .map_err(|error| whole(0, error.code()))?;
    let mut columns = Vec::with_capacity(names.len());
    for (index, (name, field)) in names.into_iter().zip(&fields).enumerate() {
        let told = stated.iter().find(|column| column.name == name).map(|column| column.data_type);
        let data_type = told.or_else(|| DataType::from_arrow(field.data_type()));
        let data_type = data_type.ok_or_else(|| whole(index + 1, "parquet.type"))?;
        columns.push(OutputColumn { name, data_type });
    }
    if let Some(unknown) = stated.iter().find(|told| columns.iter().all(|column| column.name != told.name)) {
        return Err(Error::unknown("column", &unknown.name));
    }
    let schema = stored_schema(&columns);
    let (mut object, mut observer) = target.create(&schema)?;
    let reader = builder.with_batch_size(BATCH_ROWS).build().map_err(|_| whole(0, "parquet.format"))?;
    for batch in reader {
        let batch = batch.map_err(|_| whole(0, "parquet.format"))?;
        let batch = store(&batch, &schema).map_err(|_| whole(0, "parquet.type"))?;
        target.inspect(&batch)?;
        observer.observe(&batch)?;
        object.write(&batch)?;
    }
    let written = object.finish()?;
    Ok((written, observer))
}
