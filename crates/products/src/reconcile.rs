//! Gateway log, meter and bill against each other. All differences must be none.

use std::collections::BTreeMap;

use base::{Fen, Id, Timestamp, kind};
use serde::{Deserialize, Serialize};

use crate::{BillInput, Error, Invoice, LineKind, MeterRecord, Outcome};

/// One line of the gateway's own log: what really went over the wire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GatewayEntry {
    /// The call.
    pub call: Id<kind::Call>,
    /// Agreement it was called under.
    pub usage: Id<kind::Usage>,
    /// When it was admitted.
    pub at: Timestamp,
    /// How it ended.
    pub outcome: Outcome,
    /// Bytes sent.
    pub bytes: u64,
}

/// Something that does not agree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Difference {
    /// The gateway has a call twice.
    GatewayTwice {
        /// The call.
        call: Id<kind::Call>,
    },
    /// The meter has a call twice.
    MeterTwice {
        /// The call.
        call: Id<kind::Call>,
    },
    /// The gateway has a call that the meter lacks: something left unmetered.
    NotMetered {
        /// The call.
        call: Id<kind::Call>,
    },
    /// The meter has a call that the gateway lacks.
    NotSent {
        /// The call.
        call: Id<kind::Call>,
    },
    /// Both have the call, but not the same agreement, outcome or number of bytes.
    CallDiffers {
        /// The call.
        call: Id<kind::Call>,
        /// Bytes by the gateway.
        gateway_bytes: u64,
        /// Bytes by the meter.
        meter_bytes: u64,
    },
    /// The bill has other calls for an agreement than the meter.
    BilledCalls {
        /// The agreement.
        usage: Id<kind::Usage>,
        /// Calls by the meter, charged or free.
        metered: u64,
        /// Calls on the bill.
        billed: u64,
    },
    /// The bill charges another amount for an agreement than its plan and the meter give; adjustments left out.
    BilledAmount {
        /// The agreement.
        usage: Id<kind::Usage>,
        /// Amount by plan and meter.
        rated: Fen,
        /// Amount on the bill.
        billed: Fen,
    },
    /// The total is not the sum of the lines.
    Total {
        /// Sum of the lines.
        lines: Fen,
        /// Total on the bill.
        total: Fen,
    },
}

/// Compares the gateway's log with the meter, call by call, over the bill's month, and the bill with what plan and
/// meter give. Records before the month only serve to recognize repeated calls.
///
/// # Errors
/// As [`Invoice::make`], when the bill cannot be made again.
pub fn reconcile(
    input: &BillInput,
    gateway: &[GatewayEntry],
    meter: &[MeterRecord],
    invoice: &Invoice,
) -> Result<Vec<Difference>, Error> {
    let mut found = Vec::new();
    compare_calls(input, gateway, meter, &mut found);
    compare_bill(&Invoice::make(input, meter)?, invoice, &mut found)?;
    Ok(found)
}

fn compare_calls(
    input: &BillInput,
    gateway: &[GatewayEntry],
    meter: &[MeterRecord],
    found: &mut Vec<Difference>,
) {
    let in_month = |at: Timestamp| input.month.contains(at.date_at(input.offset_seconds));
    let mut sent = BTreeMap::new();
    for entry in gateway.iter().filter(|entry| in_month(entry.at)) {
        if sent.insert(entry.call, entry).is_some() {
            found.push(Difference::GatewayTwice { call: entry.call });
        }
    }
    let mut metered = BTreeMap::new();
    for record in meter.iter().filter(|record| in_month(record.at)) {
        if metered.insert(record.call, record).is_some() {
            found.push(Difference::MeterTwice { call: record.call });
        }
    }
    for (call, entry) in &sent {
        match metered.get(call) {
            None => found.push(Difference::NotMetered { call: *call }),
            Some(record) => {
                let same =
                    (entry.usage, entry.outcome, entry.bytes) == (record.usage, record.outcome, record.bytes);
                if !same {
                    found.push(Difference::CallDiffers {
                        call: *call,
                        gateway_bytes: entry.bytes,
                        meter_bytes: record.bytes,
                    });
                }
            }
        }
    }
    let not_sent = metered.keys().filter(|call| !sent.contains_key(call));
    found.extend(not_sent.map(|call| Difference::NotSent { call: *call }));
}

