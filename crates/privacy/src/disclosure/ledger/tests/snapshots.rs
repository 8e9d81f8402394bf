use super::*;

fn at(snapshot: u64, contributors: impl IntoIterator<Item = u32>) -> Cell {
    Cell { snapshot, ..cell("owed", contributors) }
}

fn declared(cells: Vec<Cell>, snapshot: u64, changed: impl IntoIterator<Item = u32>) -> ReleaseLedger {
    let mut ledger = after(cells);
    ledger.declare_changes(measure("owed"), snapshot, changed.into_iter().collect()).unwrap();
    ledger
}

fn rules(ledger: &ReleaseLedger, cell: Cell) -> Vec<&'static str> {
    let assessment = ledger.assess(&candidate("new", vec![cell]), 5).unwrap();
    assessment.cells[0].reasons.iter().map(|reason| reason.kind.code()).collect()
}

#[test]
fn who_came_and_who_went_is_compared_across_snapshots() {
    let ledger = declared(vec![at(1, 0..100)], 2, 0..50);
    assert_eq!(rules(&ledger, at(2, 0..101)), ["ledger.neighbour"]);
    assert_eq!(rules(&ledger, at(2, 1..100)), ["ledger.neighbour"]);
    assert_eq!(rules(&ledger, at(2, 0..110)), [""; 0]);
}

#[test]
fn a_change_of_few_is_not_told() {
    // The same hundred people; three of them owe another sum than before.
    assert_eq!(rules(&declared(vec![at(1, 0..100)], 2, 0..3), at(2, 0..100)), ["ledger.change"]);
    assert_eq!(rules(&declared(vec![at(1, 0..100)], 2, 0..30), at(2, 0..100)), [""; 0]);
    assert_eq!(rules(&declared(vec![at(1, 0..100)], 2, []), at(2, 0..100)), [""; 0]);
    // Thirty changed, and all but two of them are in cells that told it already.
    let mut ledger = declared(vec![at(1, 0..100), at(1, 100..200)], 2, 80..110);
    ledger.append(candidate("second", vec![at(2, 0..100), at(2, 100..200)])).unwrap();
    assert_eq!(rules(&ledger, at(2, 82..160)), ["ledger.change"]);
    // Before the first release nothing can be subtracted.
    assert_eq!(rules(&declared(vec![], 2, 0..3), at(2, 0..100)), [""; 0]);
}

#[test]
fn undeclared_changes_and_older_snapshots_need_noise() {
    let ledger = after(vec![at(3, 0..100)]);
    assert_eq!(rules(&ledger, at(4, 0..100)), ["ledger.changes_undeclared"]);
    assert_eq!(rules(&ledger, at(2, 200..300)), ["ledger.older_snapshot"]);
    // Declared for one of two steps only.
    let ledger = declared(vec![at(3, 0..100)], 5, 0..50);
    assert_eq!(rules(&ledger, at(5, 0..100)), ["ledger.changes_undeclared"]);
    let mut ledger = declared(vec![at(3, 0..100)], 4, 0..50);
    ledger.declare_changes(measure("owed"), 5, (0..60).collect()).unwrap();
    assert_eq!(rules(&ledger, at(5, 0..100)), [""; 0]);
    // Declared too late, or again.
    for snapshot in [3, 5] {
        let late = ledger.declare_changes(measure("owed"), snapshot, RoaringBitmap::new());
        assert_eq!(late.unwrap_err().code(), "privacy.ledger");
    }
    // What left without a declaration leaves everything later unproved.
    let mut ledger = after(vec![at(1, 0..100)]);
    ledger.append(candidate("forced", vec![at(2, 0..100)])).unwrap();
    assert_eq!(rules(&ledger, at(2, 200..300)), ["ledger.changes_undeclared"]);
}

/// A cell that is missing would tell that somebody came or went, and so would one that is exact.
#[test]
fn without_a_declaration_it_makes_no_difference_who_came_or_went() {
    let ledger = after(vec![at(1, 0..100), at(1, 0..160)]);
    for set in [0..100, 0..101, 1..100, 2..110, 99..160, 0..160] {
        assert_eq!(rules(&ledger, at(2, set.clone())), ["ledger.changes_undeclared"], "{set:?}");
        assert_eq!(rules(&ledger, at(0, set.clone())), ["ledger.older_snapshot"], "{set:?}");
    }
    assert_eq!(rules(&ledger, at(1, 0..101)), ["ledger.neighbour"], "of the same rows it is a question");
    assert!(rules(&ledger, at(2, 0..4)).contains(&"ledger.few"), "a handful stays a handful");
}

#[test]
fn declarations_are_recorded() {
    let (mut ledger, opened) = ReleaseLedger::open(&[5; 32]);
    let mut records = vec![opened];
    records.push(ledger.append(candidate("first", vec![at(1, 0..100)])).unwrap());
    records.push(ledger.declare_changes(measure("owed"), 2, (0..3).collect()).unwrap());
    let text = serde_json::to_string(&records).unwrap();
    let again = ReleaseLedger::from_records(serde_json::from_str::<Vec<Record>>(&text).unwrap()).unwrap();
    assert_eq!(rules(&again, at(2, 0..100)), ["ledger.change"]);
}
