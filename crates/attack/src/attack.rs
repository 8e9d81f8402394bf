//! What an attack is: data, and where data do not suffice a small function.

use std::future::Future;
use std::pin::Pin;

use anyhow::Result;
use serde::Serialize;

use crate::lab::{Lab, Outcome};
use crate::population::{Plot, Population};
use crate::score::{Guess, Score};

/// Classes of attacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Class {
    /// Small cells and aggregates.
    Cells,
    /// Differencing, trackers and margins.
    Differencing,
    /// Noise, thresholds and budgets.
    Noise,
    /// SQL features and side channels.
    Sql,
    /// Export files.
    Exports,
    /// Masked and sampled data.
    Masks,
    /// Isolation, sealing and destruction.
    Isolation,
}

impl Class {
    pub(crate) const ALL: [Self; 7] = [
        Self::Cells,
        Self::Differencing,
        Self::Noise,
        Self::Sql,
        Self::Exports,
        Self::Masks,
        Self::Isolation,
    ];

    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Cells => "small cells and aggregates",
            Self::Differencing => "differencing, trackers, margins",
            Self::Noise => "noise, thresholds, budgets",
            Self::Sql => "SQL features and side channels",
            Self::Exports => "export files",
            Self::Masks => "masked and sampled data",
            Self::Isolation => "isolation, sealing, destruction",
        }
    }
}

/// What an attack found, or a twin.
#[derive(Debug, Clone, Default)]
pub(crate) struct Found {
    /// Guesses of secrets, computed from answers.
    pub(crate) guesses: Vec<Guess>,
    /// What must not have happened and did, each in one line.
    pub(crate) violations: Vec<String>,
    /// What was answered, in a few words.
    pub(crate) told: Vec<String>,
    /// Equivalent forms that were tried.
    pub(crate) forms: usize,
}

impl Found {
    /// Notes a violation unless something holds.
    pub(crate) fn expect(&mut self, holds: bool, otherwise: impl FnOnce() -> String) {
        if !holds {
            self.violations.push(otherwise());
        }
    }
}

/// Where a step works: the laboratory, all of the population, its own plot, and the plot of its twin.
pub(crate) struct Scene<'a> {
    pub(crate) lab: &'a Lab<'a>,
    pub(crate) population: &'a Population,
    pub(crate) plot: &'a Plot,
}

impl Scene<'_> {
    /// A template filled for this plot.
    pub(crate) fn fill(&self, template: &str) -> String {
        crate::rewrites::plain(template, &self.lab.stage.tables, &self.plot.district)
    }

    /// Orders a template.
    pub(crate) async fn order(&self, template: &str) -> Result<Outcome> {
        self.lab.order(&self.fill(template), &[], &[]).await
    }
}

/// A step's future.
pub(crate) type Doing<'a> = Pin<Box<dyn Future<Output = Result<Found>> + 'a>>;

/// A step of an attack or a twin.
pub(crate) type Step = for<'a> fn(&'a Scene<'a>) -> Doing<'a>;

/// How an attack is made.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    /// One query in every form, ordered, released and read by the names of its columns (see `read`).
    Query(&'static str),
    /// One query that is run once for each target with `$v` its village; what differs between runs is read.
    Oracle(&'static str),
    /// The same, and the time each run takes is read.
    Timing(&'static str),
    /// Calls that must all be refused.
    Denied(&'static [Probe]),
    /// Anything else.
    Steps(Step),
}

/// One call of the public interfaces about the estate (see `estate`).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Probe {
    /// Who calls; nobody if empty.
    pub(crate) who: &'static str,
    /// Method and path, with `{tenant}`, `{model}`, `{run}`, `{export}`, `{case}`, `{resource}`, `{holding}`, `{table}`.
    pub(crate) call: &'static str,
    /// JSON body, with the same placeholders; none if empty.
    pub(crate) body: &'static str,
}

/// The benign twin: the same form, a legitimate purpose.
#[derive(Clone, Copy)]
pub(crate) enum Benign {
    /// A query that must be released with at least so many rows.
    Query(&'static str, usize),
    /// Calls that must all succeed.
    Allowed(&'static [Probe]),
    /// Anything else; violations fail it.
    Steps(Step),
}

/// An attack.
#[derive(Clone, Copy)]
pub(crate) struct Attack {
    pub(crate) class: Class,
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    pub(crate) kind: Kind,
    pub(crate) twin: Benign,
}

/// What came of an attack and its twin.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Verdict {
    pub(crate) class: Class,
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    /// Nothing was learnt and nothing happened that must not.
    pub(crate) blocked: bool,
    #[serde(flatten)]
    pub(crate) score: Score,
    pub(crate) forms: usize,
    pub(crate) twin_passed: bool,
    /// What went wrong, or what was answered.
    pub(crate) findings: Vec<String>,
    pub(crate) answers: Vec<String>,
    pub(crate) seconds: f64,
}
