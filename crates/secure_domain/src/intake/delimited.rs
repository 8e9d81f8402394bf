//! Delimited text.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringBuilder};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::SchemaRef;
use catalog::csv::{Report, check_header};
use privacy::DataType;

use super::faults::{self, whole};
use super::profile::Observer;
use super::{Faults, Target, types};
use crate::Error;
use crate::objects::{BATCH_ROWS, Written};
use crate::protocol::{CsvFormat, OutputColumn};
use crate::value::stored_schema;

pub(super) fn take_in(
    text: &str,
    format: &CsvFormat,
    stated: &[OutputColumn],
    target: &Target<'_>,
) -> Result<(Written, Observer), Error> {
    let delimiter = u8::try_from(format.delimiter).map_err(|_| whole(0, "csv.delimiter"))?;
    let reader =
        || ::csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(text.as_bytes());
    let header = header(&mut reader())?;
    if let Some(unknown) = stated.iter().find(|column| !header.contains(&column.name)) {
        return Err(Error::unknown("column", &unknown.name));
    }
    let types = types::guess(&header, stated, |visit| each(&mut reader(), visit));
    let columns: Vec<OutputColumn> =
        header.into_iter().zip(types).map(|(name, data_type)| OutputColumn { name, data_type }).collect();
    write(&mut reader(), &columns, target)
}

fn header(reader: &mut ::csv::Reader<&[u8]>) -> Result<Vec<String>, Error> {
    let header = reader.headers().map_err(|_| faults::header("csv.header"))?;
    if header.iter().any(|name| name.contains('\u{fffd}')) {
        return Err(faults::header("csv.encoding"));
    }
    check_header(header).map_err(|error| faults::header(error.code()))
}

/// Every row. The text is valid UTF-8 and rows may have any length, so reading cannot fail.
fn each(reader: &mut ::csv::Reader<&[u8]>, visit: &mut dyn FnMut(&::csv::StringRecord)) {
    let mut record = ::csv::StringRecord::new();
    while reader.read_record(&mut record).unwrap_or(false) {
        visit(&record);
    }
}

fn write(
    reader: &mut ::csv::Reader<&[u8]>,
    columns: &[OutputColumn],
    target: &Target<'_>,
) -> Result<(Written, Observer), Error> {
    let schema = stored_schema(columns);
    let (mut object, mut observer) = target.create(&schema)?;
    let described: Vec<catalog::Column> = columns
        .iter()
        .map(|column| catalog::Column {
            name: column.name.clone(),
            label_zh: String::new(),
            data_type: column.data_type,
            nullable: true,
            classification: None,
            proposal: None,
            declared: privacy::ir::Declared::default(),
        })
        .collect();
    let (mut report, mut lines) = (Report::default(), Vec::new());
    let mut batch = Batch::new(columns);
    let mut result = Ok(());
    each(reader, &mut |record| {
        let sound = report.check_row(&described, record);
        let line = record.position().map_or(0, ::csv::Position::line);
        lines.resize(report.faults.len(), line);
        if !sound || report.total > 0 || result.is_err() {
            return;
        }
        batch.push(record);
        if batch.rows >= BATCH_ROWS {
            result = batch.finish(&schema).and_then(|rows| {
                target.inspect(&rows)?;
                observer.observe(&rows)?;
                object.write(&rows)
            });
        }
    });
    result?;
    if report.total > 0 {
        return Err(Error::Intake(Box::new(Faults::of(&report, &lines))));
    }
    if report.rows == 0 {
        return Err(whole(0, "csv.no_rows"));
    }
    if batch.rows > 0 {
        let rows = batch.finish(&schema)?;
        target.inspect(&rows)?;
        observer.observe(&rows)?;
        object.write(&rows)?;
    }
    Ok((object.finish()?, observer))
}

/// Fields on their way into columns.
struct Batch {
    columns: Vec<(DataType, StringBuilder)>,
    rows: usize,
}

impl Batch {
    fn new(columns: &[OutputColumn]) -> Self {
        let columns = columns.iter().map(|column| (column.data_type, StringBuilder::new()));
        Self { columns: columns.collect(), rows: 0 }
    }

    fn push(&mut self, record: &::csv::StringRecord) {
        self.rows += 1;
        for ((data_type, builder), field) in self.columns.iter_mut().zip(record) {
            match data_type {
                _ if field.is_empty() => builder.append_null(),
                // The reader of timestamps wants seconds.
                DataType::Timestamp if field.len() == "YYYY-MM-DD HH:MM".len() => {
                    builder.append_value(format!("{field}:00"));
                }
                _ => builder.append_value(field),
            }
        }
    }

    fn finish(&mut self, schema: &SchemaRef) -> Result<RecordBatch, Error> {
        self.rows = 0;
        let options = CastOptions { safe: false, ..CastOptions::default() };
        let mut arrays = Vec::with_capacity(self.columns.len());
        for (index, ((_, builder), field)) in self.columns.iter_mut().zip(schema.fields()).enumerate() {
            let texts: ArrayRef = Arc::new(builder.finish());
            let array = cast_with_options(&texts, field.data_type(), &options);
            arrays.push(array.map_err(|_| whole(index + 1, "csv.type"))?);
        }
        RecordBatch::try_new(Arc::clone(schema), arrays).map_err(|_| Error::RunFailed)
    }
}
