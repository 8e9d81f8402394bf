//! Group keys of statistics mode: small public domains, proven by computing every key of the domain.

use std::collections::BTreeMap;

use super::super::reference::{self, Values};
use super::super::walk::{columns_of, has_parameter, stored, trace};
use super::super::{
    Bounds, CODES_MAX, ColumnPolicy, Declared, Expr, Groups, Literal, Named, Policy, Refusal, Rel, Rule,
};
use crate::DataType;

/// Cells that one result may have.
const CELLS_MAX: u64 = 100_000;
/// Values of which the keys are computed in one proof: days of two centuries, pairs of codes.
const VALUES_MAX: usize = 100_000;

/// The cells that a result may have.
pub(super) struct Cells {
    /// How many at most.
    pub(super) max: u64,
    /// Every one of them, the group keys in order; none where a list of values is not declared, only their number.
    pub(super) all: Option<Vec<Vec<Literal>>>,
}

/// A column that keys are computed from.
struct Base<'a> {
    data_type: DataType,
    declared: &'a Declared,
}

/// Keys that are told together, with all their values; without values if only their number is known.
struct Keys {
    places: Vec<usize>,
    max: u64,
    values: Option<Vec<Vec<Literal>>>,
}

/// Which cells there can be.
pub(super) fn cells(group: &[Named], input: &Rel, policy: &Policy) -> Result<Cells, Refusal> {
    let mut found: Vec<Keys> = Vec::new();
    // Keys over one banded column are judged together: two band widths cut each other into finer bands.
    let mut banded: BTreeMap<String, Vec<(usize, &Named, Expr)>> = BTreeMap::new();
    for (place, named) in group.iter().enumerate() {
        let refuse = || Refusal::new(Rule::GroupDomain, named.name.as_str());
        let key = trace(&named.expr, input).filter(|key| !has_parameter(key)).ok_or_else(refuse)?;
        let mut bases = BTreeMap::new();
        for name in columns_of(&key) {
            let (resource, column) = stored(name, input, policy).ok_or_else(refuse)?;
            let info = resource.columns.get(column).ok_or_else(refuse)?;
            bases.insert(name.to_owned(), Base { data_type: info.data_type, declared: &info.declared });
        }
        let only = bases.iter().next().filter(|_| bases.len() == 1);
        found.push(match only.map(|(name, base)| (name, base.declared.groups.as_ref())) {
            Some((name, Some(Groups::Bands(_)))) => {
                banded.entry(name.clone()).or_default().push((place, named, key));
                continue;
            }
            Some((_, Some(Groups::AtMost(most)))) if matches!(key, Expr::Column { .. }) => {
                Keys { places: vec![place], max: u64::from(*most).saturating_add(1), values: None }
            }
            _ => Keys::of(vec![place], of_codes(&key, &bases).ok_or_else(refuse)?),
        });
    }
    for (name, keys) in banded {
        let (resource, column) =
            stored(&name, input, policy).ok_or(Refusal::new(Rule::GroupDomain, name.as_str()))?;
        let bands = resource.columns.get(column).and_then(|info| of_bands(&name, info, &keys));
        let about = keys.first().map_or(name.as_str(), |(_, named, _)| named.name.as_str());
        let bands = bands.ok_or(Refusal::new(Rule::GroupDomain, about))?;
        found.push(Keys::of(keys.iter().map(|(place, ..)| *place).collect(), bands));
    }
    let max = found.iter().fold(1_u64, |cells, keys| cells.saturating_mul(keys.max));
    if max > CELLS_MAX {
        return Err(Refusal::bare(Rule::TooManyCells));
    }
    Ok(Cells { max, all: product(&found, group.len()) })
}

impl Keys {
    fn of(places: Vec<usize>, values: Vec<Vec<Literal>>) -> Self {
        Self { places, max: u64::try_from(values.len()).unwrap_or(u64::MAX), values: Some(values) }
    }
}

