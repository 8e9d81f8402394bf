//! What statistics offices publish every month must pass.

use super::*;

/// Releases cells of 4 000 people: by town (20 of 200), by age (8), both crossed, and all.
fn tables(months: u32) -> Vec<Candidate> {
    let town = |person: u32| person % 20;
    let age = |person: u32| person / 20 % 8;
    let month = |number: u32| {
        let measure = format!("paid in month {number}");
        let group = |holds: &dyn Fn(u32) -> bool| cell(&measure, (0..4000).filter(|person| holds(*person)));
        let mut cells = vec![group(&|_| true)];
        cells.extend((0..20).map(|t| group(&|person| town(person) == t)));
        cells.extend((0..8).map(|a| group(&|person| age(person) == a)));
        for t in 0..20 {
            cells.extend((0..8).map(|a| group(&|person| town(person) == t && age(person) == a)));
        }
        candidate(&format!("month {number}"), cells)
    };
    (1..=months).map(month).collect()
}

#[test]
fn the_same_tables_month_after_month_pass() {
    let mut ledger = ledger();
    for month in tables(6) {
        let assessment = ledger.assess(&month, 10).unwrap();
        assert_eq!(assessment.verdict, Verdict::Allow, "{}", month.release);
        ledger.append(month).unwrap();
    }
    let extent = ledger.extent(measure("paid in month 1")).unwrap();
    assert_eq!(extent.rows, 160);
}

#[test]
fn growing_sums_over_disjoint_groups_pass() {
    let mut ledger = ledger();
    for year in 0..12_u32 {
        // Each group gains fifty members a year; the total is published too.
        let group = |g: u32| (g * 10_000)..(g * 10_000 + 500 + 50 * year);
        let mut cells: Vec<Cell> = (0..10).map(|g| cell("registered", group(g))).collect();
        cells.push(cell("registered", (0..10).flat_map(group)));
        let release = candidate(&format!("year {year}"), cells);
        assert_eq!(ledger.assess(&release, 10).unwrap().verdict, Verdict::Allow);
        ledger.append(release).unwrap();
    }
    // A year in which one group gains three is not told of that group, nor of the total.
    let cells = vec![cell("registered", 0..1053), cell("registered", 10_000..11_100)];
    let assessment = ledger.assess(&candidate("later", cells), 10).unwrap();
    assert_eq!(assessment.cells[0].verdict, Verdict::Refuse);
    assert_eq!(assessment.cells[1].verdict, Verdict::Allow);
}

#[test]
fn hierarchies_with_all_their_margins_pass() {
    // Villages of 60, 12 to a town, 5 towns; in whichever order they are asked for.
    let village = |v: u32| cell("n", (v * 60)..(v * 60 + 60));
    let town = |t: u32| cell("n", (t * 720)..(t * 720 + 720));
    let mut bottom_up: Vec<Cell> = (0..60).map(village).collect();
    bottom_up.extend((0..5).map(town));
    bottom_up.push(cell("n", 0..3600));
    let mut top_down = bottom_up.clone();
    top_down.reverse();
    for cells in [bottom_up, top_down] {
        let assessment = ledger().assess(&candidate("all", cells), 10).unwrap();
        assert_eq!(assessment.verdict, Verdict::Allow);
    }
}
