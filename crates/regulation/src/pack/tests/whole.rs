//! The packs of the repository against the rules for activation.

use super::*;
use crate::calendar::tests::national;

fn packs() -> Vec<Pack> {
    let zhejiang = zhejiang();
    let below = |id: &str| parsed(&files(id), Some(&zhejiang));
    let top = |id: &str| parsed(&files(id), Some(&national_texts()));
    vec![below("deqing"), below("xinchang"), top("yanan"), top("futian"), zhejiang.clone(), national_texts()]
}

/// A day on which the calendar reaches far enough for every clock that counts working days.
fn spring() -> base::Date {
    "2026-03-02".parse().unwrap()
}

#[test]
fn nothing_stands_against_activating_them() {
    let calendar = national();
    let mut errors = Vec::new();
    for pack in packs() {
        let found = lint(&pack, &calendar, spring());
        let found = found.iter().filter(|one| one.severity == Severity::Error);
        errors.extend(found.map(|one| format!("{} {} {} {}", pack.id, one.code, one.place, one.zh)));
    }
    assert!(errors.is_empty(), "\n{}", errors.join("\n"));
}

#[test]
fn every_clause_of_the_five_texts_is_accounted_for_and_shown() {
    let calendar = national();
    let mut own = std::collections::BTreeMap::new();
    for pack in packs() {
        for (from, count) in proof_counts(&pack, &calendar) {
            assert_eq!(count.unproven, 0, "{} {from}", pack.id);
            assert_eq!(count.clauses, count.carried + count.excused + count.pending, "{} {from}", pack.id);
            if from == pack.id {
                own.insert(from, (count.clauses, count.pending));
            }
        }
    }
    let expected = [
        ("deqing", 155, 0),
        ("futian", 152, 2),
        ("xinchang", 97, 0),
        ("yanan", 165, 1),
        ("zhejiang", 123, 2),
        ("national", 7, 0),
    ];
    let expected = expected.map(|(id, clauses, pending)| (id.to_owned(), (clauses, pending)));
    assert_eq!(own, expected.into_iter().collect(), "692 clauses; what is not carried yet may only shrink");
}

#[test]
fn every_test_that_an_excuse_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut named = 0;
    for pack in packs() {
        for (clause, excuse) in &pack.not_automated {
            for test in &excuse.tests {
                let (path, function) = test.split_once("::").expect("path.rs::function");
                let text = std::fs::read_to_string(root.join(path)).unwrap_or_default();
                assert!(is_test(&text, function), "{clause}: there is no test {test}");
                named += 1;
            }
        }
    }
    assert!(named > 30, "excuses name their tests");
}

/// Whether a source text has this function with a test attribute above it, or made by a macro of the file.
fn is_test(text: &str, function: &str) -> bool {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let head = format!("fn {function}(");
    let Some(at) = lines.iter().position(|line| line.trim_start_matches("async ").starts_with(&head)) else {
        return false;
    };
    let mut above =
        lines[..at].iter().rev().take_while(|line| line.starts_with('#') || line.starts_with("//"));
    let fails = lines[at..].iter().skip(1).take_while(|line| !line.starts_with("fn ")).any(|line| {
        line.contains("assert")
            || line.contains("refused(")
            || line.contains("expect(")
            || line.contains("unwrap")
    });
    above.any(|line| line.contains("test")) && fails
}

#[test]
fn a_function_that_is_no_test_is_not_taken_for_one() {
    let text = "#[test]\nfn real() {\n    assert!(true);\n}\n\nfn helper() {\n    assert!(true);\n}\n\n#[test]\nfn empty() {}\n";
    assert!(is_test(text, "real"));
    assert!(!is_test(text, "helper"));
    assert!(!is_test(text, "absent"));
    assert!(!is_test(text, "empty"));
}

#[test]
fn a_scenario_proves_only_what_its_own_rules_carry_and_its_refusal_names() {
    let calendar = national();
    let mut pack = deqing();
    let clause = "德清.附件5.三.1";
    let standing = |pack: &Pack| {
        proof(pack, &calendar).into_iter().find(|one| one.clause == clause).map(|one| one.standing).unwrap()
    };
    assert_eq!(standing(&pack), Standing::Proven);
    // Citing it elsewhere, or expecting it of a refusal on something else, is no proof.
    for scenario in &mut pack.scenarios {
        for expected in &mut scenario.then {
            if let Expectation::Refused(clauses) = expected {
                clauses.remove(clause);
            }
        }
        scenario
            .then
            .retain(|expected| !matches!(expected, Expectation::Refused(clauses) if clauses.is_empty()));
        scenario.clauses.push(clause.to_owned());
    }
    let other = pack.scenarios.iter_mut().find(|scenario| scenario.procedure == "定价").unwrap();
    other.then.push(Expectation::Refused([clause.to_owned()].into()));
    assert_eq!(standing(&pack), Standing::Unproven);
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
        ("national", Status::InForce, (None, None)),
    ];
    for (pack, (id, status, in_force)) in packs().iter().zip(expected) {
        assert_eq!((pack.id.as_str(), pack.status, pack.in_force), (id, status, in_force));
    }
}
