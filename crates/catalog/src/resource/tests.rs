use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, StringArray};
use privacy::ir;

use super::*;

fn person() -> Id<kind::Person> {
    Id::new(Timestamp::from_micros(0), [9; 10])
}

fn column(name: &str, label_zh: &str, data_type: DataType) -> Column {
    Column {
        name: name.into(),
        label_zh: label_zh.into(),
        data_type,
        nullable: true,
        classification: None,
        proposal: None,
        declared: privacy::ir::Declared::default(),
    }
}

fn resource() -> Resource {
    Resource {
        id: Id::new(Timestamp::from_micros(0), [1; 10]),
        provider: "33052100".into(),
        code: "civil_person".into(),
        name_zh: "人口基本信息".into(),
        name_en: "Persons".into(),
        description: String::new(),
        update_frequency: UpdateFrequency::Daily,
        openness: Openness::Conditional,
        columns: vec![
            column("phone", "手机号码", DataType::Text),
            column("district", "区域", DataType::Text),
            column("age", "年龄", DataType::Integer),
        ],
        entity: Some(Entity { kind: "person".into(), columns: vec!["phone".into()], protected: true }),
        profile: None,
        snapshots: vec![],
        twin: crate::TwinForm::default(),
        rows: ir::Rows::default(),
    }
}

fn sample() -> RecordBatch {
    let phones: ArrayRef = Arc::new(StringArray::from_iter_values((0..100).map(|n| format!("139{n:08}"))));
    let districts: ArrayRef =
        Arc::new(StringArray::from_iter_values((0..100).map(|n| format!("d{}", n % 3))));
    let ages: ArrayRef = Arc::new((0..100_i64).collect::<Int64Array>());
    RecordBatch::try_from_iter([("phone", phones), ("district", districts), ("age", ages)]).unwrap()
}

fn names(list: &[&str]) -> Vec<String> {
    list.iter().map(|name| (*name).to_owned()).collect()
}

fn decisions(resource: &Resource) -> Vec<Decision> {
    resource
        .columns
        .iter()
        .map(|column| Decision::accept(&column.name, column.proposal.as_ref().unwrap()))
        .collect()
}

fn classified() -> Resource {
    let mut resource = resource();
    resource.propose(&sample()).unwrap();
    let decisions = decisions(&resource);
    resource.confirm_classification(&decisions, person(), Timestamp::from_micros(5)).unwrap();
    resource
}

fn code<T: std::fmt::Debug>(result: Result<T, Error>) -> &'static str {
    result.unwrap_err().code()
}

#[test]
fn unclassified_means_unusable() {
    let mut resource = resource();
    resource.validate().unwrap();
    assert_eq!(code(resource.usable()), "catalog.unclassified");
    assert_eq!(code(resource.grantable(&names(&["age"]), Zone::Prod)), "catalog.unclassified");
    resource.propose(&sample()).unwrap();
    assert_eq!(code(resource.usable()), "catalog.unclassified", "a proposal classifies nothing");
    let decisions = decisions(&resource);
    let before = resource.clone();
    let part = resource.confirm_classification(&decisions[..2], person(), Timestamp::from_micros(5));
    assert_eq!(part.unwrap_err(), Error::Unclassified { column: "age".into() });
    assert_eq!(resource, before, "nothing is half confirmed");
    resource.confirm_classification(&decisions, person(), Timestamp::from_micros(5)).unwrap();
    resource.usable().unwrap();
    resource.confirm_classification(&decisions[..1], person(), Timestamp::from_micros(6)).unwrap();
}

