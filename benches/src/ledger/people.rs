//! A hundred thousand made-up people with seven attributes, the tables that are made of them, and what is asked next.

use std::collections::BTreeMap;

use privacy::disclosure::ledger::{Candidate, Cell, MeasureId, Protection};
use roaring::RoaringBitmap;

use crate::draw::mix;

/// How many they are.
pub(super) const PEOPLE: u32 = 100_000;
/// Classes of each attribute: village, age, sex, sector, insurance, income, year.
const CLASSES: [u64; 7] = [150, 12, 2, 25, 4, 8, 10];
/// Entities of a released cell.
const SIZES: std::ops::RangeInclusive<u64> = 20..=50_000;

/// The class of every person in every attribute.
pub(super) struct People(Vec<[u16; 7]>);

/// Something that is asked: its name, and the cells of the n-th question of its kind.
pub(super) type Question = (&'static str, Box<dyn Fn(u64) -> Vec<RoaringBitmap>>);

impl People {
    pub(super) fn new() -> Self {
        let of = |person: u32| {
            let mut classes = [0; 7];
            for ((class, number), attribute) in classes.iter_mut().zip(CLASSES).zip(0_u64..) {
                let draw = mix(u64::from(person) * 7 + attribute) % 10_000;
                // Uneven: the first classes are larger.
                let drawn = (draw * draw / 10_000 * number / 10_000).min(number - 1);
                *class = u16::try_from(drawn).unwrap_or(0);
            }
            classes
        };
        Self((0..PEOPLE).map(of).collect())
    }

    /// The cells of a table by some attributes, those of a usual size.
    pub(super) fn table(&self, by: &[usize]) -> Vec<RoaringBitmap> {
        let mut cells = BTreeMap::<u64, RoaringBitmap>::new();
        for (person, classes) in (0_u32..).zip(&self.0) {
            let key = by.iter().fold(0_u64, |key, attribute| key << 16 | u64::from(classes[*attribute]));
            cells.entry(key).or_default().insert(person);
        }
        cells.into_values().filter(|set| SIZES.contains(&set.len())).collect()
    }

    fn those(&self, holds: impl Fn(&[u16; 7]) -> bool) -> RoaringBitmap {
        (0_u32..).zip(&self.0).filter(|(_, classes)| holds(classes)).map(|(person, _)| person).collect()
    }

    fn village(&self, number: u64) -> RoaringBitmap {
        let number = u16::try_from(number % 60).unwrap_or(0);
        self.those(|classes| classes[0] == number)
    }
}

/// Tables by one, two and three attributes, small ones first.
pub(super) fn tables() -> Vec<Vec<usize>> {
    let mut tables: Vec<Vec<usize>> = Vec::new();
    for a in 0..7 {
        tables.push(vec![a]);
        for b in a + 1..7 {
            tables.push(vec![a, b]);
            tables.extend((b + 1..7).map(|c| vec![a, b, c]));
        }
    }
    tables.sort_by_key(Vec::len);
    tables
}

/// Cells as they want to leave.
pub(super) fn candidate(
    number: usize,
    measure: MeasureId,
    cells: impl IntoIterator<Item = (RoaringBitmap, Protection)>,
) -> Candidate {
    let cell = |(contributors, protection): (RoaringBitmap, _)| Cell {
        measure,
        snapshot: 1,
        protection,
        contributors,
        rows: false,
        noise: None,
    };
    Candidate {
        release: format!("r{number}"),
        operator: "operator".to_owned(),
        channel: "export".to_owned(),
        cells: cells.into_iter().map(cell).collect(),
        unshown: Vec::new(),
    }
}

/// What is asked of a full ledger.
pub(super) fn questions(people: &std::rc::Rc<People>) -> Vec<Question> {
    let (a, b, c, d, e, f) =
        (people.clone(), people.clone(), people.clone(), people.clone(), people.clone(), people.clone());
    let union = |people: &People, n: u64| people.village(n) | people.village(n + 7) | people.village(n + 20);
    vec![
        ("a cell released before", Box::new(move |n| vec![a.village(n)])),
        ("one person less", Box::new(move |n| vec![without(b.village(n), 1)])),
        ("a union of released cells", Box::new(move |n| vec![union(&c, n)])),
        ("the union less two people", Box::new(move |n| vec![without(union(&d, n), 2)])),
        (
            "a new attribute, half of all",
            Box::new(|n| {
                vec![(0..PEOPLE).filter(|person| mix(u64::from(*person) ^ n << 40) & 1 == 0).collect()]
            }),
        ),
        (
            "a new attribute, 20 people",
            Box::new(|n| {
                let one = |i: u64| u32::try_from(mix(n * 100 + i) % u64::from(PEOPLE)).unwrap_or(0);
                vec![(0..20).map(one).collect()]
            }),
        ),
        (
            "a released attribute crossed anew",
            Box::new(move |n| {
                let (sector, year) = (u16::try_from(n % 5).unwrap_or(0), u16::try_from(n % 3).unwrap_or(0));
                vec![e.those(|classes| classes[3] == sector && classes[1] < 4 && classes[6] == year)]
            }),
        ),
        (
            "a release of 20 cells, a new attribute",
            Box::new(move |n| {
                let class = |person: u32| mix(u64::from(person) ^ n << 41) % 20;
                let mut cells = vec![RoaringBitmap::new(); 20];
                for (person, _) in (0_u32..).zip(&f.0) {
                    if let Some(cell) =
                        usize::try_from(class(person)).ok().and_then(|class| cells.get_mut(class))
                    {
                        cell.insert(person);
                    }
                }
                cells
            }),
        ),
    ]
}

fn without(mut set: RoaringBitmap, people: u32) -> RoaringBitmap {
    for _ in 0..people {
        let last = set.max().unwrap_or(0);
        set.remove(last);
    }
    set
}
