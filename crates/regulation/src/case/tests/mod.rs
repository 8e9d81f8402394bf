mod conditions;
mod fixture;
mod flow;
mod forms;
mod given;
mod lengths;
mod moving;
mod owed;
mod packs;
mod people;
mod promises;
mod properties;
mod refusals;
mod scenarios;
mod shapes;
mod time;
mod votes;

#[test]
fn case_numbers_are_padded() {
    assert_eq!(super::number("SQ", 2026, 7), "SQ-2026-0007");
    assert_eq!(super::number("SQ", 2026, 12_345), "SQ-2026-12345");
}
