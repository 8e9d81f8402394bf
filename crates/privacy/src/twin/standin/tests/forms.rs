//! What makes a stand-in useful.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};

use super::people::*;
use crate::format::ResidentId;
use crate::ir::Label;
use crate::masking::MaskSpec;
use crate::twin::standin::{Feature, Terms};
use crate::{DataType, SensitiveKind};

#[test]
fn marginals_forms_and_types_hold() {
    let (_, batch) = people(2);
    let features = features();
    let (key, secret) = (["id".to_owned()], secret(2));
    let made = made(&terms(&features, &key, &secret, PEOPLE), &batch);
    let rows = made.columns[0].len();
    assert!((200..400).contains(&rows), "{rows}");
    for (feature, column) in features.iter().zip(&made.columns) {
        assert_eq!(column.data_type(), &feature.data_type.to_arrow());
        assert_eq!(column.len(), rows);
    }
    let ids: HashSet<&str> = texts(&made.columns[0]).into_iter().flatten().collect();
    assert_eq!(ids.len(), rows, "every person once");
    assert!(ids.iter().all(|id| ResidentId::parse(id).is_some()));
    let zones: HashSet<_> = texts(&made.columns[2]).into_iter().collect();
    assert_eq!(zones.len(), 4);
    let flags = integers(&made.columns[6]);
    assert!(flags.iter().all(|flag| matches!(flag, Some(0 | 1) | None)), "bounds are found");
    let incomes: Vec<i64> = integers(&made.columns[7]).into_iter().flatten().collect();
    let mean = incomes.iter().sum::<i64>() / i64::try_from(incomes.len()).unwrap();
    assert!((37_000..49_000).contains(&mean), "{mean}");
    assert!(incomes.iter().all(|income| (0..90_000).contains(income)));
    let villages = texts(&made.columns[3]).into_iter().flatten().filter(|v| v.starts_with('B')).count();
    assert!(villages * 2 > rows, "large villages are there: {villages} of {rows}");
}

fn visits(people: &[Person]) -> RecordBatch {
    let mut ids = Vec::new();
    for (place, person) in people.iter().enumerate() {
        ids.extend(std::iter::repeat_n(person.id.as_str(), 1 + place % 3));
    }
    let doctors = (0..ids.len()).map(|row| format!("D{:03}", row % 50));
    let costs: Vec<f64> = (0..ids.len()).map(|row| (row % 90) as f64 / 100.0).collect();
    let times = (0..ids.len()).map(|row| 1_700_000_000_000_000 + i64::try_from(row).unwrap() * 3_600_000_000);
    RecordBatch::try_from_iter([
        ("person", Arc::new(StringArray::from_iter_values(&ids)) as ArrayRef),
        ("doctor", Arc::new(StringArray::from_iter_values(doctors)) as ArrayRef),
        ("cost", Arc::new(Float64Array::from(costs)) as ArrayRef),
        ("at", Arc::new(TimestampMicrosecondArray::from_iter_values(times)) as ArrayRef),
    ])
    .unwrap()
}

#[test]
fn tables_of_a_tenant_join_however_they_were_delivered() {
    let (people, batch) = people(7);
    let person = features();
    let (key, secret) = (["id".to_owned()], secret(7));
    let register = made(&terms(&person, &key, &secret, PEOPLE), &batch);
    let visits = visits(&people);
    let general = SensitiveKind::General;
    let features: Vec<Feature> = vec![
        feature(
            "person",
            DataType::Text,
            SensitiveKind::ResidentId,
            Label::Identifier,
            format(SensitiveKind::ResidentId),
        ),
        feature(
            "doctor",
            DataType::Text,
            general,
            Label::Identifier,
            MaskSpec::Token { domain: "doctor".into() },
        ),
        feature("cost", DataType::Float, general, Label::Sensitive, MaskSpec::Keep),
        feature("at", DataType::Timestamp, general, Label::Quasi, MaskSpec::Keep),
    ];
    let key = ["person".to_owned()];
    let terms = Terms { table: "visits", ..terms(&features, &key, &secret, visits.num_rows()) };
    let made = made(&terms, &visits);
    let known: HashSet<_> = texts(&register.columns[0]).into_iter().collect();
    let persons = texts(&made.columns[0]);
    let distinct: HashSet<_> = persons.iter().copied().collect();
    let joined = persons.iter().filter(|person| known.contains(*person)).count();
    assert!(joined * 10 >= persons.len() * 8, "{joined} of {}", persons.len());
    assert!(distinct.len() * 3 < persons.len() * 2, "people come more than once");
    let doctors: HashSet<_> = texts(&made.columns[1]).into_iter().collect();
    assert!((2..=8).contains(&doctors.len()), "a tenth of the doctors, not {}", doctors.len());
    let costs = arrow::array::AsArray::as_primitive::<arrow::datatypes::Float64Type>(&made.columns[2]);
    assert!(costs.iter().flatten().all(|cost| (0.0..=2.0).contains(&cost)));
    let times =
        arrow::array::AsArray::as_primitive::<arrow::datatypes::TimestampMicrosecondType>(&made.columns[3]);
    let near = |at: &i64| (1_690_000_000_000_000..1_740_000_000_000_000).contains(at);
    let within = times.iter().flatten().filter(near).count();
    assert!(within * 10 >= times.len() * 8, "{within} of {} within the years of the data", times.len());
}

