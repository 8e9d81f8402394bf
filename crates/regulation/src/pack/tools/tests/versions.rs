use base::{Date, Digest, Id, Timestamp};

use super::*;
use crate::case::{Actor, CaseState, Context, OpenCase, PackRef, fold, open};
use crate::pack::{Status, Transition};

fn day(text: &str) -> Date {
    text.parse().unwrap()
}
