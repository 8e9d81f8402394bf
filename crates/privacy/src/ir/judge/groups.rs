//! Group keys of statistics mode: small public domains, proven by computing every key of the domain.

use std::collections::{BTreeMap, BTreeSet};

use super::super::reference::{self, Values};
use super::super::walk::{columns_of, has_parameter, stored, trace};
use super::super::{Bounds, CODES_MAX, Declared, Expr, Groups, Literal, Named, Policy, Refusal, Rel, Rule};
use crate::DataType;

/// Cells that one result may have.
const CELLS_MAX: u64 = 100_000;
/// Values of which the keys are computed in one proof: days of two centuries, pairs of codes.
const VALUES_MAX: usize = 100_000;

/// A column that keys are computed from.
struct Base<'a> {
    data_type: DataType,
    declared: &'a Declared,
}

/// How many cells there can be.
pub(super) fn cells_max(group: &[Named], input: &Rel, policy: &Policy) -> Result<u64, Refusal> {
    let mut cells: u64 = 1;
    // Keys over one banded column are judged together: two band widths cut each other into finer bands.
    let mut banded: BTreeMap<String, Vec<(&Named, Expr)>> = BTreeMap::new();
    for named in group {
        let refuse = || Refusal::new(Rule::GroupDomain, named.name.as_str());
        let key = trace(&named.expr, input).filter(|key| !has_parameter(key)).ok_or_else(refuse)?;
        let mut bases = BTreeMap::new();
        for name in columns_of(&key) {
            let (resource, column) = stored(name, input, policy).ok_or_else(refuse)?;
            let info = resource.columns.get(column).ok_or_else(refuse)?;
            bases.insert(name.to_owned(), Base { data_type: info.data_type, declared: &info.declared });
        }
        let only = bases.iter().next().filter(|_| bases.len() == 1);
        let size = match only.map(|(name, base)| (name, base.declared.groups.as_ref())) {
            Some((name, Some(Groups::Bands(_)))) => {
                banded.entry(name.clone()).or_default().push((named, key));
                continue;
            }
            Some((_, Some(Groups::AtMost(most)))) if matches!(key, Expr::Column { .. }) => {
                u64::from(*most).saturating_add(1)
            }
            _ => of_codes(&key, &bases).ok_or_else(refuse)?,
        };
        cells = cells.saturating_mul(size);
    }
    for (name, keys) in banded {
        let (resource, column) =
            stored(&name, input, policy).ok_or(Refusal::new(Rule::GroupDomain, name.as_str()))?;
        let size = resource.columns.get(column).and_then(|info| of_bands(&name, info, &keys));
        let about = keys.first().map_or(name.as_str(), |(named, _)| named.name.as_str());
        cells = cells.saturating_mul(size.ok_or(Refusal::new(Rule::GroupDomain, about))?);
    }
    if cells > CELLS_MAX { Err(Refusal::bare(Rule::TooManyCells)) } else { Ok(cells) }
}

/// Different keys over all combinations of codes, null among them; `None` if a column has no list of codes.
fn of_codes(key: &Expr, bases: &BTreeMap<String, Base<'_>>) -> Option<u64> {
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
    let mut keys = BTreeSet::new();
    for row in &rows {
        keys.insert(text_of(&reference::value(key, &columns, row, &Values::new()).ok()?));
    }
    u64::try_from(keys.len()).ok()
}

/// Different combinations of keys over all values of a banded column; `None` if one of them has fewer values than a band
/// must have.
fn of_bands(name: &str, info: &super::super::ColumnPolicy, keys: &[(&Named, Expr)]) -> Option<u64> {
    let (Some(Groups::Bands(width)), Some(bounds)) = (&info.declared.groups, info.declared.bounds) else {
        return None;
    };
    let columns = [name.to_owned()];
    let mut bands: BTreeMap<Vec<String>, u64> = BTreeMap::new();
    for value in values_of(info.data_type, bounds)? {
        let row = [value];
        let of = |(_, key): &(&Named, Expr)| {
            reference::value(key, &columns, &row, &Values::new()).ok().map(|value| text_of(&value))
        };
        let band = keys.iter().map(of).collect::<Option<Vec<_>>>()?;
        *bands.entry(band).or_default() += 1;
    }
    let wide = bands.values().all(|values| *values >= u64::from(*width));
    // One more for null.
    u64::try_from(bands.len()).ok().map(|bands| bands + 1).filter(|_| wide)
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