#[test]
fn empty_and_tiny_tables_have_stand_ins() {
    let (_, batch) = people(8);
    let features = features();
    let (key, secret) = (["id".to_owned()], secret(8));
    for rows in [0, 1, 7, 60] {
        let made = made(&terms(&features, &key, &secret, rows), &batch.slice(0, rows));
        assert!(made.columns.iter().all(|column| column.len() <= rows));
        assert!(made.publishable(), "{rows}");
    }
}

#[test]
fn numbers_of_every_size_are_bounded() {
    let numbers: Vec<i64> = (0..2_000).map(|n| -5_000_000 + n * 100).collect();
    let ids = (0..2_000).map(|n| format!("K{n}"));
    let batch = RecordBatch::try_from_iter([
        ("k", Arc::new(StringArray::from_iter_values(ids)) as ArrayRef),
        ("n", Arc::new(Int64Array::from(numbers)) as ArrayRef),
    ])
    .unwrap();
    let general = SensitiveKind::General;
    let features = [
        feature("k", DataType::Text, general, Label::Identifier, MaskSpec::Token { domain: "k".into() }),
        feature("n", DataType::Integer, general, Label::Sensitive, MaskSpec::Keep),
    ];
    let (key, secret) = (["k".to_owned()], secret(4));
    let made = made(&terms(&features, &key, &secret, 2_000), &batch);
    let drawn = integers(&made.columns[1]);
    let inside = drawn.iter().flatten().filter(|n| (-5_100_000..-4_700_000).contains(*n)).count();
    assert!(inside * 10 >= drawn.len() * 9, "{inside} of {}", drawn.len());
    assert!(
        made.publishable(),
        "values that are dense are met by chance: {:?}",
        made.report.succeeded().collect::<Vec<_>>()
    );
}

/// Many authorisations that are granted the same know no more together than one: sample and noise are the same.
#[test]
fn what_is_learnt_of_the_same_rows_has_one_noise_in_all_tenants() {
    let (_, batch) = people(12);
    let (features, key) = (features(), ["id".to_owned()]);
    let (one, other, shared) = (secret(12), secret(13), secret(14));
    let of = |secret| Terms { shared: &shared, ..terms(&features, &key, secret, PEOPLE) };
    let seed = of(&one).learnt_seed("model 1");
    assert_eq!(seed, of(&other).learnt_seed("model 1"));
    assert_ne!(of(&one).seed("rows 1"), of(&other).seed("rows 1"));
    let (first, second) = (made(&of(&one), &batch), made(&of(&other), &batch));
    assert_eq!(first.columns[0].len(), second.columns[0].len(), "one sample");
    let ids: HashSet<_> = texts(&first.columns[0]).into_iter().collect();
    assert!(texts(&second.columns[0]).iter().all(|id| !ids.contains(id)), "nothing joins across tenants");
    // Noise of another question is drawn anew: of one that followed the first it could be taken away.
    let fewer = &features[1..];
    let masked: Vec<Feature> =
        features.iter().map(|feature| Feature { mask: MaskSpec::Null, ..feature.clone() }).collect();
    let others = [
        Terms { features: fewer, ..of(&one) },
        Terms { features: &masked, ..of(&one) },
        Terms { per_mille: 101, ..of(&one) },
        Terms { snapshot: "s2", ..of(&one) },
        Terms { table: "another", ..of(&one) },
        Terms { shared: &other, ..of(&one) },
    ];
    for terms in others {
        assert_ne!(seed, terms.learnt_seed("model 1"), "{terms:?}");
    }
}
