//! Run orders: approved SQL on raw data, once, with disclosure control.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex};

use arrow::array::{ArrayRef, RecordBatch};
use base::{Digest, Id, kind};
use privacy::disclosure::ledger::Verdict;
use privacy::disclosure::{self, Assessment, Statistics};
use privacy::ir::{self, ColumnInfo, Measured, Rel, Widest};
use privacy::masking::MaskKey;

use crate::Error;
use crate::collector::Collector;
use crate::contributions::{Contributions, PAIRS_MAX, Part};
use crate::editions::{as_seen, salt, snapshot_number, word};
use crate::engine::ProdEngine;
use crate::guard::{Bound, Release, bind, check_release, compute, ir_name, lower, names_of, policy};
use crate::objects::{Content, ObjectFile, ParquetObject, Written, object_path, write_sealed};
use crate::perturb::{self, Carriers};
use crate::protocol::{ConcludeOrder, InputPin, ObjectRef, RunCounted, RunDone, RunOrder};
use crate::reach::Reach;
use crate::session::{Fault, Table};
use crate::value::{store, store_what_fits, stored_schema};
use crate::widest::{Begun, Price};

/// Limit: runs that wait for the ledger's word at once.
const PENDING_MAX: usize = 8;

/// Limit: rows that a query with sensitive conditions speaks about, times the numbers of its result and the work of the
/// longest row. Far below what the engine's memory holds.
const POPULATION_MAX: u64 = 10_000_000;

/// Runs that were counted and not concluded.
pub(crate) type Pending = Mutex<HashMap<Id<kind::Run>, Counted>>;

/// A result before anything of it may leave.
pub(crate) struct Counted {
    order: RunOrder,
    release: Release,
    /// Only rows that may leave by themselves. The ledger is asked about these only: how many others there are would be told by
    /// its limits.
    bare: RecordBatch,
    statistics: Statistics,
    contributions: Contributions,
    assessment: Assessment,
}

/// What was computed for a run.
struct Found {
    bare: RecordBatch,
    contributions: Contributions,
    statistics: Statistics,
    assessment: Assessment,
}

impl Found {
    /// The same without the rows that may not leave by themselves: what follows would take longer where they are many.
    fn without_failed(mut self) -> Result<Self, Error> {
        let least = self.assessment.report.thresholds.min_entities;
        let stays = passed(&self.assessment);
        self.bare = self.assessment.keep(&self.bare)?;
        self.contributions = self.contributions.keep(&stays, &[]);
        self.contributions.parts.iter_mut().for_each(|part| part.forget_small(least));
        self.statistics.keep(&stays);
        self.assessment.drop_failed();
        Ok(self)
    }
}

impl ProdEngine {
    /// Executes a run order up to the ledger's word: what stands behind its cells is sealed for the ledger zone, the rest
    /// waits here for [`Self::conclude`].
    ///
    /// # Errors
    /// `domain.order_used`, `domain.order_mismatch`, a refusal, `domain.parameter`, or `domain.run_failed` without a
    /// reason.
    pub(crate) async fn run(&self, order: RunOrder) -> Result<RunCounted, Error> {
        order.thresholds.check()?;
        if object_path(&self.objects_dir, order.result.object).exists() {
            return Err(Error::OrderUsed);
        }
        if Digest::of(order.sql.as_bytes()) != order.sql_digest {
            return Err(Error::OrderMismatch { what: "sql_digest" });
        }
        let bound = bind(&order.parameters, &order.values)?;
        let _turn = self.turn.lock().await;
        let release = check_release(&self.session, order.sql.clone(), order.parameters.clone()).await?;
        self.check_inputs(&order.inputs, &release)?;
        if release.output() != order.output {
            return Err(Error::OrderMismatch { what: "output" });
        }
        self.check_meetings(&release.rel, &release.tables).await?;
        self.check_terms(&release.rel, &release.tables).await?;
        let rows_max = self.check_population(&release, &bound).await?;
        let weighted = release.counted.needs_noise || self.is_weighted(&release).await?;
        let price = self.count_widest(&order, &release, &bound, rows_max, weighted).await?;
        let found = self.count(&order, &release, &bound, rows_max, weighted).await;
        if let Some((price, widest)) = price {
            // It went well when the price was found; if it does not now, that is work as well.
            price.pay(|| async { drop(self.count(&order, &widest, &bound, rows_max, weighted).await) }).await;
        }
        let Found { bare, contributions, statistics, assessment } = found?;
        let engine = self.clone();
        // Encoding and syncing block; they must not hold up the other requests of the zone.
        let pending = Counted { order, release, bare, statistics, contributions, assessment };
        tokio::task::spawn_blocking(move || engine.wait(pending)).await.map_err(|_| Error::RunFailed)?
    }

