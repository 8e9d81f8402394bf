//! Puts together who stands behind the cells of a result, batch by batch.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use arrow::array::AsArray;
use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::datatypes::Float64Type;
use privacy::disclosure::ledger::{DigestNumbers, EntityDigest, EntityHash, MeasureId};
use privacy::disclosure::{Spread, Spreads};
use privacy::ir::{Contribution, ContributionKind, ContributorQuery, Measured, PopulationQuery, Source};
use privacy::masking::MaskKey;
use roaring::RoaringBitmap;

use crate::Error;
use crate::contributions::{Asks, OWNER_BYTES, PAIRS_MAX, Part, Whom};
use crate::places::Places;
use crate::value::texts;

/// A measure of a result as the ledger names it, for entities from one resource.
fn measure(measured: &Measured, kind: &str, resource: &str) -> MeasureId {
    let (class, sources) = match measured {
        Measured::Count => ("count", vec![resource.to_owned()]),
        Measured::Values(sources) => ("values", named(sources)),
        Measured::Known(sources) => ("known", named(sources)),
        Measured::Order(sources) => ("order", named(sources)),
    };
    let parts = [class, kind].into_iter().chain(sources.iter().map(String::as_str));
    MeasureId::of(&parts.collect::<Vec<_>>())
}

/// What tells of secrets, one measure for each of them: whether they were added up or decided who was counted, what is known
/// of all but a few tells of these.
fn deciding<'a>(secrets: impl IntoIterator<Item = &'a Source>, kind: &str) -> Vec<MeasureId> {
    secrets.into_iter().map(|secret| of_secret(secret, kind)).collect()
}

fn of_secret(secret: &Source, kind: &str) -> MeasureId {
    MeasureId::of(&["secret", kind, &secret.resource, &secret.column])
}

fn distinct(measures: impl IntoIterator<Item = MeasureId>) -> Vec<MeasureId> {
    let mut found = Vec::new();
    for measure in measures {
        if !found.contains(&measure) {
            found.push(measure);
        }
    }
    found
}

fn named(sources: &BTreeSet<Source>) -> Vec<String> {
    sources.iter().map(|source| format!("{}.{}", source.resource, source.column)).collect()
}

/// Puts the entities of a result together, batch by batch.
pub(crate) struct Collector {
    kind: String,
    /// Of the whole cell.
    measures: Vec<MeasureId>,
    /// Of each aggregate.
    measured: Vec<(String, Vec<MeasureId>)>,
    /// Of which secrets it is counted how much is told, each with a number of what its resource holds.
    secrets: BTreeMap<MeasureId, u32>,
    /// What tells what is asked from other questions: of all rows, and of each.
    asks: (u32, Vec<Asks>),
    /// Populations of cells that the result does not have, by their keys.
    unshown: HashMap<Box<[u8]>, RoaringBitmap>,
    /// Aggregates of what only some behind a cell may have.
    absent: BTreeSet<String>,
    hash: EntityHash,
    questions: EntityHash,
    /// Rows of the result by their group keys.
    rows: Places,
    /// Whom the cells speak about: several cells may have one population, and some populations no cell.
    population: bool,
    /// Secrets choose who is in the cells: what is told is counted of those whom the cells speak about.
    chosen: bool,
    /// What is known of the rows of each entity behind a cell, where these are told apart as well.
    looked_at: Option<HashMap<(usize, u32), u128>>,
    known: DigestNumbers,
    digests: Vec<EntityDigest>,
    cells: Vec<RoaringBitmap>,
    /// What entities add to each number.
    amounts: Vec<Amounts>,
    taken: usize,
}

/// What entities add to one number, by row of the result.
struct Amounts {
    of: Contribution,
    cells: Vec<Vec<f64>>,
    /// Who adds anything.
    entities: Vec<RoaringBitmap>,
}

/// What was found about the entities of one kind.
pub(crate) struct Collected {
    /// First those behind the cells; then those behind each number that is not of all of them.
    pub(crate) parts: Vec<Part>,
    pub(crate) spreads: Vec<Spreads>,
}

