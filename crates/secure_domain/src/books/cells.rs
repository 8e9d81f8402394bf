//! The cells of a result as a book takes them: its entities by their ordinals there, and what each row tells of secrets.

use privacy::disclosure::ledger::{Cell, MeasureId, Noise, Ordinals, Protection, Told, Unshown};
use roaring::RoaringBitmap;

use crate::Error;
use crate::contributions::{Asks, Contributions, Part, Whom};

/// The ordinals of a part's entities, in order.
fn ordinals(book: &mut Ordinals, part: &Part) -> Result<Vec<u32>, Error> {
    let ordinals = part.digests.iter().map(|digest| book.ordinal(*digest));
    Ok(ordinals.collect::<Result<_, _>>()?)
}

fn renumbered(ordinals: &[u32], cell: &RoaringBitmap) -> RoaringBitmap {
    let number = |place: u32| usize::try_from(place).ok().and_then(|place| ordinals.get(place)).copied();
    let mut numbers: Vec<u32> = cell.iter().filter_map(number).collect();
    numbers.sort_unstable();
    numbers.into_iter().collect()
}

fn noise(part: &Part, whole: &Contributions, drawn_by: Vec<u32>, asks: Option<Asks>, few: bool) -> Noise {
    let secrets = secrets(part);
    let (question, asked) = asks.map(|asks| (asks.question, asks.presence())).unzip();
    Noise { secrets, drawn_by, asked, question, few, halved: whole.halved }
}

fn unshown(part: &Part, whole: &Contributions, asks: Asks, contributors: RoaringBitmap) -> Unshown {
    Unshown { noise: noise(part, whole, vec![asks.presence()], Some(asks), true), contributors }
}

/// What a part asks of secrets, shown or not, as if none of it came. Numbers about people of whom no secret chose any that
/// have all been told before ask nothing.
pub(super) fn asked(
    book: &mut Ordinals,
    told: &Told,
    part: &Part,
    whole: &Contributions,
) -> Result<Vec<Unshown>, Error> {
    let ordinals = ordinals(book, part)?;
    let secrets = secrets(part);
    let known = |row: usize| {
        let numbers = whole.drawn_by.get(row).map(Vec::as_slice).unwrap_or_default();
        part.whom == Whom::All && told.knows(&secrets, numbers)
    };
    let asked = part.asked().filter(|(row, ..)| row.is_none_or(|row| !known(row)));
    Ok(asked.map(|(_, asks, cell)| unshown(part, whole, asks, renumbered(&ordinals, cell))).collect())
}

fn secrets(part: &Part) -> Vec<(MeasureId, u32)> {
    part.secrets.iter().map(|(measure, edition)| (*measure, *edition)).collect()
}

/// A part's cells, measure by measure, and what of it does not come.
pub(super) fn cells(
    book: &mut Ordinals,
    part: &Part,
    whole: &Contributions,
) -> Result<(Vec<Cell>, Vec<Unshown>), Error> {
    let ordinals = ordinals(book, part)?;
    let sets: Vec<RoaringBitmap> = part.cells.iter().map(|cell| renumbered(&ordinals, cell)).collect();
    let mut questions = match part.whom {
        Whom::Population => whole.questions(&part.kind),
        Whom::All | Whom::Chosen => vec![None; sets.len()],
    };
    let mut cells = Vec::with_capacity(part.measures.len() * sets.len());
    for (place, measure) in part.measures.iter().enumerate() {
        for (row, contributors) in sets.iter().enumerate() {
            let noisy = whole.leaves_with_noise(row);
            let drawn_by = whole.drawn_by.get(row).filter(|_| place == 0 && !part.secrets.is_empty());
            let few = u32::try_from(row).is_ok_and(|row| whole.few.contains(row));
            let asks = questions.get_mut(row).and_then(Option::take);
            cells.push(Cell {
                measure: *measure,
                snapshot: whole.snapshot,
                // Whether sets that secrets chose are near each other depends on secrets: they are no equations.
                protection: match noisy || part.whom == Whom::Chosen {
                    true => Protection::Perturbed,
                    false => Protection::Exact,
                },
                contributors: contributors.clone(),
                rows: part.rows,
                noise: drawn_by.map(|drawn_by| noise(part, whole, drawn_by.clone(), asks, few)),
            });
        }
    }
    let hidden = part.unshown.iter();
    let hidden = hidden.map(|(asks, cell)| unshown(part, whole, *asks, renumbered(&ordinals, cell)));
    Ok((cells, hidden.collect()))
}
