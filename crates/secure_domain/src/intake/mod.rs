//! Taking in delivered files: decode, check, type, profile, propose a classification, seal.
//!
//! A file with one fault is not taken in; the provider gets the list of faults by row, column and code. No list, profile
//! or proposal holds a value.

mod delimited;
pub(crate) mod encoding;
mod faults;
mod gate;
mod parquet_file;
mod profile;
#[cfg(test)]
mod tests;
mod types;

use std::path::Path;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use bytes::Bytes;
use vault::{DataKey, SealContext};

pub(crate) use encoding::decode;
pub use faults::{Fault, Faults};

use crate::Error;
use crate::objects::{Content, KeyRing, ParquetObject};
use crate::protocol::{IntakeDone, IntakeFormat, IntakeOrder};
use profile::Observer;

/// Takes in one file. Blocks for as long as the file is large.
///
/// # Errors
/// `domain.intake` with the faults of the file; `domain.io`, `domain.order_used`.
pub(crate) fn take_in(
    objects_dir: &Path,
    keys: &KeyRing,
    order: &IntakeOrder,
    bytes: Bytes,
) -> Result<IntakeDone, Error> {
    let (key, context) = keys.open(&order.into)?;
    if order.strict {
        gate::inspect(&bytes, &order.format)?;
    }
    let target = Target { objects_dir, key: &key, context, strict: order.strict };
    let (encoding, (written, observer)) = match &order.format {
        IntakeFormat::Csv(format) => {
            let (text, encoding) = encoding::decode(&bytes)?;
            (encoding, delimited::take_in(&text, format, &order.columns, &target)?)
        }
        IntakeFormat::Parquet => ("", parquet_file::take_in(bytes, &order.columns, &target)?),
    };
    Ok(IntakeDone { written, encoding: encoding.to_owned(), columns: observer.finish()? })
}

/// A file that is neither delimited text nor Parquet.
pub(crate) fn unreadable() -> Error {
    faults::whole(0, "file.format")
}

/// Where the rows go.
struct Target<'a> {
    objects_dir: &'a Path,
    key: &'a DataKey,
    context: SealContext,
    /// The file comes from outside: its values are looked at as well.
    strict: bool,
}

impl Target<'_> {
    /// Looks at rows before they are written.
    fn inspect(&self, batch: &RecordBatch) -> Result<(), Error> {
        if self.strict { gate::inspect_values(batch) } else { Ok(()) }
    }

    fn create(&self, schema: &SchemaRef) -> Result<(ParquetObject, Observer), Error> {
        let object = ParquetObject::create_as(
            Content::Raw,
            self.objects_dir,
            self.key,
            &self.context,
            Arc::clone(schema),
        )?;
        Ok((object, Observer::new(schema)))
    }
}
