//! Made-up people, and a way of masking them that should hold.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Date32Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{Date32Type, Int64Type};

use crate::attack::draw::mix;
use crate::attack::{Attack, Column, Input, Limits, Report, Rows, examine};
use crate::format::{ResidentId, civil_from_days};
use crate::ir::Label;
use crate::masking::{MaskKey, MaskSpec, mask_column};
use crate::{SensitiveKind as Kind, format};

pub(super) struct Draw(u64, u64);

impl Draw {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed, 0)
    }

    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.1 += 1;
        mix(self.0, self.1) % bound
    }

    /// Of a bell, mean 0, deviation 1.
    pub(super) fn bell(&mut self) -> f64 {
        (0..12).map(|_| self.below(1_000_000) as f64 / 1e6).sum::<f64>() - 6.0
    }

    /// A place, the first ones more often.
    pub(super) fn skewed(&mut self, bound: u64) -> u64 {
        self.below(bound).min(self.below(bound))
    }
}

pub(super) const ILLNESSES: [&str; 8] = ["高血压", "糖尿病", "感冒", "骨折", "肺炎", "胃炎", "哮喘", "贫血"];
const SURNAMES: &str = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗";
const GIVEN: &str = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂英华玉萍红鹏辉飞波斌宇浩凯秀健俊帆雪";

pub(super) fn texts(values: impl IntoIterator<Item = String>) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(values))
}

pub(super) fn columns() -> Vec<Column> {
    vec![
        Column::new("id_no", Kind::ResidentId).as_entity(),
        Column::new("mobile", Kind::Mobile),
        Column::new("name", Kind::PersonName),
        Column::new("birth_date", Kind::BirthDate),
        Column::new("sex", Kind::General).with_label(Label::Quasi),
        Column::new("district", Kind::General).with_label(Label::Quasi),
        Column::new("illness", Kind::Medical),
        Column::new("income", Kind::General).with_label(Label::Sensitive),
        Column::new("visit", Kind::General).with_label(Label::Sensitive),
        Column::new("note", Kind::General),
    ]
}

/// One row a person.
pub(super) fn people(count: usize, seed: u64) -> RecordBatch {
    let mut draw = Draw::new(seed);
    let mut ids = Vec::new();
    let (mut mobiles, mut names, mut births, mut sexes) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut districts, mut illnesses, mut incomes) = (Vec::new(), Vec::new(), Vec::new());
    let (mut visits, mut notes) = (Vec::new(), Vec::new());
    let pick = |from: &str, at: u64| from.chars().nth(at as usize).unwrap();
    for number in 0..count as u64 {
        let birth = -7_000 + draw.below(25_000) as i32;
        let district = draw.skewed(12);
        // Distinct for every person: the sequence number of a day is not drawn twice within a district.
        let sequence = (number % 1_000) as u16;
        let mut id = String::new();
        ResidentId { region: 330_501 + district as u32, birth, sequence }.write(&mut id);
        ids.push(id);
        let head = ["138", "139", "150", "186", "177"][draw.below(5) as usize];
        mobiles.push(format!("{head}{:08}", draw.below(100_000_000)));
        let mut name = String::from(pick(SURNAMES, draw.skewed(20)));
        (0..=draw.below(2)).for_each(|_| name.push(pick(GIVEN, draw.below(40))));
        names.push(name);
        births.push(birth);
        sexes.push(["女", "男"][usize::from(sequence % 2)].to_owned());
        districts.push(format!("第{:02}街道", district));
        illnesses.push(ILLNESSES[draw.skewed(8) as usize].to_owned());
        incomes.push((60_000.0 * (draw.bell() * 0.5).exp()) as i64);
        visits.push(visit_day(&mut draw));
        notes.push(format!("复诊，情况{}，余无殊", ["良好", "一般", "稳定"][draw.below(3) as usize]));
    }
    let batch: Vec<(&str, ArrayRef)> = vec![
        ("id_no", texts(ids)),
        ("mobile", texts(mobiles)),
        ("name", texts(names)),
        ("birth_date", Arc::new(Date32Array::from(births))),
        ("sex", texts(sexes)),
        ("district", texts(districts)),
        ("illness", texts(illnesses)),
        ("income", Arc::new(Int64Array::from(incomes))),
        ("visit", Arc::new(Date32Array::from(visits))),
        ("note", texts(notes)),
    ];
    RecordBatch::try_from_iter(batch).unwrap()
}

/// A day of two years, no Sundays, one holiday of ten days a year.
pub(super) fn visit_day(draw: &mut Draw) -> i32 {
    loop {
        let day = 19_000 + draw.below(730) as i32;
        if day % 7 != 3 && !(40..50).contains(&(day % 365)) {
            return day;
        }
    }
}

pub(super) fn key(seed: u64) -> MaskKey {
    MaskKey::new([u8::try_from(seed % 251).unwrap(); 32])
}

