//! Masked, sampled and made-up data: who is behind a row of a twin?
//!
//! The `register` has the kind of classification that the demonstration uses: identifiers in another value of the same form,
//! quasi-identifiers kept, dates moved by a month, amounts changed by a tenth. What a dev zone sees of it must say nothing
//! about anybody all the same.

mod benign;
mod linkage;
mod made_up;
mod provider;
mod register;
mod samples;
mod topups;
mod values;

use crate::attack::{Attack, Benign, Class, Kind, Step};

use benign::{counts_hold, groups_are_there, joins_hold, means_hold, numbers_are_valid};
use linkage::{amounts, linkage, lonely, number_frame, order, residue, strict, tokens};
use made_up::{averaged, fingerprints, patients, remembered, report_is_read, report_to_operator};
use provider::{lowered, strong_profile, weak_profile};
use samples::{one_mask_everywhere, refused_then_mended, stitched, weak_sample};
use topups::{finds_rows, invented_for};
use values::{errors, other_zone, raw_values, sample_size, two_operators};

const fn attack(id: &'static str, title: &'static str, step: Step, twin: Step) -> Attack {
    Attack { class: Class::Masks, id, title, kind: Kind::Steps(step), twin: Benign::Steps(twin) }
}

pub(super) const ATTACKS: &[Attack] = &[
    attack("M01", "raw identifiers, names or telephones among masked ones", raw_values, counts_hold),
    attack("M02", "who lives alone in a village that is kept: flags", lonely, counts_hold),
    attack(
        "M03",
        "linkage on sex, household, zone and a birthday moved by a month: flags",
        linkage,
        joins_hold,
    ),
    attack(
        "M04",
        "linkage on what a masked identity number keeps: region, sex, years of birth",
        number_frame,
        numbers_are_valid,
    ),
    attack("M05", "order of the rows as they were delivered: flags", order, joins_hold),
    attack("M06", "amounts changed by a tenth, of people who were linked", amounts, means_hold),
    attack("M07", "one known patient gives the token of an illness away", tokens, counts_hold),
    attack("M08", "telephones left in free text: flags", residue, counts_hold),
    attack("M09", "the strict profile: anything at all about a target", strict, joins_hold),
    attack("M10", "masked numbers that are equal in two authorisations", two_operators, joins_hold),
    attack("M11", "what an error of the workbench says", errors, counts_hold),
    attack(
        "M12",
        "more rows than an answer may have, and more people than the sample",
        sample_size,
        counts_hold,
    ),
    attack("M13", "a provider in league: identifiers kept, rounded or moved", weak_profile, strong_profile),
    attack(
        "M14",
        "a provider in league: a detected identifier called harmless without a reason",
        lowered,
        strong_profile,
    ),
    attack("M15", "tables of the other zone by any name", other_zone, joins_hold),
    attack("M16", "rows of the twin that repeat a row of somebody: flags", remembered, groups_are_there),
    attack(
        "M17",
        "how often somebody comes in another table, and a rare number of times: presence",
        fingerprints,
        joins_hold,
    ),
    attack("M18", "what two operators' twins say together of a village: flags", averaged, means_hold),
    attack(
        "M19",
        "rows in which an illness and everything known about a person meet",
        patients,
        groups_are_there,
    ),
    attack(
        "M20",
        "the operator reads the attack report, which counts raw rows",
        report_to_operator,
        report_is_read,
    ),
    attack(
        "M21",
        "a provider in league: half of a number in each of two samples",
        stitched,
        one_mask_everywhere,
    ),
    attack("M22", "a provider in league: a sample with everything kept", weak_sample, refused_then_mended),
    attack("M23", "rows invented for a query about somebody: flags", invented_for, finds_rows),
];