    /// Seals the cells for the ledger zone and keeps the result until its word is there.
    fn wait(&self, counted: Counted) -> Result<RunCounted, Error> {
        let draft = match counted.contributions.parts.is_empty() {
            true => None,
            false => Some(self.seal(&counted.order.draft, &counted.contributions)?),
        };
        let mut pending = self.pending.lock().map_err(|_| Error::RunFailed)?;
        // A run that is counted again replaces what was left of its first attempt.
        if pending.len() >= PENDING_MAX && !pending.contains_key(&counted.order.run) {
            return Err(Error::Limit { what: "runs" });
        }
        pending.insert(counted.order.run, counted);
        Ok(RunCounted { draft })
    }

    /// Writes the result with the ledger's word: cells it refuses are left out, others get noise.
    ///
    /// # Errors
    /// `domain.unknown` if the run was not counted here, `domain.order_mismatch` if the verdicts are of another result.
    pub(crate) async fn conclude(&self, order: ConcludeOrder) -> Result<RunDone, Error> {
        let counted = self.pending.lock().map_err(|_| Error::RunFailed)?.remove(&order.run);
        let counted = counted.ok_or_else(|| Error::unknown("run", order.run))?;
        let engine = self.clone();
        tokio::task::spawn_blocking(move || engine.write(counted, &order.verdicts))
            .await
            .map_err(|_| Error::RunFailed)?
    }

    /// Drops what was counted for a run that is not concluded.
    pub(crate) fn forget_run(&self, run: Id<kind::Run>) {
        if let Ok(mut pending) = self.pending.lock() {
            pending.remove(&run);
        }
    }

    fn seal(&self, into: &ObjectRef, contributions: &Contributions) -> Result<Written, Error> {
        let (key, context) = self.keys.open(into)?;
        write_sealed(&self.objects_dir, &key, &context, &contributions.to_bytes()?)
    }

    /// Every table the text reads is pinned, and every pin is a table the text reads, with these very bytes.
    fn check_inputs(&self, inputs: &[InputPin], release: &Release) -> Result<(), Error> {
        let names = names_of(release);
        if names.len() != inputs.len() || !inputs.iter().all(|pin| names.contains(pin.table.as_str())) {
            return Err(Error::OrderMismatch { what: "inputs" });
        }
        inputs.iter().try_for_each(|pin| check_pin(pin, &release.tables).map(|_| ()))
    }

    /// How many rows a query is over without what sensitive columns decide; none if they decide nothing.
    pub(crate) async fn population(
        &self,
        rel: &Rel,
        tables: &[Arc<Table>],
        bound: &Bound,
    ) -> Result<Option<u64>, Error> {
        match ir::population_rows(rel, &policy(tables)).map_err(|_| Error::RunFailed)? {
            Some(all) => self.number(&all, tables, bound).await.map(Some),
            None => Ok(None),
        }
    }

