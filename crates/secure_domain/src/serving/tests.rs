use base::Digest;
use catalog::{Domain, Parameter, Value};
use privacy::DataType;
use serde_json::json;

use super::*;
use crate::fixture::{County, object, ring, seal, visits};
use crate::protocol::{CanonicalFormat, CanonicalOrder, Verdict, VerifyOrder};

#[test]
fn canonical_bytes_depend_on_values_only() {
    let dir = tempfile::tempdir().unwrap();
    let batch = visits();
    let half = batch.num_rows() / 2;
    let a = seal(dir.path(), Content::Result, &object(1, "result"), std::slice::from_ref(&batch));
    let parts = [batch.slice(half, batch.num_rows() - half), batch.slice(0, half)];
    let b = seal(dir.path(), Content::Result, &object(2, "result"), &parts);
    for format in [CanonicalFormat::Csv, CanonicalFormat::Json, CanonicalFormat::Parquet] {
        let rebuild = |number, digest| {
            let order = CanonicalOrder { object: object(number, "result"), digest, format };
            canonical(dir.path(), &ring(), &order)
        };
        let (first, rows) = rebuild(1, a.digest).unwrap();
        assert_eq!(rows, 4_000);
        assert_eq!(first, rebuild(2, b.digest).unwrap().0);
        assert_eq!(rebuild(1, b.digest).unwrap_err().code(), "domain.order_mismatch");
        let text = String::from_utf8_lossy(&first);
        match format {
            CanonicalFormat::Csv => {
                assert!(text.starts_with("person_id,station,day,cost\nP000000,S0,2022-01-08,"));
            }
            CanonicalFormat::Json => {
                assert!(text.starts_with("[{\"cost\":"), "names in the order of their bytes");
                let rows: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
                assert_eq!((rows.len(), &rows[0]["person_id"]), (4_000, &json!("P000000")));
            }
            CanonicalFormat::Parquet => {
                use parquet::file::reader::{FileReader, SerializedFileReader};
                let reader = SerializedFileReader::new(bytes::Bytes::from(first)).unwrap();
                let meta = reader.metadata();
                assert!(meta.file_metadata().key_value_metadata().is_none());
                assert!(
                    meta.row_groups()
                        .iter()
                        .flat_map(|group| group.columns())
                        .all(|c| c.statistics().is_none())
                );
            }
        }
    }
}

#[test]
fn csv_tells_null_from_empty_and_quotes() {
    use arrow::array::{ArrayRef, StringArray};
    let dir = tempfile::tempdir().unwrap();
    let column: ArrayRef =
        Arc::new(StringArray::from(vec![None, Some(""), Some("a,\"b\""), Some("line\nbreak")]));
    let batch = RecordBatch::try_from_iter([("c", Arc::clone(&column)), ("d", column)]).unwrap();
    let written = seal(dir.path(), Content::Result, &object(1, "result"), &[batch]);
    let order =
        CanonicalOrder { object: object(1, "result"), digest: written.digest, format: CanonicalFormat::Csv };
    let (bytes, _) = canonical(dir.path(), &ring(), &order).unwrap();
    let expected = "c,d\n,\n\"\",\"\"\n\"a,\"\"b\"\"\",\"a,\"\"b\"\"\"\n\"line\nbreak\",\"line\nbreak\"\n";
    assert_eq!(String::from_utf8(bytes).unwrap(), expected);
}

#[test]
fn csv_runs_no_formula_in_a_spreadsheet() {
    use arrow::array::{ArrayRef, Int64Array, StringArray};
    let dir = tempfile::tempdir().unwrap();
    let texts: ArrayRef = Arc::new(StringArray::from(vec!["'=1", "=1", "@x"]));
    let numbers: ArrayRef = Arc::new(Int64Array::from(vec![-1, -2, -3]));
    let batch = RecordBatch::try_from_iter([("=t", texts), ("n", numbers)]).unwrap();
    let written = seal(dir.path(), Content::Result, &object(1, "result"), &[batch]);
    let order =
        CanonicalOrder { object: object(1, "result"), digest: written.digest, format: CanonicalFormat::Csv };
    let (bytes, _) = canonical(dir.path(), &ring(), &order).unwrap();
    assert_eq!(String::from_utf8(bytes).unwrap(), "'=t,n\n''=1,-1\n'=1,-2\n'@x,-3\n");
}

#[test]
fn lookups_find_all_rows_of_a_key() {
    let dir = tempfile::tempdir().unwrap();
    seal(dir.path(), Content::Result, &object(1, "result"), &[visits()]);
    let columns = ["person_id".to_owned(), "station".to_owned()];
    let index = Index::open(dir.path(), &ring(), &object(1, "result"), &columns).unwrap();
    assert_eq!((index.rows(), index.keys()), (4_000, 1_200));
    let key = ["P000001".to_owned(), "S1".to_owned()];
    let page = index.lookup(&key).unwrap();
    assert_eq!(page.rows.len(), 4);
    assert!(page.rows.iter().all(|row| row[0] == json!("P000001") && row[1] == json!("S1")));
    assert!(index.lookup(&["P9".to_owned(), "S1".to_owned()]).unwrap().rows.is_empty());
    assert_eq!(index.lookup(&key[..1]).unwrap_err().code(), "domain.order_mismatch");
}

