//! Delivering a data set: the whole release as a file, marked for the buyer where it can carry a mark.

use base::{Digest, Timestamp};
use secure_domain::protocol::CanonicalFormat;

use crate::data_api::{Answered, CallReceipt, CallRequest, admit, recorded};
use crate::exports::ReleaseFormat;
use crate::watermarks::{self, Marking};
use crate::{App, Error, Result};

/// A delivered file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its form.
    pub format: ReleaseFormat,
    /// Whether it bears the buyer's mark.
    pub marked: bool,
}

/// Delivers a data set to a buyer. Journal and meter are durable before this returns; the same buyer gets the same bytes.
///
/// # Errors
/// As [`crate::data_api::call`]; `export.format` for papers and charts.
pub async fn deliver(
    app: &App,
    request: &CallRequest,
    format: ReleaseFormat,
    now: Timestamp,
) -> Result<(Delivery, CallReceipt)> {
    let canonical = match format {
        ReleaseFormat::Csv => CanonicalFormat::Csv,
        ReleaseFormat::Json => CanonicalFormat::Json,
        ReleaseFormat::Parquet => CanonicalFormat::Parquet,
        ReleaseFormat::Pdf | ReleaseFormat::Png => {
            return Err(Error::explained("export.format", "csv, json or parquet"));
        }
    };
    let (bundle, permit, left) = admit(app, request, now).await?;
    let record = &bundle.product;
    let export =
        watermarks::delivered(record).ok_or_else(|| Error::invalid("product.no_api", record.code.clone()))?;
    let table = watermarks::table(app, export, watermarks::columns(record)).await?;
    let marking = record.marking.clone().filter(Marking::suffices);
    let spec = marking.as_ref().map(|marking| marking.spec(record.product.id));
    let (key, buyer) = (watermarks::key(app).await?, *bundle.usage.agreement.id.as_bytes());
    let made = tokio::task::spawn_blocking(move || match spec {
        Some(spec) => {
            let copy = table.marked(&spec, &key, &buyer)?;
            Ok((copy.bytes(canonical)?, copy.rows()))
        }
        None => Ok::<_, secure_domain::Error>((table.bytes(canonical)?, table.rows())),
    });
    let (bytes, rows) = made.await.map_err(|error| Error::internal("delivery.make", error))??;
    let answered = Answered { rows, digest: Digest::of(&bytes) };
    let receipt = recorded(app, &permit, &bundle, request, &answered, now).await?;
    let delivery = Delivery { bytes, format, marked: marking.is_some() };
    Ok((delivery, CallReceipt { left_today: left, ..receipt }))
}
