//! Attacks on stand-ins by somebody who knows everything but the secrets.

use std::collections::{HashMap, HashSet};

use super::people::*;
use crate::attack::Outcome;
use crate::masking::MaskSpec;
use crate::twin::Verdict;
use crate::twin::standin::Treatment;

#[test]
fn who_knows_everything_but_the_secret_learns_nothing_of_it() {
    let (mut right, mut all) = (0_u32, 0_u32);
    for seed in 1..=4 {
        let (people, batch) = people(seed);
        let features = features();
        let (key, secret) = (["id".to_owned()], secret(seed));
        let made = made(&terms(&features, &key, &secret, PEOPLE), &batch);
        let (zones, villages, flags) =
            (texts(&made.columns[2]), texts(&made.columns[3]), integers(&made.columns[6]));
        // Alone in a village; or the first of the register who fits a row in order.
        let by_village: HashMap<&str, &Person> = people.iter().map(|p| (p.village.as_str(), p)).collect();
        for (row, flag) in flags.iter().enumerate() {
            let alone = villages[row].filter(|v| v.starts_with('S')).and_then(|v| by_village.get(v));
            let ordered = people.get(row * 10).filter(|p| Some(p.zone.as_str()) == zones[row]);
            for person in alone.copied().into_iter().chain(ordered) {
                all += 1;
                right += u32::from(*flag == Some(person.flag));
            }
        }
        assert!(
            villages.iter().flatten().all(|village| !village.starts_with('S')),
            "nobody's own village is told"
        );
    }
    let expected = f64::from(all) / 2.0;
    let off = (f64::from(right) - expected).abs() / (f64::from(all) / 4.0).sqrt();
    assert!(all > 100 && off < 4.0, "{right} of {all}");
}

#[test]
fn no_identifier_and_no_free_text_is_left() {
    let (people, batch) = people(9);
    let features = features();
    let (key, secret) = (["id".to_owned()], secret(9));
    let made = made(&terms(&features, &key, &secret, PEOPLE), &batch);
    let raw: HashSet<&str> = people.iter().flat_map(|p| [p.id.as_str(), p.phone.as_str()]).collect();
    for (feature, column) in features.iter().zip(&made.columns) {
        let Some(column) = arrow::array::AsArray::as_string_opt::<i32>(column) else { continue };
        for text in column.iter().flatten() {
            assert!(
                !raw.contains(text) && !people.iter().any(|p| text.contains(&p.phone)),
                "{}",
                feature.name
            );
        }
    }
    let illnesses = texts(&made.columns[8]);
    assert!(illnesses.iter().flatten().all(|token| token.starts_with('~')), "the mask's form is kept");
}

#[test]
fn every_stand_in_is_attacked_and_the_report_names_no_value() {
    let (people, batch) = people(3);
    let features = features();
    let (key, secret) = (["id".to_owned()], secret(3));
    let made = made(&terms(&features, &key, &secret, PEOPLE), &batch);
    assert!(made.publishable(), "{:?}", made.report.succeeded().collect::<Vec<_>>());
    assert_ne!(made.memorisation, None);
    assert_ne!(made.memorisation, Some(Verdict::Copied));
    let tried = made.report.attacks.iter().filter(|finding| finding.outcome == Outcome::Held).count();
    assert!(tried >= 4, "{tried}");
    let json = serde_json::to_string(&made.report).unwrap();
    assert!(people.iter().all(|p| !json.contains(&p.id) && !json.contains(p.village.as_str())), "{json}");
}

#[test]
fn asking_again_is_not_another_look_and_tenants_share_nothing() {
    let (_, batch) = people(5);
    let features = features();
    let key = ["id".to_owned()];
    let (one, other) = (secret(1), secret(2));
    let first = made(&terms(&features, &key, &one, PEOPLE), &batch);
    assert_eq!(first.columns, made(&terms(&features, &key, &one, PEOPLE), &batch).columns);
    let theirs = made(&terms(&features, &key, &other, PEOPLE), &batch);
    let ids: HashSet<_> = texts(&first.columns[0]).into_iter().collect();
    let shared = texts(&theirs.columns[0]).into_iter().filter(|id| ids.contains(id)).count();
    assert_eq!(shared, 0);
}

#[test]
fn what_is_hidden_is_null_and_a_key_is_never_public() {
    let mut features = features();
    features[7].mask = MaskSpec::Null;
    features[0].label = crate::ir::Label::Public;
    features[0].mask = MaskSpec::Keep;
    let key = ["id".to_owned()];
    assert_eq!(features[0].treatment(&key), Treatment::Invented);
    let (people, batch) = people(6);
    let secret = secret(6);
    let made = made(&terms(&features, &key, &secret, PEOPLE), &batch);
    assert_eq!(made.columns[7].null_count(), made.columns[7].len());
    let raw: HashSet<&str> = people.iter().map(|p| p.id.as_str()).collect();
    assert!(texts(&made.columns[0]).iter().flatten().all(|id| !raw.contains(id)));
}
