//! Bytes that are hashed: JSON with sorted keys and no spaces.

use serde::Serialize;
use serde_json::Value;

/// Canonical JSON of a value: object keys sorted by their bytes, no insignificant space, so that equal values have
/// equal bytes whatever the order in which they were built.
///
/// # Errors
/// When the value cannot be written as JSON (a map with keys that are not strings, for example).
pub fn canonical_json<T: Serialize>(value: &T) -> Result<Vec<u8>, serde_json::Error> {
    let mut tree = serde_json::to_value(value)?;
    sort(&mut tree);
    serde_json::to_vec(&tree)
}

fn sort(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.sort_keys();
            map.values_mut().for_each(sort);
        }
        Value::Array(items) => items.iter_mut().for_each(sort),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn key_order_does_not_change_the_bytes() {
        let a = canonical_json(&json!({"b": [{"z": 1, "y": 2}], "a": "中"})).unwrap();
        let b = canonical_json(&json!({"a": "中", "b": [{"y": 2, "z": 1}]})).unwrap();
        assert_eq!(a, b);
        assert_eq!(String::from_utf8(a).unwrap(), r#"{"a":"中","b":[{"y":2,"z":1}]}"#);
    }
}
