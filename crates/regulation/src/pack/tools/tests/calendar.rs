use super::*;

#[test]
fn the_duty_calendar_has_every_duty_and_the_same_days_in_both_forms() {
    let (from, until) = ("2026-01-01".parse().unwrap(), "2027-12-31".parse().unwrap());
    for pack in packs() {
        let table = duty_calendar(&pack, &calendar(), from, until);
        let file = duty_ical(&pack, &calendar(), from, until, Lang::Zh);
        let rows: usize = table
            .blocks
            .iter()
            .map(|block| if let Block::Table(table) = block { table.rows.len() } else { 0 })
            .sum();
        assert_eq!(file.matches("BEGIN:VEVENT").count(), rows, "{}", pack.id);
        let text = table.markdown(Lang::Zh);
        for duty in &pack.duties {
            assert!(text.contains(&duty.name), "{} {}", pack.id, duty.name);
        }
        assert_eq!(rows == 0, pack.duties.is_empty(), "{}", pack.id);
        assert_eq!(file, duty_ical(&pack, &calendar(), from, until, Lang::Zh));
    }
}

#[test]
fn days_come_in_order_and_say_when_they_are_provisional() {
    let pack = pack("futian");
    let (from, until) = ("2026-01-01".parse().unwrap(), "2027-12-31".parse().unwrap());
    let document = duty_calendar(&pack, &calendar(), from, until);
    let Some(Block::Table(table)) = document.blocks.last() else { panic!("{document:?}") };
    let days: Vec<&str> = table.rows.iter().map(|row| row.cells[0].zh.get(..10).unwrap()).collect();
    assert!(days.is_sorted() && days.len() > 24, "{days:?}");
}
