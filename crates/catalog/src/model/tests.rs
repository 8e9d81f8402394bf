use base::Timestamp;
use proptest::prelude::*;

use super::*;

fn date(text: &str) -> Value {
    Value::Date(text.parse().unwrap())
}

fn parameter(name: &str, data_type: DataType, domain: Domain) -> Parameter {
    Parameter { name: name.into(), data_type, domain }
}

fn model() -> Model {
    let now = Timestamp::from_micros(0);
    Model {
        id: Id::new(now, [1; 10]),
        tenant: Id::new(now, [2; 10]),
        name: "企业活跃度".into(),
        sql: Digest::of(b"select"),
        parameters: vec![
            parameter("year", DataType::Integer, Domain::Range(Value::Integer(2020), Value::Integer(2026))),
            parameter("town", DataType::Text, Domain::Values(vec![Value::Text("武康".into())])),
            parameter("from", DataType::Date, Domain::Range(date("2024-01-01"), date("2024-12-31"))),
            parameter("all", DataType::Boolean, Domain::Values(vec![Value::Boolean(true)])),
        ],
        inputs: vec![ModelInput { resource: Id::new(now, [3; 10]), columns: vec!["town".into()] }],
        output: vec![OutputColumn { name: "n".into(), data_type: DataType::Integer }],
        entity: "enterprise".into(),
        reversibility: "仅输出分组计数".into(),
    }
}

fn given(list: &[(&str, &str)]) -> BTreeMap<String, String> {
    list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

const GOOD: [(&str, &str); 4] = [("year", "2024"), ("town", "武康"), ("from", "2024-02-29"), ("all", "true")];

#[test]
fn parameters_are_bound_within_their_domains() {
    let model = model();
    model.validate().unwrap();
    let bound = model.bind(&given(&GOOD)).unwrap();
    assert_eq!(bound["year"].to_literal(), Literal::Integer(2024));
    assert_eq!(bound["from"].to_literal(), Literal::Date(19_782));
    for (name, value) in [
        ("year", "2019"),
        ("year", "2027"),
        ("year", "x"),
        ("town", "武康' or 1=1"),
        ("from", "2023-12-31"),
        ("from", "2024-02-30"),
        ("all", "false"),
    ] {
        let mut values = given(&GOOD);
        values.insert(name.into(), value.into());
        let error = model.bind(&values).unwrap_err();
        assert_eq!(error, Error::OutsideDomain { parameter: name.into() });
        assert!(!error.to_string().contains(value), "no value in an error");
    }
    assert_eq!(model.bind(&given(&GOOD[1..])).unwrap_err().code(), "catalog.missing_parameter");
    let mut extra = given(&GOOD);
    extra.insert("x".into(), "1".into());
    assert_eq!(model.bind(&extra).unwrap_err().code(), "catalog.unknown_parameter");
}

#[test]
fn declarations_are_checked() {
    let check = |change: &dyn Fn(&mut Model)| {
        let mut model = model();
        change(&mut model);
        model.validate().unwrap_err().code()
    };
    assert_eq!(check(&|m| m.name = " ".into()), "catalog.missing");
    assert_eq!(check(&|m| m.reversibility.clear()), "catalog.missing");
    assert_eq!(check(&|m| m.inputs.clear()), "catalog.missing");
    assert_eq!(check(&|m| m.output.clear()), "catalog.missing");
    assert_eq!(check(&|m| m.output.push(m.output[0].clone())), "catalog.duplicate_name");
    assert_eq!(check(&|m| m.parameters.push(m.parameters[0].clone())), "catalog.duplicate_name");
    let domain = |data_type, domain: Domain| {
        check(&move |m| m.parameters = vec![parameter("p", data_type, domain.clone())])
    };
    assert_eq!(domain(DataType::Text, Domain::Values(vec![])), "catalog.domain");
    assert_eq!(domain(DataType::Text, Domain::Values(vec![Value::Integer(1)])), "catalog.domain");
    let texts = |a: &str, b: &str| (Value::Text(a.into()), Value::Text(b.into()));
    let (a, b) = texts("a", "b");
    assert_eq!(domain(DataType::Text, Domain::Range(a, b)), "catalog.domain");
    let reversed = Domain::Range(Value::Integer(2), Value::Integer(1));
    assert_eq!(domain(DataType::Integer, reversed), "catalog.domain");
    let twice = Domain::Values(vec![Value::Integer(1), Value::Integer(1)]);
    assert_eq!(domain(DataType::Integer, twice), "catalog.domain");
}

#[test]
fn approval_is_of_exactly_this_model() {
    let digest = model().digest().unwrap();
    let json = serde_json::to_string(&model()).unwrap();
    assert_eq!(serde_json::from_str::<Model>(&json).unwrap().digest().unwrap(), digest);
    let wider = Domain::Range(Value::Integer(2020), Value::Integer(2027));
    let mut other = model();
    other.parameters[0].domain = wider;
    assert_ne!(other.digest().unwrap(), digest);
    assert!(serde_json::from_str::<Model>(&json.replacen("\"name\"", "\"nome\"", 1)).is_err());
}

proptest! {
    #[test]
    fn no_text_escapes_a_domain(text in "\\PC{0,12}", number: i64) {
        let model = model();
        for value in [text, number.to_string()] {
            for parameter in &model.parameters {
                if let Ok(value) = parameter.parse(&value) {
                    prop_assert!(parameter.accept(&value).is_ok());
                    prop_assert_eq!(value.data_type(), parameter.data_type);
                }
            }
        }
    }
}
