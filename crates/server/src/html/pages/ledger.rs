//! The ledger and the journal: what was recorded, and the proof for anyone who does not trust us.

use serde::Serialize;

use super::parts::{Choice, Fact, Light};
use crate::html::render::Page;

/// One step of an inclusion proof.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ProofStep {
    pub level: u32,
    /// True when the neighbour's hash stands on the left.
    pub sibling_left: bool,
    pub sibling: String,
    pub result: String,
}

/// A record and the way from it to the signed root.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RecordProof {
    pub index: String,
    pub at: String,
    pub kind: String,
    /// What may be said about it to this reader.
    pub facts: Vec<Fact>,
    /// Who and what it is about is not said to this reader.
    pub withheld: bool,
    pub leaf: String,
    pub steps: Vec<ProofStep>,
    pub root: String,
    /// Computed root equals the signed one.
    pub verified: bool,
    pub bundle_href: String,
}

/// The ledger (`ledger.html`, and `portal_ledger.html` for the public). Asks with `record`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Ledger {
    pub origin: String,
    pub size: String,
    pub root: String,
    /// When the last signed record was made; empty where there is none.
    pub last_at: String,
    pub witnesses: Vec<String>,
    /// The signed note as it is served.
    pub checkpoint: String,
    pub checkpoint_href: String,
    pub key: String,
    /// What was searched: an index, a digest or a case number.
    pub search: String,
    pub proof: Option<RecordProof>,
    /// Nothing found for the search.
    pub not_found: bool,
    pub action_href: String,
}

impl Ledger {
    fn sample() -> Self {
        Self {
            origin: "shuyu.example/ledger".into(),
            size: "1,403".into(),
            root: "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=".into(),
            last_at: "2026-11-21 09:30:01".into(),
            witnesses: vec![],
            checkpoint: "shuyu.example/ledger\n1403\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n— shuyu.example/ledger Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=".into(),
            checkpoint_href: "/ledger/checkpoint".into(),
            key: "shuyu.example/ledger+f0a2b3c4+AZ…".into(),
            action_href: "/ledger".into(),
            ..Self::default()
        }
    }
}

pub(crate) fn samples() -> Vec<Ledger> {
    let empty = Ledger::sample();
    let step = |level: u32, sibling_left: bool| ProofStep {
        level,
        sibling_left,
        sibling: "9a0364b9e99bb480dd25e1f0284c8555".into(),
        result: "c2e0f7a5f0a1d0fd7a3cb1c6c4dd8e1b".into(),
    };
    let mut found = empty.clone();
    found.search = "1042".into();
    found.witnesses = vec!["witness.example".into()];
    found.proof = Some(RecordProof {
        index: "1042".into(),
        at: "2026-09-23 10:05:12".into(),
        kind: "办件受理".into(),
        facts: vec![Fact::new("办件", "数需〔2026〕17号"), Fact::new("单位", "示例县公共数据主管部门")],
        withheld: false,
        leaf: "5feceb66ffc86f38d952786c6d696c79".into(),
        steps: vec![step(0, false), step(1, true), step(2, false)],
        root: empty.root.clone(),
        verified: true,
        bundle_href: "/ledger/bundle/1042".into(),
    });
    let mut broken = found.clone();
    broken.proof.iter_mut().for_each(|proof| proof.verified = false);
    let mut nothing = empty.clone();
    nothing.search = "99999".into();
    nothing.not_found = true;
    vec![empty, found, broken, nothing]
}

impl Page for Ledger {
    const TEMPLATE: &'static str = "ledger.html";

    fn samples() -> Vec<Self> {
        samples()
    }
}

/// A line of the journal.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct JournalRow {
    pub index: String,
    pub at: String,
    pub actor: String,
    pub unit: String,
    pub kind: String,
    pub subject: String,
    pub subject_href: Option<String>,
    pub outcome: String,
    pub light: Light,
    pub proof_href: Option<String>,
}

/// The journal (`journal.html`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Journal {
    pub rows: Vec<JournalRow>,
    pub kinds: Vec<Choice>,
    pub search: String,
    pub from: String,
    pub until: String,
    pub filtered: bool,
    pub export_href: Option<String>,
    pub more_href: Option<String>,
}

impl Page for Journal {
    const TEMPLATE: &'static str = "journal.html";

    fn samples() -> Vec<Self> {
        let row = |index: &str, actor: &str, kind: &str, outcome: &str, light: Light| JournalRow {
            index: index.into(),
            at: "2026-09-23 10:05:12".into(),
            actor: actor.into(),
            unit: "示例县公共数据主管部门".into(),
            kind: kind.into(),
            subject: "数需〔2026〕17号".into(),
            subject_href: Some("/cases/17".into()),
            outcome: outcome.into(),
            light,
            proof_href: Some("/ledger?record=1042".into()),
        };
        vec![
            Self {
                rows: vec![
                    row("1042", "沈例宁", "办件受理", "成功", Light::Normal),
                    row("1041", "周拟山", "查询开发区数据", "成功", Light::Normal),
                    row("1040", "周拟山", "查询生产区数据", "拒绝", Light::Overdue),
                ],
                kinds: vec![Choice::new("", "全部类型", true)],
                export_href: Some("/journal.csv".into()),
                more_href: Some("/journal?before=1040".into()),
                ..Self::default()
            },
            Self::default(),
        ]
    }
}
