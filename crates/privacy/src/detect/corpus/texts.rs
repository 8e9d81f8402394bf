//! Made-up names, addresses and organisations.

use super::draw::Draw;
use super::lists::{
    BRANDS, COMPOUND_SURNAMES, DOUBLE_SURNAMES, ESTATES, FORMS, GIVEN_ONE, GIVEN_TWO, JOINED, OFFICES,
    ORGANIZATION_PLACES, POINTED, RARE_SURNAMES, REGIONS, ROADS, SURNAMES, TOWNS, TRADES, VILLAGES,
};

/// Of a hundred names 50 have three characters and 20 two, 8 a rare surname, 6 a compound one, 4 both
/// parents', 8 a point and 4 are written in one piece without a surname.
pub(super) fn name(draw: &mut Draw) -> String {
    match draw.below(100) {
        0..50 => format!("{}{}", draw.word(SURNAMES), draw.word(GIVEN_TWO)),
        50..70 => format!("{}{}", draw.word(SURNAMES), draw.word(GIVEN_ONE)),
        70..78 => format!("{}{}", draw.word(RARE_SURNAMES), draw.word(GIVEN_TWO)),
        78..84 => {
            let given = if draw.chance(50) { draw.word(GIVEN_TWO) } else { draw.word(GIVEN_ONE) };
            format!("{}{given}", draw.word(COMPOUND_SURNAMES))
        }
        84..88 => format!("{}{}", draw.word(DOUBLE_SURNAMES), draw.word(GIVEN_TWO)),
        88..96 => {
            let parts: Vec<&str> = POINTED.iter().map(|part| draw.word(part)).collect();
            parts.join(draw.word(&["·", "•", "・"]))
        }
        _ => draw.word(JOINED).to_owned(),
    }
}

pub(super) fn address(draw: &mut Draw) -> String {
    let region = draw.word(REGIONS);
    let town = draw.word(TOWNS);
    let number = draw.between(1, 999);
    let (building, unit, flat) = (draw.between(1, 40), draw.between(1, 5), draw.between(101, 2_904));
    match draw.below(7) {
        0 => format!("{region}{town}{}{number}号", draw.word(ROADS)),
        1 => format!("{region}{town}{}{}组{number}号", draw.word(VILLAGES), draw.between(1, 20)),
        2 => format!("{region}{}{}幢{unit}单元{flat}室", draw.word(ESTATES), building),
        3 => format!("{region}{}{number}号{}{building}栋{flat}", draw.word(ROADS), draw.word(ESTATES)),
        4 => format!("{region}{town}{}", draw.word(VILLAGES)),
        5 => format!("{}{number}号{building}-{unit}-{flat}", draw.word(ROADS)),
        _ => format!("{region} {} {number}号 {}座{flat}", draw.word(ROADS), draw.char("ABCD")),
    }
}

pub(super) fn organization(draw: &mut Draw) -> String {
    if draw.chance(20) {
        return draw.word(OFFICES).to_owned();
    }
    let place = draw.word(ORGANIZATION_PLACES);
    let (brand, trade, form) = (draw.word(BRANDS), draw.word(TRADES), draw.word(FORMS));
    match draw.below(4) {
        0 if !place.is_empty() => format!("{brand}（{place}）{trade}{form}"),
        _ => format!("{place}{brand}{trade}{form}"),
    }
}