/// Every combination, with the keys in their places.
fn product(found: &[Keys], keys: usize) -> Option<Vec<Vec<Literal>>> {
    let mut rows = vec![vec![None; keys]];
    for part in found {
        let values = part.values.as_ref()?;
        let with = |row: &Vec<Option<Literal>>, value: &Vec<Literal>| {
            let mut row = row.clone();
            for (place, one) in part.places.iter().zip(value) {
                *row.get_mut(*place)? = Some(one.clone());
            }
            Some(row)
        };
        let combined = rows.iter().flat_map(|row| values.iter().map(move |value| with(row, value)));
        rows = combined.collect::<Option<_>>()?;
    }
    rows.into_iter().map(|row| row.into_iter().collect()).collect()
}

/// Different keys over all combinations of codes, null among them; `None` if a column has no list of codes.
fn of_codes(key: &Expr, bases: &BTreeMap<String, Base<'_>>) -> Option<Vec<Vec<Literal>>> {
    let columns: Vec<String> = bases.keys().cloned().collect();
    let mut rows: Vec<Vec<Literal>> = vec![Vec::new()];
    for base in bases.values() {
        let Some(Groups::Codes(codes)) = &base.declared.groups else { return None };
        if codes.len() > CODES_MAX || rows.len().saturating_mul(codes.len() + 1) > VALUES_MAX {
            return None;
        }
        let values = || codes.iter().map(|code| code.literal()).chain([Literal::Null(base.data_type)]);
        rows = rows
            .iter()
            .flat_map(|row| values().map(|value| row.iter().cloned().chain([value]).collect()))
            .collect();
    }
    let mut keys = BTreeMap::new();
    for row in &rows {
        let value = reference::value(key, &columns, row, &Values::new()).ok()?;
        keys.insert(text_of(&value), vec![value]);
    }
    Some(keys.into_values().collect())
}

/// Different combinations of keys over all values of a banded column; `None` if one of them has fewer values than a band
/// must have.
fn of_bands(name: &str, info: &ColumnPolicy, keys: &[(usize, &Named, Expr)]) -> Option<Vec<Vec<Literal>>> {
    let (Some(Groups::Bands(width)), Some(bounds)) = (&info.declared.groups, info.declared.bounds) else {
        return None;
    };
    let columns = [name.to_owned()];
    let of = |row: &[Literal]| {
        let values = keys.iter().map(|(_, _, key)| reference::value(key, &columns, row, &Values::new()).ok());
        values.collect::<Option<Vec<Literal>>>()
    };
    let texts = |band: &[Literal]| band.iter().map(text_of).collect::<Vec<_>>();
    let mut bands: BTreeMap<Vec<String>, (u64, Vec<Literal>)> = BTreeMap::new();
    for value in values_of(info.data_type, bounds)? {
        let band = of(&[value])?;
        bands.entry(texts(&band)).or_insert((0, band)).0 += 1;
    }
    if !bands.values().all(|(values, _)| *values >= u64::from(*width)) {
        return None;
    }
    // One more for null, unless a band takes it in.
    let none = of(&[Literal::Null(info.data_type)])?;
    bands.entry(texts(&none)).or_insert((0, none));
    Some(bands.into_values().map(|(_, band)| band).collect())
}

fn values_of(data_type: DataType, bounds: Bounds) -> Option<Vec<Literal>> {
    let count = bounds.high().checked_sub(bounds.low()).and_then(|count| usize::try_from(count).ok())?;
    if count >= VALUES_MAX {
        return None;
    }
    let value = |number: i64| match data_type {
        DataType::Integer => Some(Literal::Integer(number)),
        DataType::Date => i32::try_from(number).ok().map(Literal::Date),
        _ => None,
    };
    (bounds.low()..=bounds.high()).map(value).collect()
}

fn text_of(value: &Literal) -> String {
    if reference::is_null(value) { "null".to_owned() } else { format!("{value:?}") }
}
