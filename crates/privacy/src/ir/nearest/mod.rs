//! The nearest query that would pass: small repairs, tried in order of their number, each result judged again.
//!
//! What comes back has passed [`judge()`] on the same terms; it is an offer to the author, never run unasked.

mod build;
mod repair;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use self::repair::repairs;
use super::{Policy, Refusal, Rel, Terms, digest, judge, sql};

/// Changes that are tried together.
const CHANGES_MAX: usize = 6;
/// Queries that are judged in one search.
const JUDGED_MAX: usize = 600;

/// One repair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// What is done.
    pub kind: ChangeKind,
    /// To which column, resource or parameter; empty if to the whole query.
    pub subject: String,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $code:literal, $zh:literal, $en:literal;)*) => {
        /// The repairs there are.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum ChangeKind { $($(#[$doc])* $kind,)* }

        impl ChangeKind {
            /// Every repair.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)*];

            /// Stable code.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$kind => $code,)* }
            }

            /// In Chinese; the subject follows.
            #[must_use]
            pub const fn text_zh(self) -> &'static str {
                match self { $(Self::$kind => $zh,)* }
            }

            /// In English; the subject follows.
            #[must_use]
            pub const fn text_en(self) -> &'static str {
                match self { $(Self::$kind => $en,)* }
            }
        }
    };
}

kinds! {
    /// The condition of an aggregate becomes the query's; other aggregates are left out.
    MoveCondition = "move_condition", "把条件移到 WHERE，单独统计", "put the condition into WHERE, in a query of its own";
    /// An output column of the aggregate is left out.
    DropColumn = "drop_column", "去掉输出字段", "leave out the output column";
    /// A group key is left out.
    DropKey = "drop_key", "去掉分组字段", "leave out the group key";
    /// A minimum, maximum, median or spread becomes a mean.
    UseMean = "use_mean", "改为平均值", "use the mean instead";
    /// A group key is put into bands.
    UseBands = "use_bands", "改为分段", "group in bands";
    /// A group key is replaced by the coarser column that its provider declares.
    UseCoarser = "use_coarser", "改用较粗的字段", "group by the coarser column instead";
    /// The argument of a sum or mean is clamped to declared bounds.
    Clamp = "clamp", "截断到声明的上下界", "clamp to the declared bounds";
    /// What is added to the argument of a sum is left out.
    DropTerm = "drop_term", "去掉加上的常数（乘以行数后自行加回）", "leave out the constant that is added (it is there as often as there are rows)";
    /// Rows become counts by group.
    CountRows = "count_rows", "改为分组计数", "count rows by group instead of listing them";
    /// LIMIT is left out.
    DropLimit = "drop_limit", "去掉 LIMIT", "leave out LIMIT";
    /// ORDER BY is left out.
    DropOrder = "drop_order", "去掉 ORDER BY", "leave out ORDER BY";
    /// HAVING is left out.
    DropHaving = "drop_having", "去掉 HAVING", "leave out HAVING";
    /// A condition is left out.
    DropCondition = "drop_condition", "去掉条件", "leave out the condition";
    /// An outer join becomes an inner one, EXISTS a join.
    InnerJoin = "inner_join", "改为内连接", "use an inner join";
    /// A count of values becomes a count of rows.
    CountAll = "count_all", "改为行数", "count rows instead of values";
    /// A count of distinct values becomes a count of the entities.
    CountEntities = "count_entities", "改为主体数", "count distinct entities instead";
}

/// A query that would pass, and what was changed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Nearest {
    /// The query.
    pub rel: Rel,
    /// The same as SQL.
    pub sql: String,
    /// What was changed, in order.
    pub changes: Vec<Change>,
}

/// A refusal and what would pass instead.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Advice {
    /// Rule and column. The rule says why and what is legal, in both languages.
    pub refusal: Refusal,
    /// The nearest query that would pass, if one was found.
    pub nearest: Option<Nearest>,
}

/// Judges a query; what does not pass comes back with the nearest query that would.
///
/// # Errors
/// [`Advice`].
pub fn advise(rel: &Rel, policy: &Policy, terms: &Terms) -> Result<super::Judged, Box<Advice>> {
    judge(rel, policy, terms).map_err(|refusal| {
        let nearest = nearest(rel, policy, terms).and_then(|(rel, changes)| {
            let sql = sql::write(&rel).ok()?;
            Some(Nearest { rel, sql, changes })
        });
        Box::new(Advice { refusal, nearest })
    })
}

/// The nearest query that passes, with the changes that lead to it: the fewest of those that are known. The query itself
/// and no change if it passes; `None` if no repair is known.
#[must_use]
pub fn nearest(rel: &Rel, policy: &Policy, terms: &Terms) -> Option<(Rel, Vec<Change>)> {
    let mut level = vec![(rel.clone(), Vec::new())];
    let mut seen = BTreeSet::new();
    let mut judged = 0;
    for _ in 0..=CHANGES_MAX {
        let mut next = Vec::new();
        for (rel, changes) in level {
            if judged == JUDGED_MAX {
                return None;
            }
            judged += 1;
            let refusal = match judge(&rel, policy, terms) {
                Ok(_) => return Some((rel, changes)),
                Err(refusal) => refusal,
            };
            for (change, repaired) in repairs(&rel, &refusal, policy, terms) {
                let fresh = digest(&repaired).is_ok_and(|digest| seen.insert(digest.to_string()));
                if fresh {
                    let changes = changes.iter().cloned().chain([change]).collect();
                    next.push((repaired, changes));
                }
            }
        }
        level = next;
    }
    None
}
