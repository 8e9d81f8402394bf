//! A made-up county: people and their visits.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Date32Array, Decimal128Array, Int64Array, StringArray};
use arrow::datatypes::Int64Type;
use arrow::record_batch::RecordBatch;

use crate::disclosure::dp::{Budget, Cost, Unit};
use crate::format::ResidentId;
use crate::twin::random::Draw;
use crate::twin::{Column, Content, Description, Generated, Model, Pairs, Parts, Table, fit, generate};
use crate::{DataType, SensitiveKind};

pub(super) const REGIONS: [&str; 4] = ["330521", "330522", "330523", "330502"];

pub(super) fn column(name: &str, data_type: DataType, nullable: bool, content: Content) -> Column {
    Column { name: name.into(), data_type, nullable, content }
}

pub(super) fn categories(values: &[&str]) -> Content {
    Content::Categories { values: values.iter().map(|v| (*v).to_owned()).collect() }
}

pub(super) fn invented(kind: SensitiveKind) -> Content {
    Content::Invented { kind, parts: Parts::default() }
}

pub(super) fn person() -> Table {
    let parts = Parts {
        region: Some("region".into()),
        birth: Some("birth".into()),
        sex: Some("sex".into()),
        male: "男".into(),
    };
    let money = DataType::Decimal { precision: 18, scale: 2 };
    Table {
        name: "person".into(),
        columns: vec![
            column("id", DataType::Text, false, Content::Invented { kind: SensitiveKind::ResidentId, parts }),
            column("name", DataType::Text, false, invented(SensitiveKind::PersonName)),
            column("mobile", DataType::Text, true, invented(SensitiveKind::Mobile)),
            column("region", DataType::Text, false, categories(&REGIONS)),
            column("sex", DataType::Text, false, categories(&["男", "女"])),
            column("birth", DataType::Date, false, Content::Range { low: -14_610, high: 14_609, bins: 80 }),
            column("income", money, true, Content::Range { low: 0, high: 20_000, bins: 40 }),
            column("job", DataType::Text, false, Content::Open),
        ],
        entity: vec!["id".into()],
        rows_max: 1,
        pairs: Pairs::Tree,
    }
}

pub(super) fn visit() -> Table {
    let reference = Content::Reference { table: "person".into(), column: "id".into(), children_max: 8 };
    Table {
        name: "visit".into(),
        columns: vec![
            column("visit_id", DataType::Integer, false, Content::Key),
            column("person_id", DataType::Text, false, reference),
            column("place", DataType::Text, false, categories(&["医院", "学校", "银行"])),
            column("cost", DataType::Float, true, Content::Range { low: 0, high: 1_000, bins: 20 }),
        ],
        entity: vec!["person_id".into()],
        rows_max: 8,
        pairs: Pairs::Given(vec![("place".into(), "cost".into())]),
    }
}

pub(super) fn county() -> Description {
    Description { tables: vec![person(), visit()] }
}