impl Collector {
    /// `keys` are the columns of the result that show the group keys, in the order of the query's; `salts` tell what
    /// resources hold from what they held before ([`crate::editions::salt`]).
    pub(crate) fn new(
        query: &ContributorQuery,
        measured: &[(String, Measured)],
        salts: &BTreeMap<String, u32>,
        result_rows: usize,
        keys: &[ArrayRef],
        key: &MaskKey,
    ) -> Result<Self, Error> {
        let kind = query.need.entity.kind.clone();
        // By a key: of two questions known by one number both would be answered exactly, and who writes them could look for such.
        let questions = EntityHash::new(key, "\0questions");
        let ids = |measured: &Measured| {
            let mut ids = vec![measure(measured, &kind, &query.resource)];
            ids.extend(deciding(query.secrets_of(measured), &kind));
            ids
        };
        let decide = query.population.iter().flat_map(|population| &population.secrets);
        let added = measured.iter().flat_map(|(_, measured)| query.secrets_of(measured));
        let salt = |source: &Source| salts.get(&source.resource).copied().unwrap_or_default();
        let secrets = decide.chain(added).map(|source| (of_secret(source, &kind), salt(source)));
        Ok(Self {
            population: false,
            chosen: query.population.is_some(),
            looked_at: None,
            secrets: secrets.collect(),
            asks: (known(&questions, format!("{measured:?}").as_bytes()), vec![Asks::default(); result_rows]),
            unshown: HashMap::new(),
            // That a group is there at all counts who is in it.
            measures: vec![measure(&Measured::Count, &kind, &query.resource)],
            measured: measured.iter().map(|(name, measured)| (name.clone(), ids(measured))).collect(),
            absent: query.absent.clone(),
            hash: EntityHash::new(key, &kind),
            questions,
            kind,
            rows: Places::new(keys, result_rows)?,
            known: DigestNumbers::default(),
            digests: Vec::new(),
            cells: vec![RoaringBitmap::new(); result_rows],
            amounts: query
                .contributions
                .iter()
                .map(|of| Amounts {
                    of: of.clone(),
                    cells: vec![Vec::new(); result_rows],
                    entities: vec![RoaringBitmap::new(); result_rows],
                })
                .collect(),
            taken: 0,
        })
    }

    /// For the populations of the same cells, whose entities get the same numbers. `keys` are those that tell them apart and
    /// those that do not.
    pub(crate) fn of_people(
        &self,
        query: &ContributorQuery,
        population: &PopulationQuery,
        condition: &str,
        [keys, secret]: [&[ArrayRef]; 2],
        key: &MaskKey,
    ) -> Result<Self, Error> {
        let measures = deciding(&population.secrets, &self.kind);
        let mut collector = self.beside(query, measures, keys, key)?;
        collector.secrets.clone_from(&self.secrets);
        // Rows of other keys ask something else, if it is of the same people.
        collector.asks.0 = known(&self.questions, condition.as_bytes());
        for (place, question) in known_by(&self.questions, &collector.rows) {
            collector.asks.1.get_mut(place).ok_or(Error::RunFailed)?.question = question;
        }
        if !secret.is_empty() {
            let rows = Places::new(secret, self.rows.rows())?;
            for (place, group) in known_by(&self.questions, &rows) {
                collector.asks.1.get_mut(place).ok_or(Error::RunFailed)?.group = group | 1;
            }
        }
        collector.known.clone_from(&self.known);
        collector.digests.clone_from(&self.digests);
        Ok(collector)
    }

    /// The same with the rows that are looked at: an entity is another one where other rows of it are.
    pub(crate) fn of_rows(
        &self,
        query: &ContributorQuery,
        resource: &str,
        keys: &[ArrayRef],
        key: &MaskKey,
    ) -> Result<Self, Error> {
        let measures = vec![MeasureId::of(&["rows", &self.kind, resource])];
        let mut collector = self.beside(query, measures, keys, key)?;
        collector.looked_at = Some(HashMap::new());
        Ok(collector)
    }

    /// For whom the same cells speak about: nothing is added up of them.
    fn beside(
        &self,
        query: &ContributorQuery,
        measures: Vec<MeasureId>,
        keys: &[ArrayRef],
        key: &MaskKey,
    ) -> Result<Self, Error> {
        let collector = Self::new(query, &[], &BTreeMap::new(), self.rows.rows(), keys, key)?;
        let (amounts, secrets) = (Vec::new(), BTreeMap::new());
        Ok(Self { population: true, chosen: false, measures, amounts, secrets, ..collector })
    }