pub(super) fn formatted(raw: &RecordBatch, name: &str, kind: Kind, seed: u64) -> ArrayRef {
    mask_column(raw.column_by_name(name).unwrap(), &MaskSpec::Format { kind }, &key(seed)).unwrap()
}

pub(super) fn strings(batch: &RecordBatch, name: &str) -> Vec<String> {
    batch.column_by_name(name).unwrap().as_string::<i32>().iter().flatten().map(str::to_owned).collect()
}

pub(super) fn days(batch: &RecordBatch, name: &str) -> Vec<i32> {
    batch.column_by_name(name).unwrap().as_primitive::<Date32Type>().values().to_vec()
}

pub(super) fn integers(batch: &RecordBatch, name: &str) -> Vec<i64> {
    batch.column_by_name(name).unwrap().as_primitive::<Int64Type>().values().to_vec()
}

/// The same table with some columns in another form.
pub(super) fn with(batch: &RecordBatch, changes: Vec<(&str, ArrayRef)>) -> RecordBatch {
    let mut all: Vec<(String, ArrayRef)> =
        batch.schema().fields().iter().map(|f| f.name().clone()).zip(batch.columns().to_vec()).collect();
    for (name, array) in changes {
        match all.iter_mut().find(|(known, _)| known == name) {
            Some(slot) => slot.1 = array,
            None => all.push((name.to_owned(), array)),
        }
    }
    RecordBatch::try_from_iter(all).unwrap()
}

pub(super) fn without(batch: &RecordBatch, names: &[&str]) -> RecordBatch {
    let schema = batch.schema();
    let kept =
        schema.fields().iter().enumerate().filter(|(_, field)| !names.contains(&field.name().as_str()));
    batch.project(&kept.map(|(at, _)| at).collect::<Vec<_>>()).unwrap()
}

/// Keyed formats for identifiers, twenty-year bands, zones of three districts, months of visits, incomes in bands.
pub(super) fn masked_well(raw: &RecordBatch, seed: u64) -> RecordBatch {
    let years = days(raw, "birth_date").into_iter().map(|day| civil_from_days(day).0 / 20 * 20);
    let zones = strings(raw, "district").into_iter().map(|name| {
        let number: u32 = name.chars().filter(char::is_ascii_digit).collect::<String>().parse().unwrap();
        format!("片区{}", number / 3)
    });
    let months = days(raw, "visit").into_iter().map(|day| {
        let (year, month, _) = civil_from_days(day);
        format!("{year}-{month:02}")
    });
    let incomes = integers(raw, "income").into_iter().map(|income| (income / 20_000 * 20_000).min(160_000));
    // Kept whole, the number would tell the year of birth nearly and the district exactly.
    let token = MaskSpec::Token { domain: "person".into() };
    with(
        raw,
        vec![
            ("id_no", mask_column(raw.column_by_name("id_no").unwrap(), &token, &key(seed)).unwrap()),
            ("mobile", formatted(raw, "mobile", Kind::Mobile, seed)),
            ("name", formatted(raw, "name", Kind::PersonName, seed)),
            ("birth_date", texts(years.map(|year| format!("{year}年代")))),
            ("district", texts(zones)),
            ("visit", texts(months)),
            ("income", Arc::new(Int64Array::from_iter_values(incomes))),
        ],
    )
}

pub(super) fn report(raw: &RecordBatch, masked: &RecordBatch) -> Report {
    let columns = columns();
    examine(&Input::new(raw, masked, &columns, Rows::Same), &Limits::default()).unwrap()
}

pub(super) fn codes(report: &Report) -> Vec<(&'static str, Vec<String>)> {
    report.succeeded().map(|finding| (finding.attack.code(), finding.columns.clone())).collect()
}

/// The attack gets through on the column in one table and not in the other.
#[track_caller]
pub(super) fn check(attack: Attack, column: &str, weak: &Report, well: &Report) {
    let on = |report: &Report| {
        let mut found = report.attacks.iter().filter(|finding| finding.attack == attack);
        found.any(|finding| finding.succeeded() && finding.columns.first().is_some_and(|name| name == column))
    };
    assert!(on(weak), "{} misses {column}: {:?}", attack.code(), measures(weak, attack));
    assert!(!on(well), "{} alarms at {column}: {:?}", attack.code(), measures(well, attack));
}

pub(super) fn measures(report: &Report, attack: Attack) -> Vec<String> {
    let found = report.attacks.iter().filter(|finding| finding.attack == attack);
    found.map(|f| format!("{:?} {:?} {:?} chance {:?}", f.columns, f.outcome, f.measure, f.chance)).collect()
}

#[test]
fn people_are_as_they_should_be() {
    let raw = people(3_000, 5);
    let ids = strings(&raw, "id_no");
    assert!(ids.iter().all(|id| ResidentId::parse(id).is_some()));
    assert_eq!(ids.iter().collect::<std::collections::HashSet<_>>().len(), 3_000);
    assert!(strings(&raw, "mobile").iter().all(|mobile| format::parse_mobile(mobile).is_some()));
    assert_eq!(raw.column_by_name("note").unwrap().null_count(), 0);
}