    /// Most rows that the result may have. Where sensitive columns decide what there is, a limit that is reached would tell
    /// of them: so the rows without such conditions are limited instead, and those with them are fewer.
    async fn check_population(&self, release: &Release, bound: &Bound) -> Result<usize, Error> {
        let Some(rows) = self.population(&release.rel, &release.tables, bound).await? else {
            return Ok(self.session.limits().rows_max);
        };
        let numbers = release.counted.contributors.iter().map(|query| query.contributions.len());
        let numbers = u64::try_from(numbers.max().unwrap_or_default()).unwrap_or(u64::MAX);
        let mut work = 1_u64;
        for (resource, read) in ir::reads(&release.rel) {
            if let Some(table) = release.tables.iter().find(|table| table.spec.name == resource) {
                let characters = self.characters(table, &read).await;
                work = work.max(characters.ok_or(Error::RunFailed)?.div_ceil(ir::ROW_CHARACTERS));
            }
        }
        match rows.saturating_mul(numbers.saturating_add(1)).saturating_mul(work) > POPULATION_MAX {
            true => Err(Error::Limit { what: "contributors" }),
            false => Ok(PAIRS_MAX),
        }
    }

    /// The result and whether its rows may leave.
    async fn count(
        &self,
        order: &RunOrder,
        release: &Release,
        bound: &Bound,
        rows_max: usize,
        weighted: bool,
    ) -> Result<Found, Error> {
        let bare = self.execute(release, bound, rows_max).await?;
        let (contributions, statistics) = self.contributions(order, release, bound, &bare, weighted).await?;
        let assessment = disclosure::assess(&statistics, order.thresholds)?;
        Found { bare, contributions, statistics, assessment }.without_failed()
    }

    /// Does all the work of a run on whomever it could be about, for its price; none where that is the run itself.
    async fn count_widest(
        &self,
        order: &RunOrder,
        release: &Release,
        bound: &Bound,
        rows_max: usize,
        weighted: bool,
    ) -> Result<Option<(Price, Release)>, Error> {
        let policy = policy(&release.tables);
        let widest = ir::widest(&release.rel, &policy).map_err(|_| Error::RunFailed)?;
        let Some(Widest { rel, subqueries }) = widest else { return Ok(None) };
        let counted = release.counted.over(&rel, &policy).map_err(|_| Error::RunFailed)?;
        let (tables, keys) = (Arc::clone(&release.tables), release.keys.clone());
        let begun = Begun::now();
        self.ask_in_vain(&subqueries, &tables, bound).await?;
        let widest = Release { counted, rel, tables, keys };
        drop(self.count(order, &widest, bound, rows_max, weighted).await?);
        let price = begun.price(self.session.limits().millis_max)?;
        Ok(Some((price, widest)))
    }

    /// The result, in one batch, and behind its columns what some of them are computed from.
    async fn execute(&self, release: &Release, bound: &Bound, rows_max: usize) -> Result<RecordBatch, Error> {
        let rel = release.computed().beside(&release.rel);
        let plan = lower(self.session.state(), &rel, &release.tables, bound).map_err(|_| Error::RunFailed)?;
        let rows = self.session.execute(&plan, rows_max).await.map_err(Fault::uniform)?;
        if rows.more {
            return Err(Error::Limit { what: "rows_max" });
        }
        let batch =
            arrow::compute::concat_batches(&rows.schema, &rows.batches).map_err(|_| Error::RunFailed)?;
        let names = batch.schema().fields().iter().map(|field| ir_name(field.name())).collect::<Vec<_>>();
        let columns = names.iter().map(String::as_str).zip(batch.columns().iter().cloned());
        let batch =
            RecordBatch::try_from_iter_with_nullable(columns.map(|(name, array)| (name, array, true)));
        batch.map_err(|_| Error::RunFailed)
    }

