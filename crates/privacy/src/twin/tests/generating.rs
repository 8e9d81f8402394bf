use std::collections::{BTreeMap, HashSet};

use super::population::*;
use crate::format::{self, ResidentId};
use crate::twin::{generate, schema};

#[test]
fn identifiers_are_valid_agree_with_their_row_and_are_nobodys() {
    let data = people(20_000, 11);
    let model = fitted(&data, &county(), epsilon(40_000_000), 12);
    let twin = generated(&model, 20_000, 13);
    let person = &twin[0].batches;
    let ids: Vec<String> = texts(person, "id").into_iter().flatten().collect();
    assert_eq!(ids.len(), 20_000);
    let columns = [texts(person, "region"), texts(person, "sex"), texts(person, "birth")];
    for (row, id) in ids.iter().enumerate() {
        let parsed = ResidentId::parse(id).unwrap();
        assert_eq!(Some(parsed.region.to_string()), columns[0][row]);
        assert_eq!(columns[1][row].as_deref(), Some(if parsed.sequence % 2 == 1 { "男" } else { "女" }));
        let (year, month, day) = format::civil_from_days(parsed.birth);
        assert_eq!(columns[2][row], Some(format!("{year:04}-{month:02}-{day:02}")));
    }
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len(), "each is another");
    let raw = &data[0].1;
    let real: HashSet<String> = texts(std::slice::from_ref(raw), "id").into_iter().flatten().collect();
    let hits = ids.iter().filter(|id| real.contains(*id)).count() as f64;
    // By chance: 20 000 in 20 000 of four regions, 29 220 days and 1 000 numbers a day, the largest region with 3/8.
    let share: f64 = [3.0, 2.0, 2.0, 1.0].iter().map(|e| (e / 8.0_f64).powi(2)).sum();
    let expected = 20_000.0 * 20_000.0 * share / (29_220.0 * 1_000.0);
    assert!(hits <= expected + 5.0 * expected.sqrt(), "{hits} of {expected}");
    let mobiles = texts(person, "mobile");
    let numbers: HashSet<String> = texts(std::slice::from_ref(raw), "mobile").into_iter().flatten().collect();
    assert!(mobiles.iter().flatten().all(|n| format::is_mobile(n.as_bytes()) && !numbers.contains(n)));
    let names: HashSet<String> = texts(std::slice::from_ref(raw), "name").into_iter().flatten().collect();
    assert!(texts(person, "name").iter().flatten().all(|name| !names.contains(name)));
}

#[test]
fn a_generous_budget_keeps_marginals_and_dependence() {
    let data = people(20_000, 14);
    let model = fitted(&data, &county(), epsilon(40_000_000), 15);
    let twin = generated(&model, 20_000, 16);
    let raw = [data[0].1.clone()];
    let both = |name: &str| (texts(&raw, name), texts(&twin[0].batches, name));
    for name in ["region", "sex"] {
        let (raw, twin) = both(name);
        assert!(distance(&raw, &twin) < 0.02, "{name}: {}", distance(&raw, &twin));
    }
    let bands = |values: Vec<Option<String>>| -> Vec<Option<i64>> {
        values.into_iter().map(|v| v.map(|v| v.parse::<f64>().unwrap() as i64 / 1_000)).collect()
    };
    let (incomes, twins) = both("income");
    let (incomes, twins) = (bands(incomes), bands(twins));
    assert!(distance(&incomes, &twins) < 0.02, "{}", distance(&incomes, &twins));
    // Two-way: region and job, decade and income.
    let pair = |a: Vec<Option<String>>, b: Vec<Option<String>>| -> Vec<_> {
        let fold = |job: Option<String>| job.filter(|job| !job.starts_with('~') && !job.starts_with("独"));
        a.into_iter().zip(b.into_iter().map(fold)).collect()
    };
    let ((a, x), (b, y)) = (both("region"), both("job"));
    let far = distance(&pair(a, b), &pair(x, y));
    assert!(far < 0.03, "{far}");
    let decade = |v: Option<String>| v.map(|v| v.chars().take(3).collect::<String>());
    let (births, born) = both("birth");
    let a: Vec<_> = births.into_iter().map(decade).zip(incomes).collect();
    let b: Vec<_> = born.into_iter().map(decade).zip(twins).collect();
    assert!(distance(&a, &b) < 0.08, "{}", distance(&a, &b));
    // Without the pair it would be far off.
    let mut shuffled = b.clone();
    let turned: Vec<_> = b.iter().map(|(_, income)| *income).rev().collect();
    shuffled.iter_mut().zip(turned).for_each(|(row, income)| row.1 = income);
    assert!(distance(&a, &shuffled) > 0.3);
}

