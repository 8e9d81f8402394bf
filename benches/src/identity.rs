//! Identity numbers of nobody: valid in form, of a region whose last digits are not in use.

use std::fmt::Write as _;

use anyhow::Result;

/// Weights of the check digit. Source: GB 11643-1999.
const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECKS: &[u8; 11] = b"10X98765432";

/// Appends the number of who was born on a day, as `YYYYMMDD`, with a sequence number below 1000.
///
/// # Errors
/// None: writing into a text does not fail.
pub(crate) fn write(out: &mut String, day: u32, sequence: u32) -> Result<()> {
    let start = out.len();
    write!(out, "119999{day:08}{sequence:03}")?;
    let digits = out.bytes().skip(start);
    let sum: u32 = digits.zip(WEIGHTS).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    out.push(char::from(CHECKS[usize::try_from(sum % 11)?]));
    Ok(())
}

/// The check digit's weighted sum over the seventeen digits of `n`, in SQL on integers: DuckDB does them ten times faster
/// than the same on text.
fn weighted_sum() -> String {
    let term = |(place, weight): (u32, u32)| format!("n // {} % 10 * {weight}", 10_u64.pow(16 - place));
    (0..).zip(WEIGHTS).map(term).collect::<Vec<_>>().join(" + ")
}

/// Columns of a number made up from `id`, in SQL: `h` is its hash, `n` seventeen digits of the same region with another
/// birth date and sequence.
pub(crate) fn made_up(id: &str, from: &str) -> String {
    format!(
        "hashed AS (SELECT *, md5_number_lower('secret' || {id}) AS h FROM {from}),
         dated AS (SELECT *, DATE '1940-01-01' + (h % 25000)::INTEGER AS d FROM hashed),
         bodies AS (SELECT *, substr({id}, 1, 6)::BIGINT * 100000000000
                           + (year(d) * 10000 + month(d) * 100 + day(d)) * 1000
                           + (h // 25000 % 1000)::BIGINT AS n FROM dated)"
    )
}

/// The number made up, with its check digit.
pub(crate) fn with_check() -> String {
    format!("n::VARCHAR || substr('10X98765432', ({}) % 11 + 1, 1)", weighted_sum())
}