    /// Who stands behind the cells and with how much, for every entity that is counted.
    async fn contributions(
        &self,
        order: &RunOrder,
        release: &Release,
        bound: &Bound,
        bare: &RecordBatch,
        weighted: bool,
    ) -> Result<(Contributions, Statistics), Error> {
        let mut parts = Vec::new();
        let (measured, absent) = self.measured(release).await?;
        let weighted = weighted || absent;
        let known = measured.iter().filter(|(_, of)| matches!(of, Measured::Known(_)));
        let mut statistics = Statistics {
            rows: bare.num_rows(),
            covered: weighted,
            known: known.map(|(name, _)| name.clone()).collect(),
            ..Statistics::default()
        };
        let queries = &release.counted.contributors;
        if !queries.is_empty() {
            let key = order.entity_key.as_ref().ok_or(Error::OrderMismatch { what: "entity_key" })?;
            let key = MaskKey::new(*key.bytes());
            // What is told of secrets adds up however many consent: their rows are the same.
            let salts = order.inputs.iter().map(|pin| (pin.table.clone(), salt(pin))).collect();
            let shown = |name: &String| bare.column_by_name(name).cloned().ok_or(Error::RunFailed);
            let keys = release.keys.iter().map(shown).collect::<Result<Vec<ArrayRef>, _>>()?;
            for query in queries {
                let mut collector = Collector::new(query, &measured, &salts, bare.num_rows(), &keys, &key)?;
                self.collect(&query.rel, release, bound, &mut collector).await?;
                let (mut people, mut rows) = (Vec::new(), Vec::new());
                let telling = query.population.as_ref().map(|population| &population.keys);
                let tells = |place: &usize| telling.is_none_or(|telling| telling.contains(place));
                let (own, secret): (Vec<usize>, Vec<usize>) = (0..keys.len()).partition(tells);
                let of = |places: Vec<usize>| -> Vec<ArrayRef> {
                    places.into_iter().filter_map(|place| keys.get(place).cloned()).collect()
                };
                let (own, secret) = (of(own), of(secret));
                let condition =
                    query.population.as_ref().map(|population| condition(&population.mark, order));
                let condition = condition.transpose()?.unwrap_or_default();
                if let Some(population) = &query.population {
                    for rel in &population.people {
                        let mut collector =
                            collector.of_people(query, population, &condition, [&own, &secret], &key)?;
                        self.collect(rel, release, bound, &mut collector).await?;
                        people.extend(collector.finish()?.parts);
                    }
                }
                for looked_at in &query.looked_at {
                    let mut collector = collector.of_rows(query, &looked_at.resource, &own, &key)?;
                    self.collect(&looked_at.rel, release, bound, &mut collector).await?;
                    rows.extend(collector.finish()?.parts);
                }
                let mut collected = collector.finish()?;
                if weighted || query.population.is_some() {
                    let mut reach = Reach::new(query);
                    let asked = query.reach.as_ref().ok_or(Error::RunFailed)?;
                    self.each(asked, release, bound, |batch| reach.take(batch)).await?;
                    reach.tell(&mut collected.spreads);
                }
                statistics.spreads.extend(collected.spreads);
                statistics.entities.extend(collected.parts.iter().map(Part::counts));
                if let Some(cells) = collected.parts.first() {
                    statistics.entities.extend(people.iter().map(|population| cells.counts_of(population)));
                }
                parts.extend(collected.parts);
                parts.extend(people.into_iter().chain(rows));
            }
        }
        let snapshot = snapshot_number(&as_seen(&order.inputs, &release.tables));
        let mut contributions = Contributions { snapshot, parts, weighted, ..Contributions::default() };
        // Noise is of the people, in whatever words they are asked for.
        statistics.cell_keys = contributions.cell_keys();
        statistics.state = order.inputs.iter().map(salt).fold(0, u32::wrapping_add);
        Self::tell(order, release, &measured, &statistics, &mut contributions);
        Ok((contributions, statistics))
    }