/// People with dependent columns: the region decides the job, the age the income. On the average two visits each, none for
/// one person in four.
pub(super) fn people(count: usize, seed: u8) -> Vec<(&'static str, RecordBatch)> {
    let mut draw = Draw::new(&[seed; 32], "population", "");
    let mut ids = Vec::new();
    let (mut names, mut mobiles, mut regions, mut sexes) = (vec![], vec![], vec![], vec![]);
    let (mut births, mut incomes, mut jobs) = (vec![], vec![], vec![]);
    let (mut visitors, mut places, mut costs) = (vec![], vec![], vec![]);
    for _ in 0..count {
        let region = [0, 0, 0, 1, 1, 2, 2, 3][draw.index(8)];
        let male = draw.below(2);
        let birth = i32::try_from(draw.between(-14_610, 14_609)).unwrap();
        let sequence = u16::try_from(draw.below(500) * 2 + male).unwrap();
        let mut id = String::new();
        ResidentId { region: REGIONS[region].parse().unwrap(), birth, sequence }.write(&mut id);
        names.push(format!("{}{}", draw.pick(&["钱", "褚", "卫"]), draw.pick(&["某", "甲", "乙"])));
        mobiles.push((draw.below(10) > 1).then(|| format!("138{:08}", draw.below(100_000_000))));
        regions.push(REGIONS[region]);
        sexes.push(if male == 1 { "男" } else { "女" });
        births.push(birth);
        let old = birth < 0;
        let income = if old { draw.between(200_000, 500_000) } else { draw.between(600_000, 1_500_000) };
        incomes.push((draw.below(20) > 0).then_some(income));
        let usual = ["种茶", "纺织", "捕鱼", "机械"][region];
        jobs.push(match draw.below(100) {
            0..80 => usual.to_owned(),
            80..99 => draw.pick(&["种茶", "纺织", "捕鱼", "机械"]).to_owned(),
            _ => format!("独门手艺{}", ids.len()),
        });
        let visits = [0, 1, 2, 5][draw.index(4)];
        for _ in 0..visits {
            visitors.push(id.clone());
            let place = draw.index(3);
            places.push(["医院", "学校", "银行"][place]);
            let cost = if place == 0 { 600.0 } else { 10.0 } + draw.below(200) as f64;
            costs.push((draw.below(10) > 0).then_some(cost));
        }
        ids.push(id);
    }
    let incomes: Decimal128Array = incomes.into_iter().collect();
    let numbers: Vec<i64> = (0..).take(visitors.len()).collect();
    let text = |values: Vec<String>| Arc::new(StringArray::from(values)) as ArrayRef;
    let person = [
        ("id", text(ids)),
        ("name", text(names)),
        ("mobile", Arc::new(StringArray::from(mobiles)) as ArrayRef),
        ("region", Arc::new(StringArray::from(regions))),
        ("sex", Arc::new(StringArray::from(sexes))),
        ("birth", Arc::new(Date32Array::from(births))),
        ("income", Arc::new(incomes.with_precision_and_scale(18, 2).unwrap())),
        ("job", text(jobs)),
    ];
    let visit = [
        ("visit_id", Arc::new(Int64Array::from(numbers)) as ArrayRef),
        ("person_id", text(visitors)),
        ("place", Arc::new(StringArray::from(places))),
        ("cost", Arc::new(arrow::array::Float64Array::from(costs))),
    ];
    vec![
        ("person", RecordBatch::try_from_iter_with_nullable(person.map(|(n, a)| (n, a, true))).unwrap()),
        ("visit", RecordBatch::try_from_iter_with_nullable(visit.map(|(n, a)| (n, a, true))).unwrap()),
    ]
}

pub(super) fn epsilon(micro: u64) -> Cost {
    Cost { unit: Unit::MicroEpsilon, micro }
}

pub(super) fn budget(cost: Cost) -> Budget {
    Budget::new(cost.unit, cost.micro)
}

pub(super) fn fitted(data: &[(&str, RecordBatch)], description: &Description, cost: Cost, seed: u8) -> Model {
    fit(data, description, cost, &mut budget(cost), [seed; 32]).unwrap()
}

pub(super) fn generated(model: &Model, people: u64, seed: u8) -> Vec<Generated> {
    generate(model, &BTreeMap::from([("person".into(), people)]), [seed; 32]).unwrap()
}

/// A column of all batches as text.
pub(super) fn texts(batches: &[RecordBatch], name: &str) -> Vec<Option<String>> {
    let mut all = Vec::new();
    for batch in batches {
        let column = batch.column_by_name(name).unwrap();
        let column = arrow::compute::cast(column, &arrow::datatypes::DataType::Utf8).unwrap();
        all.extend(column.as_string::<i32>().iter().map(|text| text.map(str::to_owned)));
    }
    all
}

pub(super) fn integers(batches: &[RecordBatch], name: &str) -> Vec<i64> {
    let column = |batch: &RecordBatch| {
        batch.column_by_name(name).unwrap().as_primitive::<Int64Type>().values().to_vec()
    };
    batches.iter().flat_map(column).collect()
}

/// Total variation distance of two lists of values, or of pairs of them. *Units*: 0 to 1.
pub(super) fn distance<T: Ord>(left: &[T], right: &[T]) -> f64 {
    let mut counts: BTreeMap<&T, (f64, f64)> = BTreeMap::new();
    left.iter().for_each(|value| counts.entry(value).or_default().0 += 1.0 / left.len() as f64);
    right.iter().for_each(|value| counts.entry(value).or_default().1 += 1.0 / right.len() as f64);
    counts.values().map(|(a, b)| (a - b).abs()).sum::<f64>() / 2.0
}