fn compare_bill(rated: &Invoice, billed: &Invoice, found: &mut Vec<Difference>) -> Result<(), Error> {
    let (rated, in_bill) = (by_usage(rated)?, by_usage(billed)?);
    let usages: std::collections::BTreeSet<_> = rated.keys().chain(in_bill.keys()).copied().collect();
    for usage in usages {
        let none = (0, Fen::ZERO);
        let (metered, due) = rated.get(&usage).copied().unwrap_or(none);
        let (calls, amount) = in_bill.get(&usage).copied().unwrap_or(none);
        if metered != calls {
            found.push(Difference::BilledCalls { usage, metered, billed: calls });
        }
        if due != amount {
            found.push(Difference::BilledAmount { usage, rated: due, billed: amount });
        }
    }
    let lines = billed.lines.iter().try_fold(Fen::ZERO, |sum, line| sum.plus(line.amount))?;
    if lines != billed.total {
        found.push(Difference::Total { lines, total: billed.total });
    }
    Ok(())
}

/// Calls and amount of each agreement on a bill, adjustments left out.
fn by_usage(invoice: &Invoice) -> Result<BTreeMap<Id<kind::Usage>, (u64, Fen)>, Error> {
    let mut sums: BTreeMap<Id<kind::Usage>, (u64, Fen)> = BTreeMap::new();
    for line in invoice.lines.iter().filter(|line| line.kind != LineKind::Adjustment) {
        let (calls, amount) = sums.entry(line.usage).or_default();
        *calls = calls.checked_add(line.calls).ok_or(Error::Overflow)?;
        *amount = amount.plus(line.amount)?;
    }
    Ok(sums)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::invoice::tests::{any_month, gateway_of, input, record};
    use crate::product::tests::id;

    #[test]
    fn every_kind_of_difference_is_found() {
        let meter: Vec<MeterRecord> = (1..=5).map(|n| record(n, 1)).collect();
        let gateway = gateway_of(&meter);
        let invoice = Invoice::make(&input(), &meter).unwrap();
        let differ = |gateway: &[GatewayEntry], meter: &[MeterRecord], invoice: &Invoice| {
            reconcile(&input(), gateway, meter, invoice).unwrap()
        };
        assert_eq!(differ(&gateway, &meter, &invoice), []);
        assert_eq!(differ(&gateway[1..], &meter, &invoice), [Difference::NotSent { call: meter[0].call }]);
        assert_eq!(
            differ(&gateway, &meter[..4], &invoice),
            [
                Difference::NotMetered { call: meter[4].call },
                Difference::BilledCalls { usage: id(1), metered: 4, billed: 5 },
                Difference::BilledAmount { usage: id(1), rated: Fen(40), billed: Fen(50) },
            ]
        );
        let twice = [gateway.clone(), gateway[..1].to_vec()].concat();
        assert_eq!(differ(&twice, &meter, &invoice), [Difference::GatewayTwice { call: meter[0].call }]);
        let mut leaked = gateway.clone();
        leaked[2].bytes += 1;
        assert!(matches!(differ(&leaked, &meter, &invoice)[..], [Difference::CallDiffers { .. }]));
        let mut padded = invoice.clone();
        padded.total = Fen(99);
        assert_eq!(differ(&gateway, &meter, &padded), [Difference::Total { lines: Fen(50), total: Fen(99) }]);
    }

    proptest! {
        #[test]
        fn a_bill_reconciles_with_its_own_meter(meter in any_month()) {
            let invoice = Invoice::make(&input(), &meter).unwrap();
            prop_assert_eq!(reconcile(&input(), &gateway_of(&meter), &meter, &invoice).unwrap(), []);
            let all = invoice.calls;
            prop_assert_eq!(all.charged + all.free + all.repeated + all.not_answered, meter.len() as u64);
        }
    }
}