    /// Takes pairs of cell and entity in: group keys, the entity's key, what it adds to each number; or one row of it that is
    /// looked at.
    pub(crate) fn take(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        let (groups, rest) = batch.columns().split_at_checked(self.rows.keys()).ok_or(Error::RunFailed)?;
        let (entity, added) = rest.split_first().ok_or(Error::RunFailed)?;
        let (row_of, added) = match self.looked_at {
            Some(_) => added.split_first().map(|(row, rest)| (Some(row), rest)).ok_or(Error::RunFailed)?,
            None => (None, added),
        };
        let row_of = row_of.map(texts).transpose()?;
        if added.len() != self.amounts.len() {
            return Err(Error::RunFailed);
        }
        self.taken = self.taken.saturating_add(batch.num_rows().saturating_mul(added.len().max(1)));
        if self.taken > PAIRS_MAX {
            return Err(Error::Limit { what: "contributors" });
        }
        let added = added.iter().map(|column| column.as_primitive_opt::<Float64Type>());
        let added = added.collect::<Option<Vec<_>>>().ok_or(Error::RunFailed)?;
        let cells = self.rows.read(groups)?;
        let entity = texts(entity)?;
        for row in 0..batch.num_rows() {
            let places = self.rows.of(&cells, row);
            // A group that the result does not have would be a group nobody judges.
            if places.is_empty() && !self.population {
                return Err(Error::RunFailed);
            }
            for (amounts, values) in self.amounts.iter_mut().zip(&added) {
                let value = if values.is_null(row) { 0.0 } else { values.value(row) };
                for place in places {
                    amounts.cells.get_mut(*place).ok_or(Error::RunFailed)?.push(value);
                }
            }
            // Rows that nobody can be named for count as one contributor, and as no entity.
            if entity.is_null(row) || (places.is_empty() && self.secrets.is_empty()) {
                continue;
            }
            let digest = self.hash.digest(entity.value(row).as_bytes());
            let number = numbered(&mut self.known, &mut self.digests, digest)?;
            if places.is_empty() {
                self.unshown.entry(cells.key(row)).or_default().insert(number);
            }
            self.taken = self.taken.saturating_add(places.len().saturating_sub(1));
            for place in places {
                self.cells.get_mut(*place).ok_or(Error::RunFailed)?.insert(number);
            }
            for (amounts, values) in self.amounts.iter_mut().zip(&added) {
                if amounts.of.kind.is_added(values.is_valid(row).then(|| values.value(row))) {
                    for place in places {
                        amounts.entities.get_mut(*place).ok_or(Error::RunFailed)?.insert(number);
                    }
                }
            }
            if let (Some(looked_at), Some(texts)) = (&mut self.looked_at, &row_of) {
                // In whatever order they come.
                let row = u128::from_be_bytes(self.hash.digest(texts.value(row).as_bytes()));
                for place in places {
                    let sum = looked_at.entry((*place, number)).or_default();
                    *sum = sum.wrapping_add(row);
                }
            }
        }
        Ok(())
    }