    /// What is to be known of what the numbers tell of secrets.
    fn tell(
        order: &RunOrder,
        release: &Release,
        measured: &[(String, Measured)],
        statistics: &Statistics,
        contributions: &mut Contributions,
    ) {
        let schema = release.counted.checked.schema();
        let reaching = release.reaching(order.thresholds.min_entities);
        let cells = perturb::Cells { statistics, noisy: &[], reaching };
        // Of those who consent as well: a sum over the same people tells no more when others have come or gone.
        let carriers = Carriers::of(&release.rel, schema, &order.inputs);
        let chosen = release.is_chosen();
        let drawn_by = |row| match &carriers {
            Some(carriers) => carriers.drawn_by(&cells, row, chosen),
            // What leaves without noise or not at all is known by the question.
            None => {
                let key = statistics.cell_keys.get(row).copied().unwrap_or_default();
                let name = |column: &ColumnInfo| {
                    word(&Digest::of(format!("{key} {} {}", release.ir_digest(), column.name).as_bytes()))
                };
                schema.columns.iter().map(name).collect()
            }
        };
        contributions.drawn_by = (0..statistics.rows).map(drawn_by).collect();
        let of_secrets = |(_, measured): &&(String, Measured)| {
            let mut queries = release.counted.contributors.iter();
            queries.any(|query| query.secrets_of(measured).next().is_some())
        };
        let of_secrets: BTreeSet<String> =
            measured.iter().filter(of_secrets).map(|(name, _)| name.clone()).collect();
        let few = |row: &usize| {
            chosen || !statistics.known.is_empty() || statistics.has_few_amounts(&of_secrets, *row)
        };
        let few = (0..statistics.rows).filter(few).filter_map(|row| u32::try_from(row).ok());
        (contributions.few, contributions.halved) = (few.collect(), !chosen);
    }

    /// What the numbers of a result measure, and whether somebody holds nothing in a column that a number or a mean of values
    /// is over.
    async fn measured(&self, release: &Release) -> Result<(Vec<(String, Measured)>, bool), Error> {
        let counted = self.with_absent(release).await?;
        let mut measured = ir::measured(&release.rel);
        for (name, of) in &mut measured {
            if let (Measured::Count, Some(sources)) = (&*of, counted.get(name)) {
                *of = Measured::Known(sources.clone());
            }
        }
        Ok((measured, !counted.is_empty()))
    }

    async fn collect(
        &self,
        rel: &ir::Rel,
        release: &Release,
        bound: &Bound,
        collector: &mut Collector,
    ) -> Result<(), Error> {
        self.each(rel, release, bound, |batch| collector.take(batch)).await
    }

    /// Asks something else of the same tables.
    async fn each(
        &self,
        rel: &ir::Rel,
        release: &Release,
        bound: &Bound,
        take: impl FnMut(&RecordBatch) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let plan = lower(self.session.state(), rel, &release.tables, bound).map_err(|_| Error::RunFailed)?;
        let more = self.session.each(&plan, PAIRS_MAX, take).await.map_err(Fault::uniform)?;
        if more { Err(Error::Limit { what: "contributors" }) } else { Ok(()) }
    }

