//! Classes of quasi-identifiers.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch};

use super::people::*;
use crate::SensitiveKind as Kind;
use crate::attack::{Attack, Column, Finding, Input, Limits, Report, Rows, examine};
use crate::ir::Label;

fn columns() -> Vec<Column> {
    vec![
        Column::new("area", Kind::General).with_label(Label::Quasi),
        Column::new("age", Kind::General).with_label(Label::Quasi),
        Column::new("ill", Kind::Medical),
        Column::new("pay", Kind::General).with_label(Label::Sensitive),
    ]
}

fn table(rows: &[(&str, &str, &str, i64)]) -> RecordBatch {
    let text = |f: &dyn Fn(&(&str, &str, &str, i64)) -> String| texts(rows.iter().map(f));
    RecordBatch::try_from_iter([
        ("area", text(&|r| r.0.to_owned())),
        ("age", text(&|r| r.1.to_owned())),
        ("ill", text(&|r| r.2.to_owned())),
        ("pay", Arc::new(Int64Array::from_iter_values(rows.iter().map(|r| r.3))) as ArrayRef),
    ])
    .unwrap()
}

fn judge(raw: &RecordBatch, limits: &Limits) -> Report {
    examine(&Input::new(raw, raw, &columns(), Rows::Same), limits).unwrap()
}

fn finding(report: &Report, attack: Attack, column: &str) -> Finding {
    let mut found = report.attacks.iter().filter(|f| f.attack == attack);
    found.find(|f| f.columns[0] == column).unwrap().clone()
}

fn value(report: &Report, attack: Attack, column: &str) -> f64 {
    finding(report, attack, column).measure.unwrap().value
}

#[test]
fn figures_of_a_small_table_are_those_on_paper() {
    // Two classes of three, one of two.
    let raw = table(&[
        ("a", "1", "x", 10),
        ("a", "1", "x", 20),
        ("a", "1", "y", 30),
        ("a", "2", "x", 40),
        ("a", "2", "x", 50),
        ("a", "2", "x", 60),
        ("b", "1", "y", 70),
        ("b", "1", "z", 80),
    ]);
    let report = judge(&raw, &Limits::default());
    assert_eq!(value(&report, Attack::KAnonymity, "area"), 2.0);
    assert_eq!(value(&report, Attack::DistinctDiversity, "ill"), 1.0);
    assert_eq!(value(&report, Attack::EntropyDiversity, "ill"), 1.0);
    assert_eq!(value(&report, Attack::SampleUniqueness, "area"), 0.0);
    // {b,1} has y and z: x is missing with 5/8; the rest is above 2/8 and 1/8 by 1/4 and 3/8. Less √(p(1−p)/2π·2) each.
    let chance: f64 = [5.0_f64, 2.0, 1.0]
        .iter()
        .map(|n| (n / 8.0 * (1.0 - n / 8.0) / (std::f64::consts::TAU * 2.0)).sqrt())
        .sum();
    assert!((value(&report, Attack::Closeness, "ill") - (0.625 - chance)).abs() < 1e-5);
    for attack in [Attack::KAnonymity, Attack::DistinctDiversity, Attack::EntropyDiversity] {
        assert!(report.succeeded().any(|f| f.attack == attack), "{}", attack.code());
    }
    let loose = Limits { k_min: 2.0, ..Limits::default() };
    assert!(!judge(&raw, &loose).succeeded().any(|f| f.attack == Attack::KAnonymity));
}

#[test]
fn one_person_many_times_is_one() {
    let mut columns = columns();
    columns.push(Column::new("id", Kind::General).with_label(Label::Identifier).as_entity());
    let raw = table(&[("a", "1", "x", 1); 40]);
    let judge = |people: usize| {
        let ids = (0..40).map(|row| format!("T{:015}", row % people * 7_919));
        let raw = with(&raw, vec![("id", texts(ids))]);
        let report = examine(&Input::new(&raw, &raw, &columns, Rows::Same), &Limits::default()).unwrap();
        value(&report, Attack::KAnonymity, "area")
    };
    assert_eq!((judge(40), judge(8), judge(2)), (40.0, 8.0, 2.0));
}

#[test]
fn unique_people_and_their_twins_in_a_small_sample() {
    let raw = people(10_000, 41);
    let well = masked_well(&raw, 41);
    let clear = with(&well, vec![("birth_date", raw.column_by_name("birth_date").unwrap().clone())]);
    let weak = report(&raw, &clear);
    for attack in
        [Attack::KAnonymity, Attack::SampleUniqueness, Attack::PopulationUniqueness, Attack::Reidentification]
    {
        check(attack, "birth_date", &weak, &report(&raw, &well));
    }
    // The same table as a sample of a large population: unique there, but hardly anybody is unique in the population.
    let described = super::people::columns();
    let year = days(&raw, "birth_date").into_iter().map(|d| crate::format::civil_from_days(d).0.to_string());
    let sample = with(&well, vec![("birth_date", texts(year))]).slice(0, 600);
    let rows: Vec<Option<usize>> = (0..600).map(Some).collect();
    let of = |population| {
        let input = Input { population, ..Input::new(&raw, &sample, &described, Rows::From(&rows)) };
        let report = examine(&input, &Limits::default()).unwrap();
        (
            value(&report, Attack::SampleUniqueness, "birth_date"),
            value(&report, Attack::PopulationUniqueness, "birth_date"),
        )
    };
    let (unique, risk) = of(Some(10_000_000));
    assert!(unique > 0.05 && risk < 0.0005, "{unique} {risk}");
    assert!(of(None).1 > risk * 20.0, "the smaller the population, the surer the match");
}