    pub(crate) fn finish(mut self) -> Result<Collected, Error> {
        let looked_at = self.looked_at.take();
        let rows = looked_at.is_some();
        if let Some(looked_at) = looked_at {
            self.tell_apart(looked_at)?;
        }
        let mut apart = BTreeMap::new();
        for amounts in self.amounts.iter().filter(|amounts| self.absent.contains(&amounts.of.aggregate)) {
            if amounts.of.kind != ContributionKind::Part && amounts.entities != self.cells {
                apart.insert(amounts.of.aggregate.as_str(), &amounts.entities);
            }
        }
        let measures = |holds: &dyn Fn(&str) -> bool| {
            let own = self.measured.iter().filter(|(name, _)| holds(name));
            own.flat_map(|(_, ids)| ids.iter().copied()).collect::<Vec<_>>()
        };
        let whom = match (self.chosen, self.population) {
            (true, _) => Whom::Chosen,
            (false, true) => Whom::Population,
            (false, false) => Whom::All,
        };
        let part = |cells: &[RoaringBitmap], name: &str| Part {
            kind: self.kind.clone(),
            measures: distinct(measures(&|own| own == name)),
            rows,
            whom,
            secrets: BTreeMap::new(),
            asks: vec![Asks::default(); cells.len()],
            unshown: Vec::new(),
            digests: self.digests.clone(),
            cells: cells.to_vec(),
        };
        let others: Vec<Part> = apart.iter().map(|(name, cells)| part(cells, name)).collect();
        let whole = measures(&|name| !apart.contains_key(name));
        let (all, asks) = self.asks;
        let mut first = Part {
            measures: distinct(whole.into_iter().chain(self.measures)),
            kind: self.kind,
            rows,
            whom,
            secrets: if self.chosen { BTreeMap::new() } else { self.secrets },
            asks: asks.iter().map(|row| Asks { question: row.question.wrapping_add(all), ..*row }).collect(),
            unshown: Vec::new(),
            digests: self.digests,
            cells: self.cells,
        };
        for (group, cell) in self.unshown {
            let row = if self.rows.keys() > 0 { known(&self.questions, &group) } else { 0 };
            first.hide(cell, Asks { question: row.wrapping_add(all), group: 0 });
        }
        first.hide_groups();
        let parts = [first].into_iter().chain(others).collect();
        let spread =
            |amounts: Amounts| Spreads::of(amounts.of, amounts.cells.into_iter().map(Spread::of).collect());
        Ok(Collected { parts, spreads: self.amounts.into_iter().map(spread).collect() })
    }

    /// Entities together with their rows take the places of entities.
    fn tell_apart(&mut self, looked_at: HashMap<(usize, u32), u128>) -> Result<(), Error> {
        let entities = std::mem::take(&mut self.digests);
        let mut known = DigestNumbers::default();
        self.cells.iter_mut().for_each(RoaringBitmap::clear);
        for ((place, entity), rows) in looked_at {
            let entity = usize::try_from(entity).ok().and_then(|entity| entities.get(entity));
            let entity = entity.ok_or(Error::RunFailed)?;
            let both = self.hash.digest(&[entity.as_slice(), &rows.to_be_bytes()].concat());
            let mut digest = *entity;
            for (to, from) in digest.iter_mut().zip(both).skip(OWNER_BYTES) {
                *to = from;
            }
            let number = numbered(&mut known, &mut self.digests, digest)?;
            self.cells.get_mut(place).ok_or(Error::RunFailed)?.insert(number);
        }
        Ok(())
    }
}

/// By what a question, or a group that one asks about, is known.
fn known(questions: &EntityHash, text: &[u8]) -> u32 {
    let [a, b, c, d, ..] = questions.digest(text);
    u32::from_be_bytes([a, b, c, d])
}

/// The number of a digest among those seen so far.
fn numbered(
    known: &mut DigestNumbers,
    digests: &mut Vec<EntityDigest>,
    digest: EntityDigest,
) -> Result<u32, Error> {
    let next = u32::try_from(digests.len()).map_err(|_| Error::Limit { what: "contributors" })?;
    let number = *known.entry(digest).or_insert(next);
    if number == next {
        digests.push(digest);
    }
    Ok(number)
}

/// By what each row is known among others of its kind.
fn known_by(questions: &EntityHash, rows: &Places) -> impl Iterator<Item = (usize, u32)> {
    rows.iter().flat_map(|(group, places)| {
        let known = known(questions, group);
        places.iter().map(move |place| (*place, known))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Who writes two questions can look for such that a plain digest takes for one, and both would be answered exactly.
    #[test]
    fn questions_are_known_by_a_key() {
        let known = |key: u8, text: &str| {
            known(&EntityHash::new(&MaskKey::new([key; 32]), "\0questions"), text.as_bytes())
        };
        assert_eq!(known(1, "income >= 30000"), known(1, "income >= 30000"));
        assert_ne!(known(1, "income >= 30000"), known(2, "income >= 30000"));
        assert_ne!(known(1, "income >= 30000"), known(1, "income >= 30001"));
    }
}
