use proptest::prelude::*;

use super::*;

const THRESHOLDS: Thresholds = Thresholds {
    personal_rows: 10_000_000,
    sensitive_rows: 1_000_000,
    personal_level: 2,
    sensitive_level: 4,
    deidentified_level: 2,
    conditional_level: 2,
    prohibited_level: 4,
};

fn grade(kinds: &[SensitiveKind], rows: u64, hints: &[Hint]) -> Grade {
    let label = kinds.iter().map(|kind| kind.label()).max().unwrap_or(Label::Public);
    propose(&Subject { kinds, label, rows, hints }, &THRESHOLDS)
}

fn codes(grade: &Grade) -> Vec<&'static str> {
    grade.reasons.iter().map(Reason::code).collect()
}

#[test]
fn the_table_of_the_standard() {
    use Class::{Core, General, Important};
    for (object, classes) in [
        (Object::NationalSecurity, [Important, Core, Core]),
        (Object::Economy, [General, Important, Core]),
        (Object::SocialOrder, [General, Important, Core]),
        (Object::PublicInterest, [General, Important, Core]),
        (Object::Organization, [General, General, General]),
        (Object::Individual, [General, General, General]),
    ] {
        for (harm, class) in [Harm::Ordinary, Harm::Serious, Harm::Severe].into_iter().zip(classes) {
            assert_eq!(class_of(object, harm), class, "{object:?} {harm:?}");
        }
    }
}

#[test]
fn kinds_rows_and_hints_make_the_grade() {
    use SensitiveKind as Kind;
    let nothing = grade(&[Kind::General], 50_000_000, &[]);
    assert_eq!(nothing, Grade::lowest());
    let name = grade(&[Kind::PersonName], 100, &[]);
    assert_eq!(
        (name.class, name.level, name.personal, name.sensitive_personal),
        (Class::General, 3, true, false)
    );
    assert_eq!(codes(&name), ["kind", "personal"]);
    let company = grade(&[Kind::CreditCode, Kind::OrganizationName], 90_000_000, &[]);
    assert_eq!((company.class, company.level, company.personal), (Class::General, 2, false));
    let illness = grade(&[Kind::Medical], 100, &[]);
    assert_eq!((illness.class, illness.level, illness.sensitive_personal), (Class::General, 4, true));
    for (rows, class) in [(999_999, Class::General), (1_000_000, Class::Important)] {
        assert_eq!(grade(&[Kind::Medical], rows, &[]).class, class);
    }
    for (rows, class) in [(9_999_999, Class::General), (10_000_000, Class::Important)] {
        let many = grade(&[Kind::PersonName], rows, &[]);
        assert_eq!(many.class, class);
        assert_eq!(codes(&many).contains(&"personal_rows"), class == Class::Important);
    }
    let stop = grade(&[Kind::Coordinate], 90_000_000, &[]);
    assert_eq!((stop.level, stop.personal), (3, false));
    let whereabouts = grade(&[Kind::Coordinate, Kind::Mobile], 10, &[]);
    assert_eq!((whereabouts.level, whereabouts.sensitive_personal), (4, true));
    let child = grade(&[Kind::PersonName], 10, &[Hint::Minors]);
    assert_eq!((child.level, child.sensitive_personal), (4, true));
    let masked = grade(&[Kind::Medical, Kind::PersonName], 50_000_000, &[Hint::Deidentified]);
    assert_eq!((masked.class, masked.level, masked.sensitive_personal), (Class::General, 2, false));
    let road = [Hint::Harm { object: Object::PublicInterest, harm: Harm::Serious }];
    let works = grade(&[], 10, &road);
    assert_eq!((works.class, works.level, codes(&works)), (Class::Important, 4, vec!["harm"]));
    let listed = grade(&[], 10, &[Hint::Catalogued { class: Class::Core }]);
    assert_eq!((listed.class, listed.level), (Class::Core, 4));
    assert_eq!(grade(&[], 10, &[Hint::Prohibited]).level, 4);
    assert_eq!(grade(&[], 10, &[Hint::Conditional]).level, 2);
    let key = propose(&Subject { kinds: &[], label: Label::Identifier, rows: 1, hints: &[] }, &THRESHOLDS);
    assert_eq!((key.level, codes(&key)), (3, vec!["label"]));
}

