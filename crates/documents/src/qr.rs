//! The code that leads a reader of the paper to the page where it can be verified.

use qrcodegen::{QrCode, QrCodeEcc};
use typst::foundations::{Array, Dict, Value};

/// Runs of dark modules as `(column, row, length)`, and the side in modules. `None` for a text too long for a code.
pub(crate) fn modules(text: &str) -> Option<Dict> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).ok()?;
    let side = code.size();
    let mut runs = Array::new();
    for row in 0..side {
        let mut column = 0;
        while column < side {
            let length = (column..side).take_while(|column| code.get_module(*column, row)).count();
            let length = i32::try_from(length).unwrap_or(0);
            if length > 0 {
                let run: Array =
                    [column, row, length].map(|number| Value::Int(number.into())).into_iter().collect();
                runs.push(Value::Array(run));
            }
            column += length.max(1);
        }
    }
    let parts = [("边", Value::Int(side.into())), ("行", Value::Array(runs))];
    Some(parts.into_iter().map(|(name, value)| (name.into(), value)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_its_finder_patterns() {
        let code = modules("https://example.cn/verify/SQ-2026-0001").expect("fits");
        let rows = code.get("行").expect("rows").clone().cast::<Array>().expect("rows");
        let first = rows.iter().next().expect("a run").clone().cast::<Array>().expect("a run");
        // Seven dark modules begin the first row of every code.
        let numbers: Vec<i64> = first.iter().map(|number| number.clone().cast().expect("number")).collect();
        assert_eq!(numbers, [0, 0, 7]);
        assert!(modules(&"长".repeat(4_000)).is_none());
    }
}
