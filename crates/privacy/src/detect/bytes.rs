//! Columns as texts, those of bytes too.

use std::borrow::Cow;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::cast;
use arrow::datatypes::DataType as ArrowType;
use encoding_rs::GB18030;

use crate::Error;

/// The text that bytes write: UTF-8, else GB18030 (with GBK and GB 2312); `None` if they are neither, or no
/// text.
#[must_use]
pub fn decode(bytes: &[u8]) -> Option<Cow<'_, str>> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => GB18030.decode_without_bom_handling_and_without_replacement(bytes)?,
    };
    // Pictures and keys decode too now and then; texts have no control characters.
    let control = |c: char| c.is_control() && !matches!(c, '\t' | '\r' | '\n');
    (!text.contains(control)).then_some(text)
}

/// The values of a column without nulls. Bytes that are no text are left out.
pub(super) fn texts(column: &ArrayRef) -> Result<Vec<String>, Error> {
    let failed = |_| Error::Arrow { operation: "cast to text" };
    if column.data_type().is_binary() {
        let wide = cast(column, &ArrowType::LargeBinary).map_err(failed)?;
        let wide = wide.as_binary::<i64>();
        return Ok(wide.iter().flatten().filter_map(decode).map(Cow::into_owned).collect());
    }
    let texts = cast(column, &ArrowType::Utf8).map_err(failed)?;
    Ok(texts.as_string::<i32>().iter().flatten().map(str::to_owned).collect())
}
