//! Past its limit the echelon form is given up; what is still called safe must be.

use proptest::prelude::*;
use roaring::RoaringBitmap;

use super::attacker::smallest_solvable;
use super::queries;
use crate::disclosure::ledger::field::Field;
use crate::disclosure::ledger::rank::{Finding, System};

/// Takes in what is found safe or known; returns the system and the cells taken in.
fn fill(queries: Vec<RoaringBitmap>, threshold: u32, entries_max: usize) -> (System, Vec<RoaringBitmap>) {
    let mut system = System::with_entries_max(Field::draw(&[4; 32]), entries_max);
    let mut taken = Vec::new();
    for query in queries {
        if matches!(system.check(&query, threshold), Finding::Safe | Finding::Known) {
            system.insert(&query);
            taken.push(query);
        }
    }
    (system, taken)
}

proptest! {
    #[test]
    fn nothing_is_called_safe_without_proof(
        queries in queries(10, 16), threshold in 2_u32..4, entries_max in 0_usize..12,
    ) {
        let (_, taken) = fill(queries, threshold, entries_max);
        prop_assert_eq!(smallest_solvable(&taken, 10, threshold - 1), None);
    }
}

#[test]
fn wide_cuts_and_coarse_unions_stay_possible() {
    let range = |from: u32, to: u32| (from..to).collect::<RoaringBitmap>();
    let (mut system, taken) = fill(vec![range(0, 100), range(0, 50), range(25, 75)], 10, 2);
    assert_eq!(taken.len(), 3);
    assert!(system.extent().given_up);
    assert_eq!(system.check(&range(40, 60), 10), Finding::Safe);
    // A union of atoms of twenty-five each.
    assert_eq!(system.check(&range(0, 25), 10), Finding::Safe);
    assert_eq!(system.check(&range(0, 99), 10), Finding::Unclear);
    // With a small atom about, unions prove nothing any more.
    system.insert(&range(0, 97));
    assert_eq!(system.check(&range(0, 25), 10), Finding::Unclear);
    assert_eq!(system.check(&range(40, 60), 10), Finding::Safe);
}
