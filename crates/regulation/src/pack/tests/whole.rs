//! The packs of the repository against the rules for activation.

use std::time::Instant;

use super::*;
use crate::calendar::tests::national;

fn packs() -> Vec<Pack> {
    let zhejiang = zhejiang();
    let below = |id: &str| parsed(&files(id), Some(&zhejiang));
    let top = |id: &str| parsed(&files(id), None);
    vec![below("deqing"), below("xinchang"), top("yanan"), top("futian"), zhejiang.clone()]
}

#[test]
fn report() {
    let calendar = national();
    for pack in packs() {
        let started = Instant::now();
        for (from, count) in proof_counts(&pack, &calendar) {
            println!("{} {from} {count:?}", pack.id);
        }
        println!("proof {:?}", started.elapsed());
        let found = lint(&pack, &calendar, "2026-03-02".parse().unwrap());
        println!("{} lint {} {:?}", pack.id, found.len(), started.elapsed());
        for one in found {
            println!("{:?} {} {} {}", one.severity, one.code, one.place, one.zh);
        }
    }
}
