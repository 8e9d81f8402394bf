//! Raw identifiers that survive.

use super::people::*;
use crate::attack::{Attack, Input, Limits, Rows, examine};

fn wide(text: &str) -> String {
    text.chars().map(|c| c.to_digit(10).map_or(c, |d| char::from_u32(0xff10 + d).unwrap())).collect()
}

#[test]
fn identifiers_in_free_text_however_written() {
    let raw = people(4_000, 51);
    let (ids, mobiles, names) = (strings(&raw, "id_no"), strings(&raw, "mobile"), strings(&raw, "name"));
    let write: Vec<Box<dyn Fn(usize) -> String>> = vec![
        Box::new(|row| format!("联系电话{}。", mobiles[row])),
        Box::new(|row| {
            format!("电话：{}-{}-{}", &mobiles[row][..3], &mobiles[row][3..7], &mobiles[row][7..])
        }),
        Box::new(|row| format!("证件号{}", wide(&ids[row]))),
        Box::new(|row| format!("{{\"id\":\"{}\"}}", ids[row].to_lowercase())),
        Box::new(|row| format!("患者{}来院复查", names[row])),
    ];
    let well = masked_well(&raw, 51);
    let held = report(&raw, &well);
    for write in write {
        // One note in two hundred.
        let notes = strings(&raw, "note").into_iter().enumerate();
        let notes = texts(notes.map(|(row, note)| if row % 200 == 7 { write(row) } else { note }));
        let weak = report(&with(&raw, vec![("note", notes.clone())]), &with(&well, vec![("note", notes)]));
        check(Attack::Residue, "note", &weak, &held);
    }
}

#[test]
fn numbers_of_third_persons_are_found_by_the_detectors() {
    let raw = people(4_000, 52);
    let well = masked_well(&raw, 52);
    let note = |digit: u32| {
        let notes = strings(&raw, "note").into_iter().enumerate();
        texts(notes.map(move |(row, note)| {
            if row % 500 == 3 {
                format!("{note}，家属电话1590000{:03}{digit}", row % 1_000)
            } else {
                note
            }
        }))
    };
    let raw = with(&raw, vec![("note", note(1))]);
    let weak = with(&well, vec![("note", note(1))]);
    // The same notes with another number in its place.
    let twin = with(&well, vec![("note", note(2))]);
    check(Attack::Residue, "note", &report(&raw, &weak), &report(&raw, &twin));
}

#[test]
fn identifiers_in_other_columns_and_in_unknown_rows() {
    let raw = people(4_000, 53);
    let well = masked_well(&raw, 53);
    let account = strings(&raw, "mobile").into_iter().map(|mobile| format!("wx_{mobile}"));
    let weak = with(&well, vec![("account", texts(account))]);
    let made_up = strings(&well, "mobile").into_iter().map(|mobile| format!("wx_{mobile}"));
    let twin = with(&well, vec![("account", texts(made_up))]);
    check(Attack::Residue, "account", &report(&raw, &weak), &report(&raw, &twin));
    let columns = columns();
    let unknown =
        |masked| examine(&Input::new(&raw, masked, &columns, Rows::Unknown), &Limits::default()).unwrap();
    check(Attack::Residue, "account", &unknown(&weak), &unknown(&twin));
}
