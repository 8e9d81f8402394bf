//! Cost accounts by class.

use std::collections::BTreeMap;

use base::{Date, Fen, Id, kind};
use serde::{Deserialize, Serialize};

use crate::Error;

/// One booked cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CostEntry {
    /// Class of cost: a key of the pack's list (use of the domain, development, labor, security …).
    pub class: String,
    /// Product it belongs to; none for what all products share.
    pub product: Option<Id<kind::Product>>,
    /// Day it is booked for.
    pub date: Date,
    /// Amount; negative to correct an earlier entry.
    pub amount: Fen,
    /// What it was for.
    pub note: String,
}

/// Costs of a period, by class and by product.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CostAccounts {
    /// By class, in the order of the keys.
    pub by_class: BTreeMap<String, Fen>,
    /// By product; shared costs are not in it.
    pub by_product: BTreeMap<Id<kind::Product>, Fen>,
    /// What all products share.
    pub shared: Fen,
    /// All of it.
    pub total: Fen,
}

impl CostAccounts {
    /// Adds up the entries of a period, both ends included.
    ///
    /// # Errors
    /// [`Error::Overflow`] when a sum does not fit.
    pub fn of(entries: &[CostEntry], from: Date, to: Date) -> Result<Self, Error> {
        let mut accounts = Self::default();
        for entry in entries.iter().filter(|entry| (from..=to).contains(&entry.date)) {
            let class = accounts.by_class.entry(entry.class.clone()).or_default();
            *class = class.plus(entry.amount)?;
            let account = match entry.product {
                Some(product) => accounts.by_product.entry(product).or_default(),
                None => &mut accounts.shared,
            };
            *account = account.plus(entry.amount)?;
            accounts.total = accounts.total.plus(entry.amount)?;
        }
        Ok(accounts)
    }
}

#[cfg(test)]
mod tests {
    use base::Timestamp;

    use super::*;

    #[test]
    fn classes_and_products_add_up_to_the_total() {
        let product = Id::new(Timestamp::from_micros(0), [1; 10]);
        let entry = |class: &str, product, day, amount| CostEntry {
            class: class.to_owned(),
            product,
            date: Date::from_days(day),
            amount: Fen(amount),
            note: String::new(),
        };
        let entries = [
            entry("域使用", None, 10, 500),
            entry("开发", Some(product), 11, 300),
            entry("开发", Some(product), 20, -50),
            entry("开发", Some(product), 21, 1_000),
        ];
        let accounts = CostAccounts::of(&entries, Date::from_days(10), Date::from_days(20)).unwrap();
        assert_eq!(accounts.by_class.values().map(|fen| fen.0).collect::<Vec<_>>(), [500, 250]);
        assert_eq!(
            (accounts.by_product[&product], accounts.shared, accounts.total),
            (Fen(250), Fen(500), Fen(750))
        );
        let big = [entry("a", None, 1, i64::MAX), entry("a", None, 1, 1)];
        let all = (Date::from_days(0), Date::from_days(9));
        assert_eq!(CostAccounts::of(&big, all.0, all.1), Err(Error::Overflow));
    }
}
