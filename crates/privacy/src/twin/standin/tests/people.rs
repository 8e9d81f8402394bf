//! A register like the one our own attack suite plants: whoever knows everybody wants the secrets of those who are alone with
//! what a weak mask keeps.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Date32Array, Int64Array, StringArray};
use arrow::datatypes::Int64Type;
use arrow::record_batch::RecordBatch;

use crate::attack::Limits;
use crate::disclosure::dp::{Cost, Unit};
use crate::format::ResidentId;
use crate::ir::Label;
use crate::masking::{MaskKey, MaskSpec};
use crate::twin::random::Draw;
use crate::twin::standin::{Feature, StandIn, Terms, stand_in};
use crate::{DataType, Error, SensitiveKind};

pub(super) const PEOPLE: usize = 3_000;
pub(super) const COST: Cost = Cost { unit: Unit::MicroRho, micro: 1_000_000 };

pub(super) struct Person {
    pub(super) id: String,
    pub(super) phone: String,
    pub(super) zone: String,
    pub(super) village: String,
    pub(super) flag: i64,
}

pub(super) fn feature(
    name: &str,
    data_type: DataType,
    kind: SensitiveKind,
    label: Label,
    mask: MaskSpec,
) -> Feature {
    Feature { name: name.into(), data_type, kind, label, mask }
}

pub(super) fn format(kind: SensitiveKind) -> MaskSpec {
    MaskSpec::Format { kind }
}

pub(super) fn features() -> Vec<Feature> {
    use DataType::{Date, Integer, Text};
    use Label::{Identifier, Public, Quasi, Sensitive};
    use SensitiveKind::{BirthDate, General, Medical, Mobile, ResidentId};
    vec![
        feature("id", Text, ResidentId, Identifier, format(ResidentId)),
        feature("phone", Text, Mobile, Identifier, format(Mobile)),
        feature("zone", Text, General, Public, MaskSpec::Keep),
        feature("village", Text, General, Quasi, MaskSpec::Keep),
        feature("sex", Text, General, Quasi, MaskSpec::Keep),
        feature("birth", Date, BirthDate, Quasi, MaskSpec::ShiftDate { days_max: 30 }),
        feature("flag", Integer, General, Sensitive, MaskSpec::Keep),
        feature("income", Integer, General, Sensitive, MaskSpec::Noise { per_mille: 100 }),
        feature("illness", Text, Medical, Sensitive, MaskSpec::Token { domain: "illness".into() }),
        feature("note", Text, General, Sensitive, MaskSpec::Keep),
    ]
}

/// One in fifteen lives in a village of their own; of the others sixty in each.
pub(super) fn people(seed: u8) -> (Vec<Person>, RecordBatch) {
    let mut draw = Draw::new(&[seed; 32], "register", "");
    let mut people = Vec::new();
    let (mut births, mut incomes) = (Vec::new(), Vec::new());
    for place in 0..PEOPLE {
        let birth = i32::try_from(draw.between(-7_000, 14_000)).unwrap();
        let mut id = String::new();
        let sequence = u16::try_from(place % 1_000).unwrap();
        ResidentId { region: 339_901 + u32::try_from(place / 1_000).unwrap(), birth, sequence }
            .write(&mut id);
        let lonely = place % 15 == 0;
        people.push(Person {
            id,
            phone: format!("139{:08}", draw.below(100_000_000)),
            zone: format!("Z{}", place % 4),
            village: if lonely { format!("S{place}") } else { format!("B{}", place / 60) },
            flag: i64::try_from(draw.below(2)).unwrap(),
        });
        births.push(birth);
        incomes.push(10_000 + i64::try_from(draw.below(65_536)).unwrap());
    }
    let texts = |of: &dyn Fn(usize, &Person) -> String| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(people.iter().enumerate().map(|(n, p)| of(n, p))))
    };
    let sexes: Vec<bool> = people.iter().map(|_| draw.below(2) == 1).collect();
    let ills: Vec<usize> = people.iter().map(|_| draw.index(4)).collect();
    let batch = RecordBatch::try_from_iter([
        ("id", texts(&|_, p| p.id.clone())),
        ("phone", texts(&|_, p| p.phone.clone())),
        ("zone", texts(&|_, p| p.zone.clone())),
        ("village", texts(&|_, p| p.village.clone())),
        ("sex", texts(&|n, _| (if sexes[n] { "男" } else { "女" }).to_owned())),
        ("birth", Arc::new(Date32Array::from(births)) as ArrayRef),
        ("flag", Arc::new(Int64Array::from_iter_values(people.iter().map(|p| p.flag)))),
        ("income", Arc::new(Int64Array::from(incomes))),
        ("illness", texts(&|n, _| ["感冒", "高血压", "糖尿病", "罕见病"][ills[n]].to_owned())),
        ("note", texts(&|_, p| format!("联系{}复诊", p.phone))),
    ])
    .unwrap();
    (people, batch)
}

pub(super) fn secret(number: u8) -> MaskKey {
    MaskKey::new([number; 32])
}

pub(super) fn terms<'a>(
    features: &'a [Feature],
    key: &'a [String],
    secret: &'a MaskKey,
    rows: usize,
) -> Terms<'a> {
    Terms {
        table: "register",
        features,
        key,
        per_mille: 100,
        secret,
        shared: secret,
        snapshot: "s1",
        rows: u64::try_from(rows).unwrap(),
        cost: COST,
        limits: Limits::default(),
    }
}

pub(super) fn made(terms: &Terms<'_>, batch: &RecordBatch) -> StandIn {
    // In several batches, as an object is read.
    stand_in::<Error>(terms, |columns, with| {
        assert!(columns.iter().all(|name| batch.column_by_name(name).is_some()));
        let rows = batch.num_rows();
        (0..rows).step_by(700).try_for_each(|from| with(&batch.slice(from, 700.min(rows - from))))
    })
    .unwrap()
}

pub(super) fn texts(column: &ArrayRef) -> Vec<Option<&str>> {
    column.as_string::<i32>().iter().collect()
}

pub(super) fn integers(column: &ArrayRef) -> Vec<Option<i64>> {
    column.as_primitive::<Int64Type>().iter().collect()
}
