//! The packs of the repository against the rules for activation.

use super::*;

fn packs() -> Vec<Pack> {
    let zhejiang = zhejiang();
    let below = |id: &str| parsed(&files(id), Some(&zhejiang));
    let top = |id: &str| parsed(&files(id), None);
    vec![below("deqing"), below("xinchang"), top("yanan"), top("futian"), zhejiang.clone()]
}

#[test]
fn every_text_says_its_status_and_validity() {
    let day = |text: &str| Some(text.parse().unwrap());
    let expected = [
        ("deqing", Status::Draft, (None, None)),
        ("xinchang", Status::Draft, (None, None)),
        ("yanan", Status::Draft, (None, None)),
        ("futian", Status::InForce, (day("2024-01-30"), day("2027-01-29"))),
        ("zhejiang", Status::InForce, (day("2023-09-01"), None)),
    ];
    for (pack, (id, status, in_force)) in packs().iter().zip(expected) {
        assert_eq!((pack.id.as_str(), pack.status, pack.in_force), (id, status, in_force));
    }
}