#[test]
fn raw_rows_and_twins_cannot_be_read_released_or_served() {
    let dir = tempfile::tempdir().unwrap();
    for (number, content) in [(1, Content::Raw), (2, Content::Twin)] {
        let object = object(number, "data");
        let digest = seal(dir.path(), content, &object, &[visits()]).digest;
        let page = PageOrder { object: object.clone(), offset: 0, limit: 1 };
        assert_eq!(read_page(dir.path(), &ring(), &page).unwrap_err().code(), "domain.order_mismatch");
        let order = CanonicalOrder { object: object.clone(), digest, format: CanonicalFormat::Csv };
        assert_eq!(canonical(dir.path(), &ring(), &order).unwrap_err().code(), "domain.order_mismatch");
        let index = Index::open(dir.path(), &ring(), &object, &["station".to_owned()]);
        assert_eq!(index.err().map(|error| error.code()), Some("domain.order_mismatch"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn raw_tables_do_not_open_in_dev_nor_twins_in_prod() {
    let county = County::new();
    let (dev, prod) = (county.dev(), county.prod());
    let code = |result: Result<(), Error>| result.unwrap_err().code();
    assert_eq!(code(dev.session.set_tables(county.tables.clone())), "domain.order_mismatch");
    assert_eq!(code(prod.session.set_tables(county.twins.clone())), "domain.order_mismatch");
    let mut wrong = county.tables.clone();
    wrong[0].columns[0].data_type = DataType::Integer;
    assert_eq!(code(prod.session.set_tables(wrong)), "domain.order_mismatch");
    // What was open before is still open and readable; what is replaced is gone.
    assert_eq!(prod.session.tables().len(), 4);
    let doubled = vec![county.tables[0].clone(), county.tables[0].clone()];
    assert_eq!(code(prod.session.set_tables(doubled)), "domain.order_mismatch");
    let mut broken = county.twins.clone();
    broken[3].object = object(99, "data");
    assert_eq!(code(dev.session.set_tables(broken)), "domain.unknown");
    let query = || crate::protocol::QueryOrder {
        sql: "SELECT count(*) FROM visits".to_owned(),
        parameters: Vec::new(),
        values: Default::default(),
        rows_max: 1,
    };
    dev.query(query()).await.unwrap();
    dev.session.set_tables(Vec::new()).unwrap();
    assert_eq!(dev.query(query()).await.unwrap_err().code(), "domain.sql");
    dev.session.set_tables(county.twins.clone()).unwrap();
    dev.query(query()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verification_says_yes_no_or_unknown() {
    let county = County::new();
    let engine = county.prod();
    let order = |condition: &str| VerifyOrder {
        handle: "adult".to_owned(),
        purpose: None,
        input: county.pin("persons"),
        key_column: "person_id".to_owned(),
        condition: condition.to_owned(),
        condition_digest: Digest::of(condition.as_bytes()),
        parameters: vec![Parameter {
            name: "before".to_owned(),
            data_type: DataType::Integer,
            domain: Domain::Range(Value::Integer(1900), Value::Integer(2100)),
        }],
        values: [("before".to_owned(), "1951".to_owned())].into(),
    };
    let held =
        Verification::load(&engine, &order("birth_year < $before AND region <> 'north'")).await.unwrap();
    let answers: Vec<Verdict> = ["P000000", "P000001", "P000050", " P000000 ", "P999999", "' OR true --"]
        .iter()
        .map(|key| held.ask(key))
        .collect();
    use Verdict::{No, Unknown, Yes};
    assert_eq!(answers, [Yes, No, No, Yes, Unknown, Unknown]);
    assert_eq!(held.keys(), 400);
    let code =
        async |order: VerifyOrder| Verification::load(&engine, &order).await.err().map(|error| error.code());
    let mut other = order("birth_year < $before");
    other.condition.push_str(" OR true");
    assert_eq!(code(other).await, Some("domain.order_mismatch"));
    let mut other = order("birth_year < $before");
    other.input.digest = Digest::of(b"");
    assert_eq!(code(other).await, Some("domain.order_mismatch"));
    for (condition, expected) in [
        ("birth_year", "domain.expression"),
        ("birth_year < $missing", "domain.undeclared_parameter"),
        ("secret_note = 'x'", "privacy.unclassified"),
        ("person_id IN (SELECT person_id FROM visits)", "domain.sql"),
        ("birth_year < $before; DROP TABLE persons", "domain.syntax"),
        ("random() < 0.5", "domain.sql"),
    ] {
        assert_eq!(code(order(condition)).await, Some(expected), "{condition}");
    }
}
