//! Published parts put together, and columns that tell one another.

use super::people::*;
use crate::attack::{Attack, Bound, Input, Limits, Published, Rows, Unit, examine};
use crate::ir::Label;

#[test]
fn first_six_and_last_four() {
    let raw = people(6_000, 31);
    let well = masked_well(&raw, 31);
    let held = report(&raw, &well);
    let part = |f: &dyn Fn(&str) -> String| texts(strings(&raw, "id_no").iter().map(|v| f(v)));
    let weak = with(&well, vec![("id_no", part(&|v| format!("{}********{}", &v[..6], &v[14..])))]);
    check(Attack::Stitch, "id_no", &report(&raw, &weak), &held);
    // In two columns, beside a token.
    let head = part(&|v| v[..6].to_owned());
    let tail = part(&|v| v[14..].to_owned());
    let apart = with(&well, vec![("area", head.clone()), ("tail", tail.clone())]);
    let found = report(&raw, &apart);
    check(Attack::Stitch, "id_no", &found, &held);
    let told = &found.attacks.iter().find(|f| f.attack == Attack::Stitch && f.succeeded()).unwrap().columns;
    // Others may tell a part of it, too: the sex is in the last four.
    assert!(
        ["id_no", "area", "tail"].iter().all(|part| told.iter().any(|column| column == part)),
        "{told:?}"
    );
    // Each alone leaves enough.
    let one = report(&raw, &with(&well, vec![("area", head)]));
    check(Attack::Stitch, "id_no", &found, &one);
    // In two tables: the other one is published already.
    let other = without(&with(&well, vec![("tail", tail)]), &["id_no", "mobile"]);
    let table = with(&well, vec![("id_no", part(&|v| format!("{}************", &v[..6])))]);
    let described = columns();
    let both = |published: &[Published<'_>]| {
        let input = Input { published, ..Input::new(&raw, &table, &described, Rows::Same) };
        examine(&input, &Limits::default()).unwrap()
    };
    let stitched = both(&[Published { rows: &other, from: Rows::Same }]);
    check(Attack::Stitch, "id_no", &stitched, &both(&[]));
}

#[test]
fn birth_date_sex_and_region_beside_a_token() {
    let raw = people(6_000, 32);
    let well = masked_well(&raw, 32);
    let clear = |names: &[&'static str]| {
        let kept = names.iter().map(|name| (*name, raw.column_by_name(name).unwrap().clone()));
        report(&raw, &with(&well, kept.collect()))
    };
    let weak = clear(&["birth_date", "district"]);
    check(Attack::Stitch, "id_no", &weak, &report(&raw, &well));
    let finding =
        weak.attacks.iter().find(|f| f.attack == Attack::Stitch && f.columns[0] == "id_no").unwrap();
    let measure = finding.measure.unwrap();
    // A thousand sequence numbers, half of them for the known sex.
    assert_eq!((measure.unit, measure.bound), (Unit::Bits, Bound::AtLeast(13.0)));
    assert!((8.9..9.1).contains(&measure.value), "{measure:?}");
    for name in ["birth_date", "district", "sex"] {
        assert!(finding.columns.contains(&name.to_owned()), "{name}");
    }
}

#[test]
fn shown_parts_single_people_out() {
    let raw = people(6_000, 33);
    let well = masked_well(&raw, 33);
    let part = |f: &dyn Fn(&str) -> String| {
        with(&well, vec![("mobile", texts(strings(&raw, "mobile").iter().map(|v| f(v))))])
    };
    let weak = report(&raw, &part(&|v| format!("{}XXXX{}", &v[..3], &v[7..])));
    let twin = report(&raw, &part(&|v| format!("{}********", &v[..3])));
    check(Attack::Fragments, "mobile", &weak, &twin);
}

#[test]
fn a_hidden_column_follows_from_another() {
    let raw = people(6_000, 34);
    let well = masked_well(&raw, 34);
    // Codes of the illnesses are hidden, their names are not: two columns of one thing.
    let coded: Vec<String> = strings(&raw, "illness")
        .into_iter()
        .map(|v| format!("C{}", ILLNESSES.iter().position(|known| *known == v).unwrap()))
        .collect();
    let raw = with(&raw, vec![("code", texts(coded))]);
    let mut columns = columns();
    columns
        .push(crate::attack::Column::new("code", crate::SensitiveKind::Medical).with_label(Label::Sensitive));
    let judge = |masked: &arrow::array::RecordBatch| {
        examine(&Input::new(&raw, masked, &columns, Rows::Same), &Limits::default()).unwrap()
    };
    let weak = judge(&well);
    let twin = judge(&without(&well, &["illness"]));
    check(Attack::Determined, "code", &weak, &twin);
    let finding = weak.succeeded().find(|f| f.attack == Attack::Determined).unwrap();
    assert_eq!(finding.columns, ["code", "illness"]);
}