    fn write(&self, counted: Counted, verdicts: &[Verdict]) -> Result<RunDone, Error> {
        let Counted { order, release, bare, statistics, contributions, mut assessment } = counted;
        let schema = stored_schema(&order.output);
        let (shown, from) = parted(&bare, order.output.len())?;
        let mut bare = store_what_fits(&shown, &schema)?;
        if let Some(rows) = contributions.rows() {
            if verdicts.len() != rows {
                return Err(Error::OrderMismatch { what: "verdicts" });
            }
            let bound = |verdict: &Verdict| match verdict {
                Verdict::Allow if contributions.weighted => Verdict::Perturb,
                other => *other,
            };
            let verdicts: Vec<Verdict> = verdicts.iter().map(bound).collect();
            let schema = release.counted.checked.schema();
            let seen = as_seen(&order.inputs, &release.tables);
            let carriers = Carriers::of_seen(&release.rel, schema, &order.inputs, &seen);
            let noisy: Vec<bool> = verdicts.iter().map(|verdict| *verdict == Verdict::Perturb).collect();
            // What cannot be given noise does not leave.
            let refused = |verdict: &Verdict| *verdict == Verdict::Refuse || carriers.is_none();
            let refused: Vec<bool> =
                verdicts.iter().map(|verdict| *verdict != Verdict::Allow && refused(verdict)).collect();
            assessment.apply(&refused, &noisy)?;
            if let Some(carriers) = carriers.filter(|_| noisy.contains(&true)) {
                let reaching = release.reaching(order.thresholds.min_entities);
                let cells = perturb::Cells { statistics: &statistics, noisy: &noisy, reaching };
                let reaches = ir::reaches(&release.rel, &policy(&release.tables), &ir::Parameters::new());
                assessment.report.accuracy =
                    perturb::accuracy(&release.rel, schema, &reaches, reaching, &statistics, &carriers);
                let bound = bind(&order.parameters, &order.values)?;
                let computed = release.computed();
                let compute = |from: &RecordBatch| {
                    compute(self.session.state(), &computed, from, &bound).map_err(|_| Error::RunFailed)
                };
                bare = carriers.perturb(&bare, &cells, &reaches, &from, compute)?;
            }
            let cells = contributions.keep(&passed(&assessment), &noisy);
            self.seal(&order.cells, &cells)?;
        }
        let safe = store(&assessment.keep(&bare)?, &schema)?;
        // The result comes last: where it exists, the order is spent and everything else is there.
        let (key, context) = self.keys.open(&order.result)?;
        let mut object =
            ParquetObject::create_as(Content::Result, &self.objects_dir, &key, &context, schema)?;
        object.write(&safe)?;
        let written = object.finish()?;
        Ok(RunDone {
            written,
            output: order.output.clone(),
            report: assessment.report,
            ir_digest: release.ir_digest(),
        })
    }
}

/// The first columns of a batch, and the others.
fn parted(batch: &RecordBatch, first: usize) -> Result<(RecordBatch, RecordBatch), Error> {
    let columns = |places: std::ops::Range<usize>| batch.project(&places.collect::<Vec<_>>());
    let parts = (columns(0..first), columns(first..batch.num_columns()));
    Ok((parts.0.map_err(|_| Error::RunFailed)?, parts.1.map_err(|_| Error::RunFailed)?))
}

/// The conditions of secrets that an order has, with the values of its parameters.
fn condition(mark: &ir::Mark, order: &RunOrder) -> Result<String, Error> {
    let read = order.values.iter().filter(|(name, _)| mark.parameters.contains(*name));
    serde_json::to_string(&(&mark.text, read.collect::<BTreeMap<_, _>>())).map_err(|_| Error::RunFailed)
}

fn passed(assessment: &Assessment) -> Vec<bool> {
    assessment.passed().values().iter().collect()
}

/// The pinned table, if it is the one that lies here.
pub(crate) fn check_pin(pin: &InputPin, tables: &[Arc<Table>]) -> Result<Arc<Table>, Error> {
    let table = tables.iter().find(|table| table.spec.name == pin.table);
    let table = table.ok_or_else(|| Error::unknown("table", &pin.table))?;
    if table.spec.snapshot != pin.snapshot || table.spec.object.object != pin.object {
        return Err(Error::OrderMismatch { what: "snapshot" });
    }
    check_digest(&table.file, pin.digest)?;
    Ok(Arc::clone(table))
}

pub(crate) fn check_digest(file: &ObjectFile, digest: Digest) -> Result<(), Error> {
    if file.digest()? == digest { Ok(()) } else { Err(Error::OrderMismatch { what: "input_digest" }) }
}