#[test]
fn a_tiny_budget_is_pure_noise() {
    let data = people(20_000, 17);
    // Regions of 3/8 and 1/8 of the people; under noise each is as likely to be the larger.
    let mut turned = 0;
    for seed in 0..20 {
        let model = fitted(&data, &county(), epsilon(500), seed);
        let (_, counts) = model.marginal("person", "region").unwrap();
        turned += u32::from(counts[4] > counts[1]);
        let rows = model.rows("person").unwrap();
        assert!(rows.abs_diff(20_000) > 200, "{rows}");
        assert!(model.marginal("person", "job").unwrap().1.len() == 2, "no job passes the threshold");
        assert!(!generated(&model, 50, 1)[0].batches.is_empty());
    }
    assert!((2..=18).contains(&turned), "{turned}");
}

#[test]
fn foreign_keys_are_whole_and_joins_keep_their_shape() {
    let data = people(20_000, 18);
    let model = fitted(&data, &county(), epsilon(40_000_000), 19);
    let twin = generated(&model, 10_000, 20);
    let keys: HashSet<String> = texts(&twin[0].batches, "id").into_iter().flatten().collect();
    let visits: Vec<String> = texts(&twin[1].batches, "person_id").into_iter().flatten().collect();
    assert_eq!(visits.len(), twin[1].batches.iter().map(|b| b.num_rows()).sum::<usize>());
    assert!(visits.iter().all(|key| keys.contains(key)));
    // Two visits a person on the average.
    assert!((19_000..21_000).contains(&visits.len()), "{}", visits.len());
    let fan_out = |keys: &[String], visits: &[String]| -> Vec<usize> {
        let mut counts: BTreeMap<&str, usize> = keys.iter().map(|key| (key.as_str(), 0)).collect();
        visits.iter().for_each(|key| *counts.get_mut(key.as_str()).unwrap() += 1);
        counts.into_values().collect()
    };
    let raw_keys: HashSet<String> = texts(&[data[0].1.clone()], "id").into_iter().flatten().collect();
    let raw_visits: Vec<String> = texts(&[data[1].1.clone()], "person_id").into_iter().flatten().collect();
    let of = |keys: &HashSet<String>| keys.iter().cloned().collect::<Vec<_>>();
    let far = distance(&fan_out(&of(&raw_keys), &raw_visits), &fan_out(&of(&keys), &visits));
    assert!(far < 0.03, "{far}");
    let numbers = integers(&twin[1].batches, "visit_id");
    assert!(numbers.iter().copied().eq(1..=i64::try_from(visits.len()).unwrap()));
}

#[test]
fn entities_of_several_rows_keep_their_rows_together() {
    let mut table = visit();
    table.columns[1].content = invented(crate::SensitiveKind::ResidentId);
    let description = crate::twin::Description { tables: vec![table] };
    let data = vec![people(20_000, 21).remove(1)];
    let model = fitted(&data, &description, epsilon(30_000_000), 22);
    let twin = generate(&model, &BTreeMap::from([("visit".into(), 9_000)]), [1; 32]).unwrap();
    let ids: Vec<String> = texts(&twin[0].batches, "person_id").into_iter().flatten().collect();
    let distinct = ids.iter().collect::<HashSet<_>>().len();
    // One, two and five rows, each as often: 8/3 on the average.
    assert!((3_100..3_700).contains(&distinct), "{distinct}");
    assert!(ids.iter().all(|id| ResidentId::parse(id).is_some()));
}

#[test]
fn twins_repeat_for_a_seed_and_have_the_schema() {
    let model = fitted(&people(500, 23), &county(), epsilon(20_000_000), 24);
    let twin = generated(&model, 9_000, 25);
    assert_eq!(twin, generated(&model, 9_000, 25));
    assert_ne!(twin, generated(&model, 9_000, 26));
    for (table, made) in county().tables.iter().zip(&twin) {
        assert_eq!(table.name, made.name);
        for batch in &made.batches {
            assert_eq!(*batch.schema(), schema(table));
        }
    }
    let refused = generate(&model, &BTreeMap::new(), [1; 32]).unwrap_err();
    assert_eq!(refused.code(), "privacy.twin");
    let refused = generate(&model, &BTreeMap::from([("person".into(), u64::MAX)]), [1; 32]).unwrap_err();
    assert_eq!(refused.code(), "privacy.twin_limit");
}
