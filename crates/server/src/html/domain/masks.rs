//! Masks in words: what each is called, what it does, what it makes of an invented value, which there are to choose from.

use app::privacy::masking::{CalendarUnit, MaskSpec, RegionLevel};
use app::privacy::twin::example;
use app::privacy::{DataType, SensitiveKind};
use base::Date;

use super::common::{key, rounded};
use crate::html::desk::visit::Visit;
use crate::html::pages::change::MaskOption;

/// What a mask is called, with its strength.
pub(super) fn title(visit: &Visit, mask: &MaskSpec) -> String {
    let say = |name: &str, args: &[(&'static str, &str)]| visit.text_with(&format!("mask-is-{name}"), args);
    match mask {
        MaskSpec::Partial { head, tail, .. } => {
            say("partial", &[("head", &head.to_string()), ("tail", &tail.to_string())])
        }
        MaskSpec::ShiftDate { days_max } => say("shift-date", &[("days", &days_max.to_string())]),
        MaskSpec::ShiftEntity { days_max, .. } => say("shift-entity", &[("days", &days_max.to_string())]),
        MaskSpec::Round { step } => say("round", &[("step", &step.to_string())]),
        MaskSpec::Noise { per_mille } => say("noise", &[("percent", &rounded(f64::from(*per_mille) / 10.0))]),
        MaskSpec::Bands { edges } => say("bands", &[("count", &edges.len().to_string())]),
        MaskSpec::TopBottom { bottom, top } => {
            let bound = |bound: &Option<i64>| bound.map_or_else(|| "—".to_owned(), |at| at.to_string());
            say("top-bottom", &[("bottom", &bound(bottom)), ("top", &bound(top))])
        }
        MaskSpec::Age { years, top, .. } => {
            say("age", &[("years", &years.to_string()), ("top", &top.to_string())])
        }
        MaskSpec::Region { level } => visit.text(&format!("mask-is-region-{}", key(level))),
        MaskSpec::Calendar { unit } => visit.text(&format!("mask-is-calendar-{}", key(unit))),
        MaskSpec::Grid { micro_degrees } => {
            say("grid", &[("degrees", &rounded(f64::from(*micro_degrees) / 1e6))])
        }
        other => visit.text(&format!("mask-{}", other.name().replace('_', "-"))),
    }
}

/// What it does to a value, and what it leaves readable.
fn about(visit: &Visit, mask: &MaskSpec) -> String {
    visit.text(&format!("mask-about-{}", mask.name().replace('_', "-")))
}

/// An invented value before and after; empty where the mask does not fit the column.
pub(super) fn shown(
    visit: &Visit,
    kind: SensitiveKind,
    data_type: DataType,
    mask: &MaskSpec,
) -> (String, String) {
    match example(kind, data_type, mask) {
        // Codes of divisions are texts; of a number there is no example that is nobody's.
        Ok(_) if data_type != DataType::Text && matches!(mask, MaskSpec::Region { .. }) => Default::default(),
        Ok(made) => (made.before, made.after.unwrap_or_else(|| visit.text("mask-example-null"))),
        Err(_) => (String::new(), String::new()),
    }
}

/// A mask as one of several to choose from.
pub(super) fn option(
    visit: &Visit,
    kind: SensitiveKind,
    data_type: DataType,
    mask: &MaskSpec,
    selected: bool,
) -> MaskOption {
    let (before, after) = shown(visit, kind, data_type, mask);
    MaskOption {
        value: serde_json::to_string(mask).unwrap_or_default(),
        label: title(visit, mask),
        about: about(visit, mask),
        before,
        after,
        hides: mask.hides_identifier(),
        selected,
    }
}

/// The masks that fit a column, in the usual strengths; the one it has now stands first.
pub(super) fn fitting(
    kind: SensitiveKind,
    data_type: DataType,
    column: &str,
    now: &MaskSpec,
    today: Date,
) -> Vec<MaskSpec> {
    let mut masks = vec![now.clone()];
    for mask in usual(kind, column, today) {
        let shift = matches!(mask, MaskSpec::Keep | MaskSpec::Null) || changes(kind, data_type, &mask);
        if shift && example(kind, data_type, &mask).is_ok() && !masks.contains(&mask) {
            masks.push(mask);
        }
    }
    masks
}

/// Masks that would pass for texts of any sort, and make nothing but tokens of those that are not meant.
fn changes(kind: SensitiveKind, data_type: DataType, mask: &MaskSpec) -> bool {
    let text = data_type == DataType::Text;
    match mask {
        MaskSpec::Format { .. } => kind.is_identifier(),
        MaskSpec::Region { .. } => kind == SensitiveKind::General,
        MaskSpec::Calendar { .. } | MaskSpec::ShiftDate { .. } => !text || kind == SensitiveKind::BirthDate,
        MaskSpec::Age { .. } => kind == SensitiveKind::BirthDate,
        MaskSpec::Grid { .. } => kind == SensitiveKind::Coordinate,
        MaskSpec::Round { .. } | MaskSpec::Noise { .. } => !text,
        _ => true,
    }
}

fn usual(kind: SensitiveKind, column: &str, today: Date) -> Vec<MaskSpec> {
    let domain = if kind == SensitiveKind::General { column.to_lowercase() } else { kind.name().to_owned() };
    let mut masks = vec![MaskSpec::Null, MaskSpec::Token { domain }, MaskSpec::Format { kind }];
    masks.push(MaskSpec::Partial { head: 1, tail: 0, length: None, fill: '*' });
    let levels = [RegionLevel::Province, RegionLevel::Prefecture, RegionLevel::County];
    masks.extend(levels.map(|level| MaskSpec::Region { level }));
    let units = [CalendarUnit::Year, CalendarUnit::Quarter, CalendarUnit::Month];
    masks.extend(units.map(|unit| MaskSpec::Calendar { unit }));
    masks.extend([10, 5].map(|years| MaskSpec::Age { reference: today, years, top: 80 }));
    masks.extend([365, 30].map(|days_max| MaskSpec::ShiftDate { days_max }));
    masks.extend([10_000, 1_000, 100, 10].map(|step| MaskSpec::Round { step }));
    masks.extend([300, 100].map(|per_mille| MaskSpec::Noise { per_mille }));
    masks.extend([100_000, 10_000].map(|micro_degrees| MaskSpec::Grid { micro_degrees }));
    masks.push(MaskSpec::Keep);
    masks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mask_on_offer_fits_and_the_present_one_stands_first() {
        let today = Date::new(2026, 11, 22).unwrap();
        let now = MaskSpec::Bands { edges: vec![0, 10] };
        for kind in SensitiveKind::ALL {
            for data_type in [DataType::Text, DataType::Integer, DataType::Date, DataType::Float] {
                let masks = fitting(kind, data_type, "c", &now, today);
                assert_eq!(masks.first(), Some(&now));
                assert!(masks.contains(&MaskSpec::Keep) && masks.contains(&MaskSpec::Null));
                for mask in masks.iter().skip(1) {
                    mask.check().unwrap();
                    example(kind, data_type, mask).unwrap();
                    let text = serde_json::to_string(mask).unwrap();
                    assert_eq!(serde_json::from_str::<MaskSpec>(&text).unwrap(), *mask);
                }
            }
        }
        let dates = fitting(SensitiveKind::BirthDate, DataType::Date, "b", &MaskSpec::Keep, today);
        assert!(dates.iter().any(|mask| matches!(mask, MaskSpec::Age { .. })));
        let names = fitting(SensitiveKind::PersonName, DataType::Text, "n", &MaskSpec::Keep, today);
        assert!(
            !names.iter().any(|mask| matches!(mask, MaskSpec::Calendar { .. } | MaskSpec::Region { .. }))
        );
    }
}