#[test]
fn derived_data_inherit_unless_aggregated() {
    let low = grade(&[], 10, &[]);
    let high = grade(&[SensitiveKind::Medical], 100, &[]);
    let sources = [Source { name: "a", grade: &low }, Source { name: "diagnosis", grade: &high }];
    let copied = derive(&low, &sources, Derivation::RowByRow);
    assert_eq!((copied.level, copied.sensitive_personal, codes(&copied)), (4, true, vec!["inherited"]));
    let counted = derive(&low, &sources, Derivation::Aggregated { group_min: 20, needed: 10 });
    assert_eq!((counted.level, counted.personal, codes(&counted)), (1, false, vec!["aggregated"]));
    let small = derive(&low, &sources, Derivation::Aggregated { group_min: 9, needed: 10 });
    assert_eq!((small.level, codes(&small)), (4, vec!["groups_too_small", "inherited"]));
    let one = derive(&low, &sources, Derivation::Aggregated { group_min: 1, needed: 0 });
    assert_eq!(one.level, 4, "a group of one is no aggregate");
    let important = grade(&[], 1, &[Hint::Catalogued { class: Class::Important }]);
    let sources = [Source { name: "grid", grade: &important }];
    let sum = derive(&low, &sources, Derivation::Aggregated { group_min: 20, needed: 10 });
    assert_eq!((sum.class, codes(&sum)), (Class::Important, vec!["aggregated", "aggregate_of_important"]));
}

#[test]
fn reasons_are_codes_and_parameters() {
    let reason = Reason::PersonalRows { rows: 12, threshold: 10 };
    let json = serde_json::to_string(&reason).unwrap();
    assert_eq!(json, r#"{"code":"personal_rows","rows":12,"threshold":10}"#);
    assert_eq!(serde_json::from_str::<Reason>(&json).unwrap(), reason);
    for reason in &grade(&[SensitiveKind::Medical], 99_000_000, &[Hint::Minors, Hint::Conditional]).reasons {
        let json = serde_json::to_value(reason).unwrap();
        assert_eq!(json["code"], reason.code());
    }
}

proptest! {
    /// More kinds, more rows and more hints never lower a grade; but for the one hint that says so.
    #[test]
    fn a_grade_only_rises(
        kinds in proptest::collection::vec(0_usize..SensitiveKind::ALL.len(), 0..5),
        more in 0_usize..SensitiveKind::ALL.len(),
        rows in 0_u64..20_000_000,
        hints in proptest::collection::vec(0_usize..4, 0..4),
    ) {
        let known = [
            Hint::Minors,
            Hint::Conditional,
            Hint::Prohibited,
            Hint::Harm { object: Object::Economy, harm: Harm::Serious },
        ];
        let hints: Vec<Hint> = hints.into_iter().map(|at| known[at]).collect();
        let mut kinds: Vec<SensitiveKind> = kinds.into_iter().map(|at| SensitiveKind::ALL[at]).collect();
        let before = grade(&kinds, rows, &hints);
        kinds.push(SensitiveKind::ALL[more]);
        let after = grade(&kinds, rows + 1_000_000, &hints);
        prop_assert!((after.class, after.level) >= (before.class, before.level));
        prop_assert!((1..=4).contains(&after.level));
        let copy = derive(&Grade::lowest(), &[Source { name: "x", grade: &after }], Derivation::RowByRow);
        prop_assert_eq!((copy.class, copy.level, copy.personal), (after.class, after.level, after.personal));
    }
}