#[test]
fn the_estimate_is_near_the_truth() {
    // Draw samples of a population whose matches can be counted, and compare.
    let raw = people(20_000, 42);
    let described = super::people::columns();
    let masked = with(&raw, vec![("id_no", formatted(&raw, "id_no", Kind::General, 3))]);
    let month = |day: i32| {
        let (year, month, _) = crate::format::civil_from_days(day);
        format!("{year}-{month}")
    };
    let months = texts(days(&raw, "birth_date").into_iter().map(month));
    let (raw, masked) =
        (with(&raw, vec![("birth_date", months.clone())]), with(&masked, vec![("birth_date", months)]));
    let rows: Vec<usize> =
        (0..20_000).filter(|row| crate::attack::draw::mix(5, *row as u64).is_multiple_of(5)).collect();
    let order = arrow::array::UInt64Array::from_iter_values(rows.iter().map(|row| *row as u64));
    let sample = arrow::compute::take_record_batch(&masked, &order).unwrap();
    let rows: Vec<Option<usize>> = rows.into_iter().map(Some).collect();
    let report =
        examine(&Input::new(&raw, &sample, &described, Rows::From(&rows)), &Limits::default()).unwrap();
    let estimate = value(&report, Attack::PopulationUniqueness, "birth_date");
    let keys = |batch: &RecordBatch| -> Vec<String> {
        let columns = ["birth_date", "sex", "district"].map(|name| strings(batch, name));
        (0..batch.num_rows()).map(|row| columns.each_ref().map(|c| c[row].as_str()).join("|")).collect()
    };
    let count = |keys: &[String]| {
        let mut counts = std::collections::HashMap::new();
        keys.iter().for_each(|key| *counts.entry(key.clone()).or_insert(0_usize) += 1);
        counts
    };
    let (all, part) = (count(&keys(&raw)), count(&keys(&sample)));
    // A unique record of the sample is matched rightly with probability 1 / size of its class in the population.
    let true_risk: f64 = part.iter().filter(|(_, n)| **n == 1).map(|(key, _)| 1.0 / all[key] as f64).sum();
    let true_risk = true_risk / sample.num_rows() as f64;
    assert!((estimate / true_risk - 1.0).abs() < 0.25, "{estimate} for {true_risk}");
}

#[test]
fn classes_that_tell_the_sensitive_value() {
    let raw = people(10_000, 43);
    let well = masked_well(&raw, 43);
    // Everybody of one zone and band has the same illness.
    let (areas, bands) = (strings(&well, "district"), strings(&well, "birth_date"));
    let same = strings(&raw, "illness").into_iter().zip(areas.iter().zip(&bands));
    let same =
        same.map(
            |(v, (area, band))| {
                if area == "片区0" && band.starts_with("1980") { ILLNESSES[0].to_owned() } else { v }
            },
        );
    let same = texts(same);
    let weak = report(&with(&raw, vec![("illness", same.clone())]), &with(&well, vec![("illness", same)]));
    let held = report(&raw, &well);
    for attack in [Attack::DistinctDiversity, Attack::EntropyDiversity, Attack::Closeness] {
        check(attack, "illness", &weak, &held);
    }
    // Numbers: the incomes of a class are all high.
    let high = integers(&raw, "income").into_iter().zip(areas.iter().zip(&bands));
    let high = high
        .map(|(v, (area, band))| if area == "片区0" && band.starts_with("1980") { v + 400_000 } else { v });
    let high: ArrayRef = Arc::new(Int64Array::from_iter_values(high));
    let weak = report(&with(&raw, vec![("income", high.clone())]), &with(&well, vec![("income", high)]));
    check(Attack::Closeness, "income", &weak, &held);
}

#[test]
fn noise_on_quasi_identifiers_is_linked_by_distance() {
    let mut draw = Draw::new(44);
    let rows: Vec<(i64, i64)> =
        (0..5_000).map(|_| (draw.below(1_000_000) as i64, draw.below(1_000_000) as i64)).collect();
    let table = |noise: f64, draw: &mut Draw| {
        let mut of = |f: &dyn Fn(&(i64, i64)) -> i64| -> ArrayRef {
            Arc::new(Int64Array::from_iter_values(rows.iter().map(|r| f(r) + (draw.bell() * noise) as i64)))
        };
        RecordBatch::try_from_iter([("x", of(&|r| r.0)), ("y", of(&|r| r.1))]).unwrap()
    };
    let described = ["x", "y"].map(|name| Column::new(name, Kind::General).with_label(Label::Quasi));
    let raw = table(0.0, &mut draw);
    let mut judge = |noise| {
        let masked = table(noise, &mut draw);
        examine(&Input::new(&raw, &masked, &described, Rows::Same), &Limits::default()).unwrap()
    };
    check(Attack::Reidentification, "x", &judge(2_000.0), &judge(150_000.0));
}