#[test]
fn lowering_needs_a_note_and_identifiers_need_a_hiding_mask() {
    let mut resource = resource();
    resource.propose(&sample()).unwrap();
    let check = |change: &dyn Fn(&mut Decision)| {
        let mut decisions = decisions(&resource);
        change(&mut decisions[0]);
        resource.clone().confirm_classification(&decisions, person(), Timestamp::from_micros(5))
    };
    assert_eq!(code(check(&|d| d.label = Label::Quasi)), "catalog.lowered_without_note");
    assert_eq!(code(check(&|d| d.level = 1)), "catalog.lowered_without_note");
    assert_eq!(code(check(&|d| d.level = 5)), "catalog.level");
    assert_eq!(code(check(&|d| d.mask = MaskSpec::Keep)), "catalog.mask_too_weak");
    assert_eq!(code(check(&|d| d.column = "nope".into())), "catalog.unknown_column");
    assert_eq!(code(check(&|d| d.column = "age".into())), "catalog.duplicate_name");
    check(&|d| (d.level, d.note) = (1, "测试号段，非个人号码".into())).unwrap();
    check(&|d| d.level = 4).unwrap();
}

#[test]
fn grants_follow_openness_classification_and_masks() {
    let resource = classified();
    resource.grantable(&names(&["phone", "age"]), Zone::Dev).unwrap();
    assert_eq!(code(resource.grantable(&[], Zone::Dev)), "catalog.missing");
    assert_eq!(code(resource.grantable(&names(&["nope"]), Zone::Dev)), "catalog.unknown_column");
    let closed = Resource { openness: Openness::Prohibited, ..resource.clone() };
    assert_eq!(code(closed.grantable(&names(&["age"]), Zone::Prod)), "catalog.not_open");
    let mut weak = resource.clone();
    weak.columns[0].classification.as_mut().unwrap().mask = MaskSpec::Keep;
    assert_eq!(code(weak.grantable(&names(&["phone"]), Zone::Dev)), "catalog.mask_too_weak");
    weak.grantable(&names(&["phone"]), Zone::Prod).unwrap();
    let twin = resource.classified(&names(&["age", "phone"])).unwrap();
    assert_eq!(
        (twin[1].0.as_str(), &twin[1].1.mask),
        ("phone", &MaskSpec::Format { kind: SensitiveKind::Mobile })
    );
    let headless = Resource { entity: None, ..resource };
    assert_eq!(code(headless.grantable(&names(&["age"]), Zone::Dev)), "catalog.entity");
}

#[test]
fn the_policy_lets_queries_read_granted_columns_only() {
    let policy = classified().policy(&names(&["district", "age"])).unwrap();
    let policy = ir::Policy { resources: BTreeMap::from([("civil_person".to_owned(), policy)]) };
    let count = |columns: &[&str]| ir::Rel::Aggregate {
        input: Box::new(ir::Rel::Scan {
            resource: "civil_person".into(),
            alias: "t0".into(),
            columns: names(columns),
        }),
        group: vec![],
        aggregates: vec![ir::NamedAggregate {
            name: "n".into(),
            function: ir::AggregateFunction::Count,
            argument: None,
        }],
    };
    assert_eq!(ir::check(&count(&["phone"]), &policy).unwrap_err().rule, ir::Rule::UnknownColumn);
    let counted = ir::count_entities(&count(&["age"]), &policy).unwrap();
    assert_eq!(counted.contributors[0].need.columns, ["phone"], "counted though not granted");
}

#[test]
fn descriptions_are_checked() {
    let check = |change: &dyn Fn(&mut Resource)| {
        let mut resource = resource();
        change(&mut resource);
        code(resource.validate())
    };
    assert_eq!(check(&|r| r.provider.clear()), "catalog.missing");
    assert_eq!(check(&|r| r.code = "Civil Person".into()), "catalog.name");
    assert_eq!(check(&|r| r.columns.clear()), "catalog.missing");
    assert_eq!(check(&|r| r.columns[0].name = "__x".into()), "catalog.name");
    assert_eq!(check(&|r| r.columns[0].name = "a.b".into()), "catalog.name");
    assert_eq!(check(&|r| r.columns[0].name = "AGE".into()), "catalog.duplicate_name");
    assert_eq!(
        check(&|r| r.columns = vec![column("x", "", DataType::Text); 501]),
        "catalog.too_many_columns"
    );
    assert_eq!(check(&|r| r.entity.as_mut().unwrap().columns = names(&["nope"])), "catalog.entity_column");
    let json = serde_json::to_string(&classified()).unwrap();
    assert_eq!(serde_json::from_str::<Resource>(&json).unwrap(), classified());
}
